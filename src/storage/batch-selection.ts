// Picks from bytes in memory the batches that a reader asked for.

import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader, MAGIC_OFFSET, MAGIC_V2 } from "../../protocol/records/batch-header.ts";
import { readInt32, readInt64 } from "../../protocol/wire/layout.ts";

export interface BatchSelection {
  /** The record that must be in the first batch, or the first after it. */
  readonly offset: number;
  /** Exclusive; no batch reaches it. */
  readonly untilOffset: number;
  readonly maxBytes: number;
  readonly firstBatchWhole: boolean;
  /** That the first batch in the buffer has, or a larger one; any unless given. */
  readonly fromOffset?: number;
  /** Exclusive, of all that can be in the buffer; none unless given. */
  readonly endOffset?: number;
}

export interface SelectedBatches {
  readonly start: number;
  readonly end: number;
  /** After the last batch; the offset asked for when there is none. */
  readonly nextOffset: number;
  /** Where to look on for the first batch asked for, when none was taken because the buffer ends in it or before it. */
  readonly cutOffAt: number | undefined;
  /** Where a batch begins that cannot be so by its header, when none was taken before it. */
  readonly damagedAt: number | undefined;
}

/** Picks the batches asked for from those in `buffer`, of which the last may be cut off. The first starts at `from`. None is taken from a damaged one on. */
export function selectBatches(buffer: Buffer, from: number, to: number, selection: BatchSelection): SelectedBatches {
  const { offset, untilOffset, maxBytes, endOffset = Number.MAX_SAFE_INTEGER } = selection;
  let at = from;
  let start = -1;
  let nextOffset = offset;
  let expectedOffset = selection.fromOffset ?? -1;
  while (at < to) {
    const hasHeader = to - at >= BATCH_HEADER_BYTES;
    const sizeBytes = hasHeader ? BATCH_LENGTH_PREFIX_BYTES + readInt32(buffer, at + batchHeader.offsetOf.batchLength) : 0;
    const isDamaged = hasHeader && (sizeBytes < BATCH_HEADER_BYTES || buffer[at + MAGIC_OFFSET] !== MAGIC_V2);
    if (isDamaged) return nothingFrom(at, offset, start, nextOffset);
    if (!hasHeader || at + sizeBytes > to) {
      if (start === -1) return { start: at, end: at, nextOffset: offset, cutOffAt: at, damagedAt: undefined };
      break;
    }
    const baseOffset = readInt64(buffer, at);
    const lastOffset = baseOffset + readInt32(buffer, at + batchHeader.offsetOf.lastOffsetDelta);
    const isInOrder = baseOffset >= expectedOffset && lastOffset >= baseOffset && lastOffset < endOffset;
    if (!isInOrder || (baseOffset > expectedOffset && isBefore(buffer, at + sizeBytes, to, lastOffset, expectedOffset)))
      return nothingFrom(at, offset, start, nextOffset);
    if (lastOffset >= untilOffset) break;
    if (lastOffset >= offset) {
      if (start === -1) {
        if (sizeBytes > maxBytes && !selection.firstBatchWhole) break;
        start = at;
      } else if (at + sizeBytes - start > maxBytes) break;
      nextOffset = lastOffset + 1;
    }
    at += sizeBytes;
    expectedOffset = lastOffset + 1;
  }
  return start === -1
    ? { start: at, end: at, nextOffset: offset, cutOffAt: at === to ? at : undefined, damagedAt: undefined }
    : { start, end: at, nextOffset, cutOffAt: undefined, damagedAt: undefined };
}

/** What was taken before the damage, if anything was. */
function nothingFrom(at: number, offset: number, start: number, nextOffset: number): SelectedBatches {
  return start === -1
    ? { start: at, end: at, nextOffset: offset, cutOffAt: undefined, damagedAt: at }
    : { start, end: at, nextOffset, cutOffAt: undefined, damagedAt: undefined };
}

/** Behind a gap, which compaction leaves: whether the batch at `at` fits into the gap, so that it is the one before it that is out of place. */
function isBefore(buffer: Buffer, at: number, to: number, lastOffset: number, expectedOffset: number): boolean {
  if (expectedOffset < 0 || to - at < BATCH_HEADER_BYTES) return false;
  const baseOffset = readInt64(buffer, at);
  return baseOffset <= lastOffset && baseOffset >= expectedOffset;
}
