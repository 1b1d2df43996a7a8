// Finds records by their timestamp, exactly: segments by their largest timestamp, then the time index, then batches, then records,
// also inside compressed batches. Reads off the event loop, and decompresses there what is long.

import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { OpenFile } from "../base/filesystem.ts";
import type { Gate } from "../base/gate.ts";
import { visitRecords } from "../storage/long-batch.ts";
import type { TimestampedOffset } from "../storage/partition-log.ts";
import { batchesLater } from "./batch-scan.ts";
import { TIME_INDEX_SUFFIX } from "./file-names.ts";
import { indexedPosition, readFailure, type SegmentRow } from "./log-reader.ts";
import type { Segment } from "./segment.ts";
import type { TimestampReached } from "./time-index.ts";
import { wholeBatchesIn } from "./whole-batches.ts";

export interface LookupRange {
  readonly segments: readonly Segment[];
  readonly fromOffset: number;
  readonly untilOffset: number;
  /** Where batches pass whose records are too many to be decompressed at once. */
  readonly longBatches: Gate;
}

/** A log whose segments may be taken away or replaced meanwhile. */
interface Log extends SegmentRow {
  readonly logStartOffset: number;
}

/** Looks again when the segments looked at were removed meanwhile. Rejects with StorageError. */
export async function lookUp<Found>(
  log: Log,
  untilOffset: number,
  longBatches: Gate,
  look: (range: LookupRange) => Promise<Found>,
): Promise<Found> {
  const { segments, logStartOffset } = log;
  try {
    return await look({ segments: [...segments], fromOffset: logStartOffset, untilOffset, longBatches });
  } catch (error) {
    if (log.segments === segments) throw readFailure(log.directory, error);
    return lookUp(log, untilOffset, longBatches, look);
  }
}

/** The first record of the range, by offset, that is at or after a timestamp. */
export async function findTimestamp(timestampMs: number, range: LookupRange): Promise<TimestampedOffset | undefined> {
  for (const segment of range.segments) {
    segment.verifyTimes();
    if (segment.largestTimestamp.timestampMs < timestampMs) continue;
    const from = await indexedStart(segment, timestampMs);
    const found = await findInSegment(segment, from, timestampMs, range);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where to look from, by the time index if the batch that it names has the timestamp that it says; else that is said, and the index made anew. */
async function indexedStart(segment: Segment, timestampMs: number): Promise<number> {
  for (let tries = 0; tries < 2; tries++) {
    const entry = segment.times.lastBelow(timestampMs);
    if (entry === undefined) break;
    const from = await indexedPosition(segment, entry.offset - 1);
    if (await hasTimestamp(segment, from, entry)) return from;
    segment.distrustIndex(TIME_INDEX_SUFFIX, segment.times.lastBelowBytes(timestampMs));
  }
  return 0;
}

function hasTimestamp(segment: Segment, from: number, { offset, timestampMs }: TimestampReached): Promise<boolean> {
  return segment.file.useWhile(async (file) => {
    for await (const batch of batchesLater(file, { from, to: segment.sizeBytes }))
      if (batch.lastOffset >= offset) return batch.baseOffset <= offset && batch.maxTimestamp === timestampMs;
    return false;
  });
}

async function findInSegment(
  segment: Segment,
  from: number,
  timestampMs: number,
  range: LookupRange,
): Promise<TimestampedOffset | undefined> {
  return segment.file.useWhile(async (file) => {
    for await (const batch of wholeBatchesLater(file, segment, from)) {
      if (batch.baseOffset >= range.untilOffset) return undefined;
      if (batch.maxTimestamp < timestampMs || batch.lastOffset < range.fromOffset) continue;
      const first = await firstRecord(batch, range, (timestamp) => timestamp >= timestampMs);
      if (first !== undefined) return first;
    }
    return undefined;
  });
}

/** The first record of the range that has the largest timestamp in it. */
export async function findMaxTimestamp(range: LookupRange): Promise<TimestampedOffset | undefined> {
  let best: TimestampedOffset | undefined;
  for (const [index, segment] of range.segments.entries()) {
    segment.verifyTimes();
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

async function largestInBatch(segment: Segment, lastOffset: number, range: LookupRange): Promise<TimestampedOffset | undefined> {
  const from = await indexedPosition(segment, lastOffset);
  return segment.file.useWhile(async (file) => {
    for await (const batch of wholeBatchesLater(file, segment, from)) {
      if (batch.lastOffset >= lastOffset) return firstRecord(batch, range, (timestamp) => timestamp >= batch.maxTimestamp);
    }
    return undefined;
  });
}

async function largestInSegment(segment: Segment, range: LookupRange): Promise<TimestampedOffset | undefined> {
  const from = await indexedPosition(segment, range.fromOffset);
  return segment.file.useWhile(async (file) => {
    let best: TimestampedOffset | undefined;
    for await (const batch of wholeBatchesLater(file, segment, from)) {
      if (batch.lastOffset < range.fromOffset || batch.maxTimestamp <= (best?.timestampMs ?? -1)) continue;
      await visitRecords(batch, range.longBatches, ({ offset, timestamp }) => {
        if (offset >= range.fromOffset && timestamp > (best?.timestampMs ?? -1)) best = found(batch, offset, timestamp);
        return true;
      });
    }
    return best;
  });
}

/** The batches from a position on, without those that are damaged. */
async function* wholeBatchesLater(file: OpenFile, segment: Segment, from: number): AsyncGenerator<RecordBatch, void, undefined> {
  let position: number | undefined = from;
  while (position !== undefined && position < segment.sizeBytes) {
    try {
      for await (const batch of batchesLater(file, { from: position, to: segment.sizeBytes })) {
        if (!batch.isCrcValid()) break;
        yield batch;
        position += batch.sizeBytes;
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
    }
    if (position < segment.sizeBytes) position = positionBehindDamage(file, segment, position);
  }
}

function positionBehindDamage(file: OpenFile, segment: Segment, from: number): number | undefined {
  const range = { from, to: segment.sizeBytes, nextOffset: segment.baseOffset, endOffset: Number.MAX_SAFE_INTEGER };
  for (const item of wholeBatchesIn(file, range)) if ("batch" in item) return item.position;
  return undefined;
}

async function firstRecord(
  batch: RecordBatch,
  range: LookupRange,
  matches: (timestampMs: number) => boolean,
): Promise<TimestampedOffset | undefined> {
  let first: TimestampedOffset | undefined;
  await visitRecords(batch, range.longBatches, ({ offset, timestamp }) => {
    if (offset >= range.untilOffset) return false;
    if (offset < range.fromOffset || !matches(timestamp)) return true;
    first = found(batch, offset, timestamp);
    return false;
  });
  return first;
}

function found(batch: RecordBatch, offset: number, timestampMs: number): TimestampedOffset {
  return { offset, timestampMs, leaderEpoch: batch.partitionLeaderEpoch };
}
