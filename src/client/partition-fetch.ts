// One Fetch from one leader, its batches taken apart: what is left out is what a consumer never sees.

import { Errors } from "../../protocol/errors.ts";
import { fetch } from "../../protocol/messages/01-fetch.ts";
import { TimestampType } from "../../protocol/records/batch-header.ts";
import { type DecodedRecord, recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import type { Connection } from "./connection.ts";
import { failOn } from "./refusal.ts";
import { nameOf, type TopicPartition } from "./topic-partition.ts";

export const MAX_FETCH_BYTES = 8 * 1024 * 1024;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** Where a partition is read next. */
export interface Position extends TopicPartition {
  readonly offset: number;
  /** Of the record before it; undefined: nobody knows. */
  readonly leaderEpoch?: number | undefined;
}

export interface FetchOrder {
  /** All of them have this leader. */
  readonly positions: readonly Position[];
  readonly maxWaitMs: number;
  /** Leaves out what transactions wrote that are open or were aborted. */
  readonly isCommittedOnly: boolean;
  /** Of one partition; of all together MAX_FETCH_BYTES. */
  readonly partitionBytes: number;
}

export interface FetchedRecord extends DecodedRecord {
  /** In a share group, this delivery included. */
  readonly deliveryCount?: number;
}

export interface FetchedPartition extends Position {
  /** With it there are no records. */
  readonly errorCode: number;
  readonly records: readonly FetchedRecord[];
  /** Where to go on; after the batches read, even where they held nothing for us. */
  readonly nextOffset: number;
  /** Of the last batch. */
  readonly lastLeaderEpoch: number | undefined;
  /** The timestamps are the broker's. */
  readonly isLogAppendTime: boolean;
}

/** Waits at the broker for at most `maxWaitMs` until there is something. */
export async function fetchPartitions(
  connection: Connection,
  { positions, maxWaitMs, isCommittedOnly, partitionBytes }: FetchOrder,
): Promise<FetchedPartition[]> {
  const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition, offset }) => ({ partition, fetchOffset: offset, partitionMaxBytes: partitionBytes })),
  }));
  const isolationLevel = isCommittedOnly ? READ_COMMITTED : READ_UNCOMMITTED;
  const answer = await connection.send(fetch, 11, { maxWaitMs, minBytes: 1, maxBytes: MAX_FETCH_BYTES, isolationLevel, topics });
  failOn(answer.errorCode, "the fetch");
  const asked = new Map(positions.map((position) => [nameOf(position), position]));
  return answer.responses.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partitionIndex, errorCode, records, abortedTransactions }) => {
      const position = asked.get(nameOf({ topic, partition: partitionIndex }));
      if (position === undefined) return [];
      const bytes = errorCode === Errors.NONE ? records : null;
      const batches = readBatches(bytes, isCommittedOnly ? (abortedTransactions ?? []) : []);
      return [{ ...position, errorCode, ...readRecords(batches, position.offset) }];
    }),
  );
}

interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

interface ReadBatch {
  readonly batch: RecordBatch;
  readonly isHidden: boolean;
}

/** Hidden are control batches, and what aborted transactions wrote: from an aborted one's first offset to its producer's next marker. */
function* readBatches(buffer: Buffer | null, aborted: readonly AbortedTransaction[]): Generator<ReadBatch, void, undefined> {
  const starts = aborted.toSorted((one, other) => one.firstOffset - other.firstOffset);
  const abortedProducers = new Set<number>();
  // The last batch may be cut short by the limit of bytes.
  for (const batch of buffer === null ? [] : batchesOf(buffer, { toleratePartial: true })) {
    while (starts[0] !== undefined && starts[0].firstOffset < batch.nextOffset) abortedProducers.add(starts.shift()?.producerId ?? -1);
    if (batch.isControl) abortedProducers.delete(batch.producerId);
    yield { batch, isHidden: batch.isControl || (batch.isTransactional && abortedProducers.has(batch.producerId)) };
  }
}

function readRecords(
  batches: Iterable<ReadBatch>,
  fromOffset: number,
): Pick<FetchedPartition, "records" | "nextOffset" | "lastLeaderEpoch" | "isLogAppendTime"> {
  const records: DecodedRecord[] = [];
  let lastLeaderEpoch: number | undefined;
  let nextOffset = fromOffset;
  let isLogAppendTime = false;
  for (const { batch, isHidden } of batches) {
    nextOffset = batch.nextOffset;
    lastLeaderEpoch = batch.partitionLeaderEpoch;
    isLogAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
    if (isHidden) continue;
    for (const record of recordsOf(batch)) if (record.offset >= fromOffset) records.push(record);
  }
  return { records, nextOffset, lastLeaderEpoch, isLogAppendTime };
}
