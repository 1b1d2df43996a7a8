// Walks the batches of a segment's file, chunk by chunk, and picks from bytes in memory the batches that a reader asked for.

import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader } from "../../protocol/records/batch-header.ts";
import { batchesOf, batchSizeAt, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { readInt32, readInt64 } from "../../protocol/wire/layout.ts";
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

export interface BatchSelection {
  /** The record that must be in the first batch, or the first after it. */
  readonly offset: number;
  /** Exclusive; no batch reaches it. */
  readonly untilOffset: number;
  readonly maxBytes: number;
  readonly firstBatchWhole: boolean;
}

export interface SelectedBatches {
  readonly start: number;
  readonly end: number;
  /** After the last batch; the offset asked for when there is none. */
  readonly nextOffset: number;
  /** Where to look on for the first batch asked for, when none was taken because the buffer ends in it or before it. */
  readonly cutOffAt: number | undefined;
}

/** Picks the batches asked for from those in `buffer`, of which the last may be cut off. The first starts at `from`. */
export function selectBatches(buffer: Buffer, from: number, to: number, selection: BatchSelection): SelectedBatches {
  const { offset, untilOffset, maxBytes } = selection;
  let at = from;
  let start = -1;
  let nextOffset = offset;
  while (at < to) {
    const hasHeader = to - at >= BATCH_HEADER_BYTES;
    const sizeBytes = hasHeader ? BATCH_LENGTH_PREFIX_BYTES + readInt32(buffer, at + batchHeader.offsetOf.batchLength) : 0;
    if (!hasHeader || sizeBytes < BATCH_HEADER_BYTES || at + sizeBytes > to) {
      if (start === -1) return { start: at, end: at, nextOffset: offset, cutOffAt: at };
      break;
    }
    const lastOffset = readInt64(buffer, at) + readInt32(buffer, at + batchHeader.offsetOf.lastOffsetDelta);
    if (lastOffset >= untilOffset) break;
    if (lastOffset >= offset) {
      if (start === -1) {
        if (sizeBytes > maxBytes && !selection.firstBatchWhole) break;
        start = at;
      } else if (at + sizeBytes - start > maxBytes) break;
      nextOffset = lastOffset + 1;
    }
    at += sizeBytes;
  }
  return start === -1
    ? { start: at, end: at, nextOffset: offset, cutOffAt: at === to ? at : undefined }
    : { start, end: at, nextOffset, cutOffAt: undefined };
}
