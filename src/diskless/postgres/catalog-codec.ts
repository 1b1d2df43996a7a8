// What of the catalog's rows the database does not look into, packed: where the chunks of a segment lie, and a producer's last batches.
//
//   chunks:  varlong position in the object, then for each: varlong base offset less that of the one before (of the segment for the first),
//            unsigned varint length, varlong its timestamp less the segment's
//   batches: for each: unsigned varint last sequence, varlong last offset, unsigned varint offset delta, varlong timestamp
//
// A segment with one chunk, as most have, needs about ten bytes.

import { Reader } from "../../../protocol/wire/reader.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import type { AppendedBatch } from "../../storage/producer-states.ts";
import type { Chunk } from "../catalog.ts";

/** A segment that has the chunks, or is to have them. */
export interface ChunkedSegment {
  readonly baseOffset: number;
  readonly maxTimestampMs: number;
}

const CHUNK_BYTES = 16;
const BATCH_BYTES = 24;

/** At least one; each begins where the one before ends. */
export function packChunks(chunks: readonly Chunk[], { baseOffset, maxTimestampMs }: ChunkedSegment): Buffer {
  const writer = new Writer(CHUNK_BYTES * (chunks.length + 1));
  writer.varlong(chunks[0]?.from ?? 0);
  let before = baseOffset;
  for (const chunk of chunks) {
    writer.varlong(chunk.baseOffset - before);
    writer.unsignedVarint(chunk.length);
    writer.varlong(chunk.maxTimestampMs - maxTimestampMs);
    before = chunk.baseOffset;
  }
  return written(writer);
}

export function unpackChunks(packed: Buffer, { baseOffset, maxTimestampMs }: ChunkedSegment): readonly Chunk[] {
  const reader = new Reader(packed);
  const chunks: Chunk[] = [];
  let from = reader.varlong();
  let before = baseOffset;
  while (reader.remaining > 0) {
    before += reader.varlong();
    const length = reader.unsignedVarint();
    chunks.push({ baseOffset: before, from, length, maxTimestampMs: maxTimestampMs + reader.varlong() });
    from += length;
  }
  return chunks;
}

export function packBatches(batches: readonly AppendedBatch[]): Buffer {
  const writer = new Writer(BATCH_BYTES * batches.length + 1);
  for (const { lastSequence, lastOffset, offsetDelta, timestampMs } of batches) {
    writer.unsignedVarint(lastSequence);
    writer.varlong(lastOffset);
    writer.unsignedVarint(offsetDelta);
    writer.varlong(timestampMs);
  }
  return written(writer);
}

export function unpackBatches(packed: Buffer): readonly AppendedBatch[] {
  const reader = new Reader(packed);
  const batches: AppendedBatch[] = [];
  while (reader.remaining > 0) {
    const [lastSequence, lastOffset] = [reader.unsignedVarint(), reader.varlong()];
    batches.push({ lastSequence, lastOffset, offsetDelta: reader.unsignedVarint(), timestampMs: reader.varlong() });
  }
  return batches;
}

function written(writer: Writer): Buffer {
  const [only = Buffer.alloc(0), ...more] = writer.finish();
  return more.length === 0 ? only : Buffer.concat([only, ...more]);
}
