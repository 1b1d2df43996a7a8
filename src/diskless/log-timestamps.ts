// Finds records by their timestamp: rows know the largest of each segment, chunks that of each of theirs, and then batches and records are
// looked through.

import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import type { Gate } from "../base/gate.ts";
import { visitRecords } from "../storage/long-batch.ts";
import type { TimestampedOffset } from "../storage/partition-log.ts";
import type { Catalog, Segment } from "./catalog.ts";
import { loaded, type ReadableLog, readFailure } from "./log-reading.ts";

export interface Lookup {
  readonly log: ReadableLog;
  readonly catalog: Catalog;
  readonly logId: number;
  readonly fromOffset: number;
  readonly untilOffset: number;
  /** Where batches pass whose records are too many to be decompressed at once. */
  readonly longBatches: Gate;
}

/** The first record of the range, by offset, at or after a timestamp. Rejects with StorageError. */
export async function findTimestamp(timestampMs: number, lookup: Lookup): Promise<TimestampedOffset | undefined> {
  for (let offset = lookup.fromOffset; offset < lookup.untilOffset; ) {
    const segment = await lookup.catalog.segmentAt(lookup.logId, timestampMs, offset);
    if (segment === undefined) return undefined;
    for await (const batch of batchesIn(lookup, segment, timestampMs)) {
      const found = await firstRecord(batch, lookup, timestampMs);
      if (found !== undefined) return found;
    }
    // What it was named for was deleted.
    offset = segment.endOffset;
  }
  return undefined;
}

/** The first record of the range that has the largest timestamp in it. Rejects with StorageError. */
export async function findMaxTimestamp(lookup: Lookup): Promise<TimestampedOffset | undefined> {
  const segment = await lookup.catalog.segmentOfMaxTimestamp(lookup.logId);
  if (segment === undefined) return undefined;
  if (segment.baseOffset >= lookup.fromOffset) return findTimestamp(segment.maxTimestampMs, lookup);
  // Records of the first segment were deleted: the one with the largest timestamp may be among them.
  let largestMs = -1;
  for (let offset = lookup.fromOffset; offset < lookup.untilOffset; ) {
    const [next] = await lookup.catalog.segments(lookup.logId, offset, 1);
    if (next === undefined) break;
    if (next.maxTimestampMs > largestMs) {
      for await (const batch of batchesIn(lookup, next, largestMs + 1)) {
        await visitRecords(batch, lookup.longBatches, ({ offset: at, timestamp }) => {
          if (at >= lookup.fromOffset) largestMs = Math.max(largestMs, timestamp);
          return true;
        });
      }
    }
    offset = next.endOffset;
  }
  return largestMs === -1 ? undefined : findTimestamp(largestMs, lookup);
}

/** Of the segment, those of the range with a record at or after the timestamp. */
async function* batchesIn(lookup: Lookup, segment: Segment, timestampMs: number): AsyncGenerator<RecordBatch, void, undefined> {
  const { log, fromOffset, untilOffset } = lookup;
  const chunks = segment.place.kind === "inline" ? [undefined] : segment.place.chunks;
  for (const chunk of chunks) {
    if (chunk !== undefined && chunk.maxTimestampMs < timestampMs) continue;
    let bytes: Buffer;
    try {
      ({ bytes } = await loaded(log, segment, chunk));
    } catch (error) {
      throw readFailure(log, error);
    }
    for (const batch of batchesOf(bytes)) {
      if (batch.baseOffset >= untilOffset) return;
      if (batch.maxTimestamp >= timestampMs && batch.lastOffset >= fromOffset) yield batch;
    }
  }
}

async function firstRecord(batch: RecordBatch, lookup: Lookup, timestampMs: number): Promise<TimestampedOffset | undefined> {
  let first: TimestampedOffset | undefined;
  await visitRecords(batch, lookup.longBatches, ({ offset, timestamp }) => {
    if (offset >= lookup.untilOffset) return false;
    if (offset < lookup.fromOffset || timestamp < timestampMs) return true;
    first = { offset, timestampMs: timestamp, leaderEpoch: batch.partitionLeaderEpoch };
    return false;
  });
  return first;
}
