// Walks the batches of a segment's file, chunk by chunk.

import { BATCH_HEADER_BYTES } from "../../protocol/records/batch-header.ts";
import { batchesOf, batchSizeAt, type RecordBatch } from "../../protocol/records/record-batch.ts";
import type { OpenFile } from "../base/filesystem.ts";

const CHUNK_BYTES = 1024 * 1024;
const LATER_CHUNK_BYTES = 128 * 1024;

/** Positions in a file. */
export interface FileRange {
  readonly from: number;
  readonly to: number;
}

/** The batches of a range, in order; each is valid until the next is asked for. Ends before one that is not whole. Raises MalformedMessage. */
export function* batchesIn(file: OpenFile, range: FileRange): Generator<RecordBatch, void, undefined> {
  let position = range.from;
  let buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, range.to - range.from)));
  while (position < range.to) {
    const target = buffer.subarray(0, range.to - position);
    const end = file.read(target, position);
    const consumed = yield* wholeBatches(target, end);
    position += consumed;
    if (consumed > 0) continue;
    const sizeBytes = batchSizeAt(target, 0, end) ?? 0;
    if (sizeBytes <= end || sizeBytes > range.to - position) return;
    buffer = Buffer.allocUnsafe(sizeBytes);
  }
}

/** The same with reads off the event loop; batches stay valid. */
export async function* batchesLater(
  file: OpenFile,
  range: FileRange,
  chunkBytes = LATER_CHUNK_BYTES,
): AsyncGenerator<RecordBatch, void, undefined> {
  let position = range.from;
  let wantedBytes = chunkBytes;
  while (position < range.to) {
    const buffer = Buffer.allocUnsafe(Math.min(wantedBytes, range.to - position));
    const end = await file.readLater(buffer, position);
    const consumed = yield* wholeBatches(buffer, end);
    position += consumed;
    wantedBytes = chunkBytes;
    if (consumed > 0) continue;
    wantedBytes = batchSizeAt(buffer, 0, end) ?? Math.max(chunkBytes, BATCH_HEADER_BYTES);
    if (wantedBytes <= end || wantedBytes > range.to - position) return;
  }
}

function* wholeBatches(buffer: Buffer, end: number): Generator<RecordBatch, number, undefined> {
  let consumed = 0;
  for (const batch of batchesOf(buffer, { end, toleratePartial: true })) {
    yield batch;
    consumed = batch.end;
  }
  return consumed;
}
