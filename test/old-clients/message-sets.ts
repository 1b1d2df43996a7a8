// Message sets of magic 0 and 1 as clients send them, and what is told of those that a broker answered.

import { crc32 } from "node:zlib";
import { Compression, compressionOf, TimestampType, timestampTypeOf } from "../../protocol/records/batch-header.ts";
import { compress, decompress } from "../../protocol/records/compression.ts";
import { lz4Decompress } from "../../protocol/records/lz4.ts";
import { type LegacyMagic, MessageSetWriter, toFrameOfMagic0 } from "../../protocol/records/message-set-builder.ts";

export const TIME = 1_700_000_000_000;

export interface SetOptions {
  readonly magic: LegacyMagic;
  readonly codec?: Compression;
  readonly timestampType?: TimestampType;
  /** Of the first message. */
  readonly offset?: number;
  /** Of the messages inside; by the rules of the magic unless given. */
  readonly innerOffset?: number;
}

export type Written = readonly (readonly [key: string | null, value: string | null])[];

/** Each message a millisecond after the one before it. */
export function messageSet(messages: Written, options: SetOptions): Buffer {
  const { magic, codec = Compression.NONE, timestampType = TimestampType.CREATE_TIME, offset = 0 } = options;
  const isWrapped = codec !== Compression.NONE;
  const writer = new MessageSetWriter(magic, timestampType);
  const first = options.innerOffset ?? (isWrapped && magic === 1 ? 0 : offset);
  messages.forEach(([key, value], index) => {
    writer.add({ offset: first + index, timestamp: TIME + index, key: bytes(key), value: bytes(value) });
  });
  if (!isWrapped) return writer.take();
  const value = compress(codec, writer.take());
  if (magic === 0 && codec === Compression.LZ4) toFrameOfMagic0(value);
  writer.add({ offset: offset + messages.length - 1, timestamp: TIME + messages.length - 1, key: null, value }, codec);
  return writer.take();
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}

/** With the checksum that it should have. */
export function withCrc(message: Buffer): Buffer {
  message.writeUInt32BE(crc32(message.subarray(16)), 12);
  return message;
}

/** A line a message; those of a wrapper after it, indented. What is cut off at the end is told where nothing else is. */
export function linesOf(set: Buffer, isInner = false): string[] {
  const lines: string[] = [];
  let at = 0;
  while (set.length - at >= 12) {
    const end = at + 12 + set.readInt32BE(at + 8);
    if (end > set.length || end < at + 26) break;
    const message = set.subarray(at, end);
    // How much a compressed message takes depends on the compressor, and so does how many of them there is room for.
    if (lines.length > 0 && ((message[17] ?? 0) & 7) !== 0 && message[16] !== 2) break;
    lines.push(...messageLines(message, isInner));
    at = end;
  }
  if (at < set.length && lines.length === 0) lines.push("only what is cut off");
  return lines;
}

function messageLines(message: Buffer, isInner: boolean): string[] {
  const magic = message[16] ?? 0;
  const offset = Number(message.readBigInt64BE(0));
  if (magic === 2) return [`a batch of magic 2 at ${offset}`];
  const attributes = message[17] ?? 0;
  const codec = compressionOf(attributes) ?? Compression.NONE;
  const timestamp = magic === 0 ? "" : ` at ${timeOf(Number(message.readBigInt64BE(18)))}`;
  const type = magic === 1 && timestampTypeOf(attributes) === TimestampType.LOG_APPEND_TIME ? " (append)" : "";
  const crc = message.readUInt32BE(12) === crc32(message.subarray(16)) ? "" : ", wrong CRC";
  const keyAt = magic === 0 ? 18 : 26;
  const key = bytesAt(message, keyAt);
  const value = bytesAt(message, keyAt + 4 + (key?.length ?? 0));
  const head = `${isInner ? "  " : ""}${offset} v${magic}${timestamp}${type}${crc} ${textOf(key)}`;
  if (codec === Compression.NONE || value === null) return [`${head}=${textOf(value)}`];
  const header = codec === Compression.LZ4 ? `, header checksum ${value[6]?.toString(16)}` : "";
  const content = codec === Compression.LZ4 ? lz4Decompress(value, 1e8, { ignoreHeaderChecksum: true }) : decompress(codec, value, 1e8);
  return [`${head}=codec ${codec}${header}`, ...linesOf(content, true)];
}

/** Long ones by their size. */
function textOf(bytes: Buffer | null): string {
  if (bytes === null) return "null";
  return bytes.length > 100 ? `${bytes.length} bytes` : bytes.toString();
}

function timeOf(timestamp: number): string {
  return Math.abs(timestamp - TIME) < 1_000_000
    ? `+${timestamp - TIME}`
    : Math.abs(timestamp - Date.now()) < 3_600_000
      ? "now"
      : `${timestamp}`;
}

function bytesAt(message: Buffer, at: number): Buffer | null {
  const sizeBytes = message.readInt32BE(at);
  return sizeBytes < 0 ? null : message.subarray(at + 4, at + 4 + sizeBytes);
}
