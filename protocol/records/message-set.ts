// Message sets of magic 0 and 1, which clients from before Kafka 0.11 send. They are never stored: a Produce has them made into a batch of
// magic 2, a Fetch has messages made of such batches (message-set-builder.ts, down-conversion.ts).
//
//   offset int64 | size int32 | crc uint32 | magic int8 | attributes int8 | [timestamp int64, magic 1] | key int32, bytes | value int32, bytes
//
// The CRC is CRC-32 (not C) of magic to end. A compressed message wraps a message set in its value: with magic 0 the offsets
// inside are absolute; with magic 1 they are relative, and the wrapper's offset is that of its last message (KIP-31). A wrapper
// with the append time gives it to all of its messages (KIP-32).

import { readInt32, readInt64, readUint32 } from "../wire/layout.ts";
import { MalformedMessage } from "../wire/malformed-message.ts";
import { Compression, compressionOf, NO_TIMESTAMP, TimestampType, timestampTypeOf } from "./batch-header.ts";
import { decompress, MAX_UNCOMPRESSED_BYTES } from "./compression.ts";
import { zlib } from "./gzip.ts";
import { lz4Decompress } from "./lz4.ts";

export type LegacyMessage = {
  readonly offset: number;
  readonly magic: 0 | 1;
  /** Milliseconds; -1 with magic 0. */
  readonly timestamp: number;
  readonly timestampType: TimestampType;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Of the message that wrapped it. */
  readonly compression: Compression;
};

export type MessageSetOptions = {
  /** What one wrapper may decompress to. */
  maxBytes?: number;
  /** Stop silently before a last message that is cut off, as Fetch answers may hold. Otherwise that is malformed. */
  toleratePartial?: boolean;
};

/** Offset and size. */
const PREFIX_BYTES = 12;
const CRC_OFFSET = 12;
const MAGIC_OFFSET = 16;
const ATTRIBUTES_OFFSET = 17;
const TIMESTAMP_OFFSET = 18;
/** With magic 0: CRC, magic, attributes and two lengths. */
const MIN_MESSAGE_BYTES = 14;

/** The messages in order, those in wrappers too. Raises MalformedMessage; a message with a wrong CRC is malformed. */
export function* messagesOf(buffer: Buffer, options: MessageSetOptions = {}): Generator<LegacyMessage, void, undefined> {
  for (const message of shallowMessages(buffer, options.toleratePartial === true)) {
    if (message.compression === Compression.NONE) yield message;
    else yield* unwrap(message, options.maxBytes ?? MAX_UNCOMPRESSED_BYTES);
  }
}

function* shallowMessages(buffer: Buffer, toleratePartial: boolean): Generator<LegacyMessage, void, undefined> {
  let at = 0;
  while (at < buffer.length) {
    const remaining = buffer.length - at;
    const sizeBytes = remaining < PREFIX_BYTES ? Number.POSITIVE_INFINITY : readInt32(buffer, at + 8);
    if (sizeBytes < MIN_MESSAGE_BYTES) throw new MalformedMessage(`message at ${at} has ${sizeBytes} bytes`);
    if (sizeBytes > remaining - PREFIX_BYTES) {
      if (toleratePartial) return;
      throw new MalformedMessage(`message at ${at} is cut off at ${buffer.length}`);
    }
    const end = at + PREFIX_BYTES + sizeBytes;
    yield readMessage(buffer.subarray(at, end), at);
    at = end;
  }
}

/** The CRC of one message, which must be long enough to have one. */
export function isCrcValid(message: Buffer): boolean {
  return readUint32(message, CRC_OFFSET) === zlib().crc32(message.subarray(MAGIC_OFFSET));
}

/**
 * One message, as a wrapper is one. What follows its value is passed over, as Kafka does it.
 * @param at where the message lies, for what is said about it
 */
export function readMessage(message: Buffer, at: number): LegacyMessage {
  const magic = message[MAGIC_OFFSET];
  if (magic !== 0 && magic !== 1) throw new MalformedMessage(`message at ${at} has magic ${magic}`);
  if (!isCrcValid(message)) throw new MalformedMessage(`message at ${at} has a wrong CRC`);
  const attributes = message[ATTRIBUTES_OFFSET] ?? 0;
  const compression = compressionOf(attributes);
  if (compression === undefined) throw new MalformedMessage(`message at ${at} has an unknown compression codec`);
  const keyAt = magic === 0 ? TIMESTAMP_OFFSET : TIMESTAMP_OFFSET + 8;
  const key = bytesAt(message, keyAt, at);
  const valueAt = keyAt + 4 + (key?.length ?? 0);
  const value = bytesAt(message, valueAt, at);
  return {
    offset: readInt64(message, 0),
    magic,
    timestamp: magic === 0 ? NO_TIMESTAMP : readInt64(message, TIMESTAMP_OFFSET),
    timestampType: magic === 0 ? TimestampType.CREATE_TIME : timestampTypeOf(attributes),
    key,
    value,
    compression,
  };
}

function bytesAt(message: Buffer, position: number, at: number): Buffer | null {
  if (message.length - position < 4) throw new MalformedMessage(`message at ${at} is cut off in its fields`);
  const sizeBytes = readInt32(message, position);
  if (sizeBytes === -1) return null;
  const start = position + 4;
  if (sizeBytes < 0 || sizeBytes > message.length - start) throw new MalformedMessage(`message at ${at} has a field of ${sizeBytes} bytes`);
  return message.subarray(start, start + sizeBytes);
}

function unwrap(wrapper: LegacyMessage, maxBytes: number): LegacyMessage[] {
  if (wrapper.value === null) throw new MalformedMessage("compressed message without a value");
  const messages = [...shallowMessages(decompressValue(wrapper.compression, wrapper.value, maxBytes), false)];
  const last = messages.at(-1);
  if (last === undefined) throw new MalformedMessage("compressed message that wraps none");
  const offsetOfZero = wrapper.magic === 0 ? 0 : wrapper.offset - last.offset;
  return messages.map((message) => {
    if (message.compression !== Compression.NONE) throw new MalformedMessage("compressed message inside a compressed one");
    if (message.magic !== wrapper.magic) throw new MalformedMessage(`message of magic ${message.magic} inside one of ${wrapper.magic}`);
    const isAppendTime = wrapper.timestampType === TimestampType.LOG_APPEND_TIME;
    return {
      ...message,
      offset: offsetOfZero + message.offset,
      timestamp: isAppendTime ? wrapper.timestamp : message.timestamp,
      timestampType: wrapper.timestampType,
      compression: wrapper.compression,
    };
  });
}

function decompressValue(codec: Compression, value: Buffer, maxBytes: number): Buffer {
  if (codec === Compression.LZ4) return lz4Decompress(value, maxBytes, { ignoreHeaderChecksum: true });
  return decompress(codec, value, maxBytes);
}
