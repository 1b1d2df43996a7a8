// Writes messages of magic 0 and 1, as clients from before Kafka 0.11 read them (the format is told in message-set.ts). Into a wrapper they
// go with the offsets that it wants: absolute ones with magic 0, relative to the first with magic 1 (KIP-31).

import { writeInt64 } from "../wire/layout.ts";
import { type Compression, encodeAttributes, TimestampType } from "./batch-header.ts";
import { zlib } from "./gzip.ts";
import { LZ4_FRAME_HEADER } from "./lz4.ts";

export type LegacyMagic = 0 | 1;

export type MessageToWrite = {
  readonly offset: number;
  /** Milliseconds; magic 0 has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
};

/** Of a message with null for key and value. */
const SMALLEST_BYTES = { 0: 26, 1: 34 } as const;
const MAGIC_OFFSET = 16;
const FIRST_ROOM_BYTES = 4096;

export class MessageSetWriter {
  readonly magic: LegacyMagic;
  readonly #timestampType: TimestampType;
  #buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  constructor(magic: LegacyMagic, timestampType: TimestampType) {
    this.magic = magic;
    this.#timestampType = timestampType;
  }

  /** Of what has been added and not taken. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  sizeOf({ key, value }: MessageToWrite): number {
    return SMALLEST_BYTES[this.magic] + (key?.length ?? 0) + (value?.length ?? 0);
  }

  /** @param compression of the messages that the value wraps */
  add(message: MessageToWrite, compression?: Compression): void {
    const start = this.#sizeBytes;
    const end = start + this.sizeOf(message);
    this.#makeRoom(end);
    const buffer = this.#buffer;
    writeInt64(buffer, start, message.offset);
    buffer.writeInt32BE(end - start - 12, start + 8);
    buffer[start + MAGIC_OFFSET] = this.magic;
    // Magic 0 knows no types of timestamps.
    const timestampType = this.magic === 0 ? TimestampType.CREATE_TIME : this.#timestampType;
    buffer[start + MAGIC_OFFSET + 1] = encodeAttributes({ timestampType, ...(compression === undefined ? {} : { compression }) });
    let at = start + MAGIC_OFFSET + 2;
    if (this.magic === 1) at = writeTimestamp(buffer, at, message.timestamp);
    at = writeBytes(buffer, at, message.key);
    writeBytes(buffer, at, message.value);
    buffer.writeUInt32BE(zlib().crc32(buffer.subarray(start + MAGIC_OFFSET, end)), start + 12);
    this.#sizeBytes = end;
  }

  /** What has been added; the next message begins a buffer of its own. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#sizeBytes);
    this.#buffer = Buffer.alloc(0);
    this.#sizeBytes = 0;
    return taken;
  }

  #makeRoom(sizeBytes: number): void {
    if (sizeBytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(sizeBytes, FIRST_ROOM_BYTES, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.#sizeBytes);
    this.#buffer = grown;
  }
}

/** A record's timestamp may be any int64, which is read as the nearest number. */
function writeTimestamp(buffer: Buffer, at: number, timestamp: number): number {
  if (Number.isSafeInteger(timestamp)) writeInt64(buffer, at, timestamp);
  else buffer.writeBigInt64BE(BigInt.asIntN(64, timestamp > 0 ? 2n ** 63n - 1n : BigInt(Math.max(timestamp, -(2 ** 63)))), at);
  return at + 8;
}

function writeBytes(buffer: Buffer, at: number, bytes: Buffer | null): number {
  buffer.writeInt32BE(bytes?.length ?? -1, at);
  return at + 4 + (bytes?.copy(buffer, at + 4) ?? 0);
}

/** Where the header of our frames has its checksum. */
const LZ4_CHECKSUM_AT = LZ4_FRAME_HEADER.length - 1;
/** The checksum of the same header with the magic number in it, which clients of magic 0 compute (KIP-57). */
const LZ4_CHECKSUM_OF_ALL = 0x1a;

/** Changes an LZ4 frame that we have written into one that a client of magic 0 takes. */
export function toFrameOfMagic0(frame: Buffer): void {
  frame[LZ4_CHECKSUM_AT] = LZ4_CHECKSUM_OF_ALL;
}
