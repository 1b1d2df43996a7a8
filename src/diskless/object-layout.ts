// An object as it lies in the store: the batches, those of each log together, then what they are, so that an object describes itself when
// nobody else remembers it. The batches are whole, as they are given to readers.
//
//   chunks of the first part | chunks of the second | …                       batches
//   cluster id | incarnation | sequence | number of parts | parts             the index; written as Kafka's compact types are
//   int64 position of the index | uint32 CRC-32C | int16 version | magic      the footer, 18 bytes
//
// The checksum is of the index and of its position; batches have checksums of their own.

import { crc32c } from "../../protocol/wire/crc32c.ts";
import { fixedLayout, int16, int32, int64, uint32 } from "../../protocol/wire/layout.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import { assert } from "../base/assert.ts";
import type { Chunk, LogKey } from "./catalog.ts";

const footer = fixedLayout({ indexPosition: int64, crc: uint32, version: int16, magic: int32 });
const VERSION = 0;
/** "ODRA" */
const MAGIC = 0x4f445241;

export interface ObjectOrigin {
  readonly clusterId: string;
  /** Of the broker that wrote it. */
  readonly incarnation: number;
  /** Of those that this incarnation wrote. */
  readonly sequence: number;
}

/** Whole batches of a log that follow one another. */
export interface NewChunk {
  readonly baseOffset: number;
  readonly maxTimestampMs: number;
  /** Several lie one after another. */
  readonly bytes: Buffer | readonly Buffer[];
}

/** Chunks of a log that follow one another. */
export interface NewPart extends LogKey {
  /** Of the last batch. */
  readonly leaderEpoch: number;
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly chunks: readonly NewChunk[];
}

export interface LaidOutObject {
  /** To be stored one after another; nothing was copied. */
  readonly buffers: readonly Buffer[];
  readonly sizeBytes: number;
  /** Where the chunks of each part lie, in the order of the parts given. */
  readonly chunks: readonly (readonly Chunk[])[];
}

/** The order of the parts is kept: those of a log should be neighbours. Each has a chunk. */
export function layOut(parts: readonly NewPart[], origin: ObjectOrigin): LaidOutObject {
  const buffers: Buffer[] = [];
  const placed: Chunk[][] = [];
  let sizeBytes = 0;
  for (const part of parts) {
    assert(part.chunks.length > 0, "a part of an object has batches");
    const chunks: Chunk[] = [];
    for (const { baseOffset, maxTimestampMs, bytes } of part.chunks) {
      const pieces = Buffer.isBuffer(bytes) ? [bytes] : bytes;
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      chunks.push({ baseOffset, from: sizeBytes, length, maxTimestampMs });
      buffers.push(...pieces);
      sizeBytes += length;
    }
    placed.push(chunks);
  }
  const description = describe(parts, placed, { origin, position: sizeBytes });
  return { buffers: [...buffers, description], sizeBytes: sizeBytes + description.length, chunks: placed };
}

function describe(
  parts: readonly NewPart[],
  placed: readonly (readonly Chunk[])[],
  { origin, position }: { readonly origin: ObjectOrigin; readonly position: number },
): Buffer {
  const writer = new Writer();
  writer.compactNullableString(origin.clusterId);
  writer.int64(origin.incarnation);
  writer.int64(origin.sequence);
  writer.compactArrayCount(parts.length);
  for (const [index, part] of parts.entries()) {
    const chunks = placed[index] ?? [];
    writer.compactNullableString(part.topicId);
    writer.int32(part.partition);
    writer.int32(part.leaderEpoch);
    writer.int64(part.baseOffset);
    writer.int64(part.endOffset);
    writer.int64(chunks[0]?.from ?? 0);
    writer.int64(chunks.reduce((sum, { length }) => sum + length, 0));
    writer.int64(chunks.reduce((largest, { maxTimestampMs }) => Math.max(largest, maxTimestampMs), -1));
  }
  const indexBytes = Buffer.concat(writer.finish());
  const bytes = Buffer.alloc(indexBytes.length + footer.sizeBytes);
  indexBytes.copy(bytes);
  footer.encode({ indexPosition: position, crc: 0, version: VERSION, magic: MAGIC }, bytes, indexBytes.length);
  footer.fields.crc.write(bytes, indexBytes.length, checksum(bytes, indexBytes.length));
  return bytes;
}

/** Of the index and of its position, which follows it. */
function checksum(tail: Buffer, indexBytes: number, from = 0): number {
  return crc32c(tail, from, from + indexBytes + footer.offsetOf.crc);
}

export interface DescribedPart extends LogKey {
  readonly leaderEpoch: number;
  readonly baseOffset: number;
  readonly endOffset: number;
  /** In the object. */
  readonly from: number;
  readonly length: number;
  readonly maxTimestampMs: number;
}

export interface ObjectDescription extends ObjectOrigin {
  readonly parts: readonly DescribedPart[];
}

/** What an object says of itself. Raises MalformedMessage when it is none of ours, or not as it was written. */
export function describedObject(object: Buffer): ObjectDescription {
  const footerAt = object.length - footer.sizeBytes;
  if (footerAt < 0) throw new MalformedMessage(`an object of ${object.length} bytes has no footer`);
  const { indexPosition, crc, version, magic } = footer.decode(object, footerAt);
  if (magic !== MAGIC) throw new MalformedMessage("the object was not written by a broker");
  if (version !== VERSION) throw new MalformedMessage(`the object has version ${version}`);
  if (indexPosition < 0 || indexPosition > footerAt) throw new MalformedMessage(`the index cannot be at ${indexPosition}`);
  if (checksum(object, footerAt - indexPosition, indexPosition) !== crc) throw new MalformedMessage("the index is damaged");
  const reader = new Reader(object, indexPosition, footerAt);
  const clusterId = stringOf(reader);
  const incarnation = reader.int64();
  const sequence = reader.int64();
  const parts: DescribedPart[] = [];
  for (let count = reader.compactArrayCount(SMALLEST_PART_BYTES); count > 0; count--) parts.push(describedPart(reader));
  return { clusterId, incarnation, sequence, parts };
}

const SMALLEST_PART_BYTES = 49;

function describedPart(reader: Reader): DescribedPart {
  return {
    topicId: stringOf(reader),
    partition: reader.int32(),
    leaderEpoch: reader.int32(),
    baseOffset: reader.int64(),
    endOffset: reader.int64(),
    from: reader.int64(),
    length: reader.int64(),
    maxTimestampMs: reader.int64(),
  };
}

function stringOf(reader: Reader): string {
  const value = reader.compactNullableString();
  if (value === null) throw new MalformedMessage("a name is missing in the index");
  return value;
}
