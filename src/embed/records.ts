// Records as a test sees them, and how they are read straight from a partition's log: what a consumer would get, decompressed, without the
// batches of aborted transactions and without control batches.

import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import { type DecodedRecord, recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import type { Partition } from "../partition/partition.ts";

/** Text; values parsed as JSON; bytes as they are; or a function of one's own from a value to whatever it stands for. */
export type Decoder<Value> =
  | "text"
  | "json"
  | "bytes"
  | ((value: Buffer, record: { readonly topic: string; readonly key: Buffer | null }) => Value);

export interface ReadRecord<Value = string> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string | null;
  /** `null` for a tombstone. */
  readonly value: Value | null;
  /** The last of each name. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * committed: of transactions only those that were committed, and nothing from the first open one on. stored: all that is not aborted,
 * also of open transactions. everything: aborted ones too.
 */
export type RecordView = "committed" | "stored" | "everything";

const READ_BYTES = 1024 * 1024;

export interface ReadRange {
  readonly from: number;
  /** Exclusive. */
  readonly until?: number;
  readonly view: RecordView;
}

export async function* recordsIn(partition: Partition, { from, until, view }: ReadRange): AsyncGenerator<DecodedRecord, void, undefined> {
  const isolationLevel = view === "committed" ? "read_committed" : "read_uncommitted";
  const end = Math.min(until ?? Number.POSITIVE_INFINITY, partition.readableUntil(isolationLevel));
  const start = Math.max(from, partition.logStartOffset);
  const aborted =
    view === "everything" ? [] : [...(await partition.abortedTransactions(start, end))].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedProducers = new Set<number>();
  for (let offset = start; offset < end; ) {
    const read = await partition.read({ offset, maxBytes: READ_BYTES, isolationLevel, firstBatchWhole: true });
    if (read.nextOffset <= offset) return;
    for (const buffer of read.records) {
      for (const batch of batchesOf(buffer)) {
        while (aborted[0] !== undefined && aborted[0].firstOffset <= batch.lastOffset)
          abortedProducers.add(aborted.shift()?.producerId ?? -1);
        if (isHidden(batch, abortedProducers)) continue;
        for (const record of recordsOf(batch)) if (record.offset >= start && record.offset < end) yield record;
      }
    }
    offset = read.nextOffset;
  }
}

function isHidden(batch: RecordBatch, abortedProducers: Set<number>): boolean {
  if (!batch.isControl) return batch.isTransactional && abortedProducers.has(batch.producerId);
  if (readControlBatch(batch)?.type === ControlType.ABORT) abortedProducers.delete(batch.producerId);
  return true;
}

/** The first record from an offset on that a consumer has still to read; transactions that are open count. */
export async function firstUnread(partition: Partition, from: number, until?: number): Promise<DecodedRecord | undefined> {
  for await (const record of recordsIn(partition, { from, view: "stored", ...(until === undefined ? {} : { until }) })) return record;
  return undefined;
}

export function decodeRecord<Value>(partition: Partition, record: DecodedRecord, decode: Decoder<Value>): ReadRecord<Value> {
  const { topic, index } = partition;
  return {
    topic,
    partition: index,
    offset: record.offset,
    timestamp: record.timestamp,
    key: record.key?.toString("utf8") ?? null,
    value: record.value === null ? null : decodeValue(record.value, decode, { topic, key: record.key }),
    headers: Object.fromEntries(record.headers.map(({ key, value }) => [key, value?.toString("utf8") ?? ""])),
  };
}

function decodeValue<Value>(value: Buffer, decode: Decoder<Value>, about: { readonly topic: string; readonly key: Buffer | null }): Value {
  if (typeof decode === "function") return decode(value, about);
  switch (decode) {
    case "text":
      return value.toString("utf8") as Value;
    case "json":
      return JSON.parse(value.toString("utf8")) as Value;
    case "bytes":
      return Buffer.from(value) as Value;
  }
}
