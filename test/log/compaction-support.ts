// What the tests of compaction share: a log with everything that matters to it, and what a consumer finds in it.

import { ControlType, controlBatch, readControlBatch } from "../../protocol/records/control-batch.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import type { CompactionLimits } from "../../src/storage/storage-engine.ts";

export const LIMITS: CompactionLimits = {
  dedupeBufferBytes: 1024 * 1024,
  dedupeBufferLoadFactor: 0.9,
  ioBufferBytes: 512 * 1024,
  ioBytesPerSecond: Number.MAX_VALUE,
};

/** Compacts until nothing is due; gives how often something was. */
export async function compactAll(engine: SegmentedEngine, limits: Partial<CompactionLimits> = {}): Promise<number> {
  let count = 0;
  while (await engine.compact({ ...LIMITS, ...limits })) if (++count > 1000) throw new Error("compaction does not end");
  return count;
}

export interface StoredBatch {
  readonly batch: RecordBatch;
  readonly records: readonly StoredRecord[];
}

export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string;
  /** `null`: a deletion. */
  readonly value: string | null;
}

/** All that the log holds from its start, batch by batch. */
export async function storedBatches(log: PartitionLog): Promise<StoredBatch[]> {
  const found: StoredBatch[] = [];
  let offset = log.logStartOffset;
  while (offset < log.logEndOffset) {
    const read = await log.read({ offset, untilOffset: log.logEndOffset, maxBytes: 2000, firstBatchWhole: true });
    if (read.sizeBytes === 0) throw new Error(`nothing to read at ${offset} below ${log.logEndOffset}`);
    for (const buffer of read.records) {
      for (const batch of batchesOf(buffer)) {
        if (!batch.isCrcValid()) throw new Error(`wrong checksum at ${batch.baseOffset}`);
        const records = [...recordsOf(batch)].map(({ key, value, ...record }) => ({
          offset: record.offset,
          timestamp: record.timestamp,
          key: batch.isControl ? "" : (key?.toString() ?? "null"),
          value: batch.isControl ? "" : (value?.toString() ?? null),
        }));
        if (batch.lastOffset >= offset) found.push({ batch, records });
      }
    }
    offset = read.nextOffset;
  }
  return found;
}

/** The records that a consumer with isolation.level=read_committed gets, found as consumers do it (KIP-98). */
export async function committedRecords(log: PartitionLog): Promise<StoredRecord[]> {
  const waiting = [...(await log.abortedTransactions(log.logStartOffset, log.logEndOffset))].sort(
    (one, other) => one.firstOffset - other.firstOffset,
  );
  const aborted = new Set<number>();
  const found: StoredRecord[] = [];
  for (const { batch, records } of await storedBatches(log)) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= batch.lastOffset) aborted.add(waiting.shift()?.producerId ?? -1);
    if (batch.isControl) {
      if (readControlBatch(batch)?.type === ControlType.ABORT) aborted.delete(batch.producerId);
    } else if (!(batch.isTransactional && aborted.has(batch.producerId))) {
      found.push(...records.filter(({ offset }) => offset >= log.logStartOffset));
    }
  }
  return found;
}

/** What remains of each key when records are applied in order. */
export function latestValues(records: readonly StoredRecord[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) values.delete(key);
    else values.set(key, value);
  }
  return values;
}

export function marker(producerId: number, type: ControlType, timestamp: number, producerEpoch = 0): Buffer {
  return controlBatch({ producerId, producerEpoch, coordinatorEpoch: 0, type, timestamp }).bytes;
}
