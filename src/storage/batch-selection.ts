// Picks from bytes in memory the batches that a reader asked for.

import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader } from "../../protocol/records/batch-header.ts";
import { readInt32, readInt64 } from "../../protocol/wire/layout.ts";

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
