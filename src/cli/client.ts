// A small Kafka client for our own commands: one connection per broker, leaders looked up once and again when they have moved.
// It produces and fetches single partitions, and keeps a group's position without being a member of it.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { fetch } from "../../protocol/messages/01-fetch.ts";
import { listOffsets } from "../../protocol/messages/02-list-offsets.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { offsetCommit } from "../../protocol/messages/08-offset-commit.ts";
import { offsetFetch } from "../../protocol/messages/09-offset-fetch.ts";
import { type BatchOptions, buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { TimestampType } from "../../protocol/records/batch-header.ts";
import { type DecodedRecord, recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { Brokers } from "./brokers.ts";
import { CommandError } from "./command-error.ts";
import type { Address } from "./connection.ts";
import { failOn } from "./refusal.ts";

/** ListOffsets' stand-ins for a timestamp. */
export const EARLIEST = -2;
export const LATEST = -1;

const PRODUCE_TIMEOUT_MS = 10_000;
const MAX_FETCH_BYTES = 8 * 1024 * 1024;
const RETRIES = 20;
const RETRY_MS = 100;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const SIMPLE_CONSUMER_GENERATION = -1;

export interface Partition {
  readonly index: number;
  readonly leader: Address;
}

export interface FetchOrder {
  readonly topic: string;
  readonly leader: Address;
  /** Where to read, by partition; all of them have this leader. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly maxWaitMs: number;
  /** Leaves out what transactions wrote that are open or were aborted. */
  readonly isCommittedOnly?: boolean;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly records: readonly DecodedRecord[];
  /** Where to go on; after the batches read, even where they held nothing for us. */
  readonly nextOffset: number;
  /** The timestamps are the broker's. */
  readonly isLogAppendTime: boolean;
}

export class Client {
  readonly brokers: Brokers;

  constructor(bootstrapServers: string) {
    this.brokers = new Brokers(bootstrapServers);
  }

  /** The partitions of a topic, in order; undefined when there is no such topic and none is made. */
  async partitionsOf(topic: string, isCreationAllowed: boolean): Promise<Partition[] | undefined> {
    return retried(async () => {
      const { brokers, topics } = await this.brokers.ask(metadata, 9, {
        topics: [{ name: topic }],
        allowAutoTopicCreation: isCreationAllowed,
      });
      const found = topics[0];
      if (found === undefined || found.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION) return isCreationAllowed ? AGAIN : undefined;
      if (isRetriable(found.errorCode) || found.partitions.some(({ leaderId }) => leaderId < 0)) return AGAIN;
      failOn(found.errorCode, `topic ${topic}`);
      const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
      const partitions = found.partitions.flatMap(({ partitionIndex, leaderId }) => {
        const leader = addresses.get(leaderId);
        return leader === undefined ? [] : [{ index: partitionIndex, leader }];
      });
      return partitions.sort((one, other) => one.index - other.index);
    }, `topic ${topic}`);
  }

  /** Appends to one partition with acks=all; gives the first record's offset. */
  async produce(topic: string, { index, leader }: Partition, records: readonly NewRecord[], options: BatchOptions = {}): Promise<number> {
    const batch = buildBatch(records, { timestamp: Date.now(), ...options }).bytes;
    const connection = await this.brokers.at(leader);
    const topicData = [{ name: topic, partitionData: [{ index, records: batch }] }];
    const { responses } = await connection.send(produce, 9, { acks: -1, timeoutMs: PRODUCE_TIMEOUT_MS, topicData });
    const answer = responses[0]?.partitionResponses[0];
    if (answer === undefined) throw new CommandError(`The broker gave no answer for ${topic}-${index}.`);
    failOn(answer.errorCode, `${topic}-${index}`, answer.errorMessage);
    return answer.baseOffset;
  }

  /** Waits at the broker for at most `maxWaitMs` until there is something. */
  async fetch({ topic, leader, offsets, maxWaitMs, isCommittedOnly = false }: FetchOrder): Promise<FetchedPartition[]> {
    const connection = await this.brokers.at(leader);
    const partitions = [...offsets].map(([partition, fetchOffset]) => ({ partition, fetchOffset, partitionMaxBytes: MAX_FETCH_BYTES }));
    const isolationLevel = isCommittedOnly ? READ_COMMITTED : READ_UNCOMMITTED;
    const order = { maxWaitMs, minBytes: 1, maxBytes: MAX_FETCH_BYTES, isolationLevel, topics: [{ topic, partitions }] };
    const answer = await connection.send(fetch, 11, order);
    failOn(answer.errorCode, `topic ${topic}`);
    return answer.responses.flatMap(({ partitions: fetched }) =>
      fetched.map(({ partitionIndex, errorCode, records, abortedTransactions }) => {
        failOn(errorCode, `${topic}-${partitionIndex}`);
        const batches = readBatches(records, isCommittedOnly ? (abortedTransactions ?? []) : []);
        return { partition: partitionIndex, ...readRecords(batches, offsets.get(partitionIndex) ?? 0) };
      }),
    );
  }

  /** `timestamp` in milliseconds, EARLIEST or LATEST. */
  async offsetAt(topic: string, { index, leader }: Partition, timestamp: number): Promise<number> {
    const connection = await this.brokers.at(leader);
    const topics = [{ name: topic, partitions: [{ partitionIndex: index, timestamp }] }];
    const answer = (await connection.send(listOffsets, 5, { replicaId: -1, topics })).topics[0]?.partitions[0];
    if (answer === undefined) throw new CommandError(`The broker gave no offset for ${topic}-${index}.`);
    failOn(answer.errorCode, `${topic}-${index}`);
    return answer.offset;
  }

  /** Offsets that the group has committed, by partition. */
  async committed(group: string, topic: string, partitions: readonly Partition[]): Promise<Map<number, number>> {
    const partitionIndexes = partitions.map(({ index }) => index);
    return retried(async () => {
      const connection = await this.brokers.coordinatorOf(group);
      const { errorCode, topics } = await connection.send(offsetFetch, 5, { groupId: group, topics: [{ name: topic, partitionIndexes }] });
      if (isRetriable(errorCode)) return AGAIN;
      failOn(errorCode, `group ${group}`);
      const found = topics[0]?.partitions.filter(({ committedOffset }) => committedOffset >= 0) ?? [];
      return new Map(found.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]));
    }, `group ${group}`);
  }

  /** Refused while the group has members. */
  async commit(group: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    const connection = await this.brokers.coordinatorOf(group);
    const partitions = [...offsets].map(([partitionIndex, committedOffset]) => ({
      partitionIndex,
      committedOffset,
      committedMetadata: null,
    }));
    const order = { groupId: group, generationIdOrMemberEpoch: SIMPLE_CONSUMER_GENERATION, topics: [{ name: topic, partitions }] };
    const answer = await connection.send(offsetCommit, 7, order);
    for (const { errorCode } of answer.topics.flatMap((committed) => committed.partitions)) {
      if (errorCode === Errors.UNKNOWN_MEMBER_ID)
        throw new CommandError(`The group ${group} has members at the moment; choose another group.`);
      failOn(errorCode, `group ${group}`);
    }
  }

  close(): Promise<void> {
    return this.brokers.close();
  }
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

function readRecords(batches: Iterable<ReadBatch>, fromOffset: number): Omit<FetchedPartition, "partition"> {
  const records: DecodedRecord[] = [];
  let nextOffset = fromOffset;
  let isLogAppendTime = false;
  for (const { batch, isHidden } of batches) {
    nextOffset = batch.nextOffset;
    isLogAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
    if (isHidden) continue;
    for (const record of recordsOf(batch)) if (record.offset >= fromOffset) records.push(record);
  }
  return { records, nextOffset, isLogAppendTime };
}

const AGAIN = Symbol("again");

async function retried<Result>(attempt: () => Promise<Result | typeof AGAIN>, what: string): Promise<Result> {
  for (let tries = 0; tries < RETRIES; tries++) {
    const result = await attempt();
    if (result !== AGAIN) return result;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  throw new CommandError(`The broker is not ready for ${what}; try again in a moment.`);
}
