// Finds records by their timestamp, exactly: segments by their largest timestamp, then the time index, then batches, then records,
// also inside compressed batches. Reads off the event loop.

import { TimestampType } from "../../protocol/records/batch-header.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { TimestampedOffset } from "../storage/partition-log.ts";
import { batchesLater } from "./batch-scan.ts";
import type { SegmentRow } from "./log-reader.ts";
import type { Segment } from "./segment.ts";

export interface LookupRange {
  readonly segments: readonly Segment[];
  readonly fromOffset: number;
  readonly untilOffset: number;
}

/** Looks again when the segments looked at were removed meanwhile. */
export async function lookUp<Found>(row: SegmentRow, look: (segments: readonly Segment[]) => Promise<Found>): Promise<Found> {
  const { segments } = row;
  try {
    return await look([...segments]);
  } catch (error) {
    if (row.segments === segments) throw error;
    return lookUp(row, look);
  }
}

/** The first record of the range, by offset, that is at or after a timestamp. */
export async function findTimestamp(timestampMs: number, range: LookupRange): Promise<TimestampedOffset | undefined> {
  for (const segment of range.segments) {
    if (segment.largestTimestamp.timestampMs < timestampMs) continue;
    const from = segment.offsets.floorPosition((segment.times.lastBelow(timestampMs)?.offset ?? segment.baseOffset) - 1);
    const found = await findInSegment(segment, from, timestampMs, range);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findInSegment(
  segment: Segment,
  from: number,
  timestampMs: number,
  range: LookupRange,
): Promise<TimestampedOffset | undefined> {
  return segment.file.useWhile(async (file) => {
    for await (const batch of batchesLater(file, { from, to: segment.sizeBytes })) {
      if (batch.baseOffset >= range.untilOffset) return undefined;
      if (batch.maxTimestamp < timestampMs || batch.lastOffset < range.fromOffset) continue;
      const found = firstRecord(batch, range, (timestamp) => timestamp >= timestampMs);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** The first record of the range that has the largest timestamp in it. */
export async function findMaxTimestamp(range: LookupRange): Promise<TimestampedOffset | undefined> {
  let best: TimestampedOffset | undefined;
  for (const [index, segment] of range.segments.entries()) {
    const { timestampMs, offset } = segment.largestTimestamp;
    if (timestampMs <= (best?.timestampMs ?? -1)) continue;
    // Where records of the first segment were deleted, what its index says may be about one of them.
    const isWhole = index > 0 || segment.baseOffset >= range.fromOffset;
    // Compaction may have emptied the batch that it names.
    const found = (isWhole ? await largestInBatch(segment, offset, range) : undefined) ?? (await largestInSegment(segment, range));
    if (found !== undefined && found.timestampMs > (best?.timestampMs ?? -1)) best = found;
  }
  return best;
}

function largestInBatch(segment: Segment, lastOffset: number, range: LookupRange): Promise<TimestampedOffset | undefined> {
  return segment.file.useWhile(async (file) => {
    for await (const batch of batchesLater(file, { from: segment.offsets.floorPosition(lastOffset), to: segment.sizeBytes })) {
      if (batch.lastOffset >= lastOffset) return firstRecord(batch, range, (timestamp) => timestamp >= batch.maxTimestamp);
    }
    return undefined;
  });
}

function largestInSegment(segment: Segment, range: LookupRange): Promise<TimestampedOffset | undefined> {
  return segment.file.useWhile(async (file) => {
    let best: TimestampedOffset | undefined;
    for await (const batch of batchesLater(file, { from: segment.offsets.floorPosition(range.fromOffset), to: segment.sizeBytes })) {
      if (batch.lastOffset < range.fromOffset || batch.maxTimestamp <= (best?.timestampMs ?? -1)) continue;
      for (const record of timestampsOf(batch)) {
        if (record.offset >= range.fromOffset && record.timestampMs > (best?.timestampMs ?? -1)) best = record;
      }
    }
    return best;
  });
}

function firstRecord(batch: RecordBatch, range: LookupRange, matches: (timestampMs: number) => boolean): TimestampedOffset | undefined {
  for (const record of timestampsOf(batch)) {
    if (record.offset >= range.untilOffset) return undefined;
    if (record.offset >= range.fromOffset && matches(record.timestampMs)) return record;
  }
  return undefined;
}

/** Where the batch says when it was appended, its records need not be looked into: each may be the answer. */
function* timestampsOf(batch: RecordBatch): Generator<TimestampedOffset, void, undefined> {
  const leaderEpoch = batch.partitionLeaderEpoch;
  if (batch.timestampType === TimestampType.LOG_APPEND_TIME && batch.recordCount === batch.lastOffsetDelta + 1) {
    const { baseOffset, lastOffset, maxTimestamp: timestampMs } = batch;
    for (let offset = baseOffset; offset <= lastOffset; offset++) yield { offset, timestampMs, leaderEpoch };
    return;
  }
  for (const { offset, timestamp } of recordsOf(batch)) yield { offset, timestampMs: timestamp, leaderEpoch };
}
