// All that a broker answers about what it has stored, as a client finds it that goes on behind whatever it cannot read: records for both kinds of
// readers, offsets by time, ends of leader epochs, and what is set or committed.

import * as messages from "../../protocol/messages/index.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { FaultyBroker } from "./faulty-broker.ts";
import type { Knowledge } from "./knowledge.ts";
import { read } from "./registers.ts";

const EARLIEST = -2;
const LATEST = -1;
const PIECE_BYTES = 600;
const LATEST_EPOCH = 4;
const MOST_STEPS = 2000;
const MOST_FETCHES = 4000;

export interface PartitionView {
  /** Values by offset. */
  readonly all: ReadonlyMap<number, string>;
  readonly committed: ReadonlyMap<number, string>;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly lastStableOffset: number;
  /** Offsets by the timestamp asked for. */
  readonly byTime: ReadonlyMap<number, number>;
  /** "epoch endOffset", of each epoch asked for. */
  readonly epochs: readonly string[];
}

export interface View {
  /** By the partition's name. */
  readonly partitions: ReadonlyMap<string, PartitionView>;
  readonly registers: ReadonlyMap<string, string>;
}

/** @param timestamps to ask for */
export async function viewOf(broker: FaultyBroker, knowledge: Knowledge, timestamps: readonly number[]): Promise<View> {
  const partitions = new Map<string, PartitionView>();
  const { topics } = await broker.ask(messages.metadata, 1, { topics: null });
  for (const { name, partitions: found } of topics)
    for (const { partitionIndex } of found)
      if (name?.startsWith("__") === false)
        partitions.set(`${name}-${partitionIndex}`, await partitionView(broker, { topic: name, partition: partitionIndex }, timestamps));
  const registers = new Map<string, string>();
  for (const name of Object.keys(knowledge.registers)) registers.set(name, await read(broker, name).catch((error) => String(error)));
  return { partitions, registers };
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

async function partitionView(broker: FaultyBroker, place: Place, timestamps: readonly number[]): Promise<PartitionView> {
  const logStartOffset = await offsetFor(broker, place, EARLIEST);
  const logEndOffset = await offsetFor(broker, place, LATEST);
  const all = await recordsFrom(broker, place, logStartOffset, 0);
  const committed = await recordsFrom(broker, place, logStartOffset, 1);
  const byTime = new Map<number, number>();
  for (const timestamp of timestamps) byTime.set(timestamp, await offsetFor(broker, place, timestamp));
  const epochs = await epochsOf(broker, place);
  const { lastStableOffset } = committed;
  return { all: all.records, committed: committed.records, logStartOffset, logEndOffset, lastStableOffset, byTime, epochs };
}

/** -1 where there is none, and where an error is answered. */
async function offsetFor(broker: FaultyBroker, { topic, partition }: Place, timestamp: number): Promise<number> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }];
  const answer = await broker.ask(messages.listOffsets, 2, { replicaId: -1, topics });
  return Number(answer.topics[0]?.partitions[0]?.offset ?? -1);
}

async function epochsOf(broker: FaultyBroker, { topic, partition }: Place): Promise<string[]> {
  const epochs = Array.from({ length: LATEST_EPOCH }, (_, leaderEpoch) => leaderEpoch);
  const found: string[] = [];
  for (const leaderEpoch of epochs) {
    const topics = [{ topic, partitions: [{ partition, currentLeaderEpoch: -1, leaderEpoch }] }];
    const answer = (await broker.ask(messages.offsetForLeaderEpoch, 2, { topics })).topics[0]?.partitions[0];
    found.push(`${answer?.leaderEpoch} ${answer?.endOffset}`);
  }
  return found;
}

interface Found {
  readonly records: Map<number, string>;
  readonly lastStableOffset: number;
}

/** What cannot be read is passed over by one offset after another; where there are too many, since the last batch is believed to lie far behind, at once. */
async function recordsFrom(broker: FaultyBroker, { topic, partition }: Place, from: number, isolationLevel: number): Promise<Found> {
  const found = new Map<number, string>();
  let lastStableOffset = -1;
  let offset = from;
  for (let fetches = 0; fetches < MOST_FETCHES; fetches++) {
    const topics = [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: PIECE_BYTES }] }];
    const answer = await broker.ask(messages.fetch, 4, { maxWaitMs: 0, minBytes: 0, maxBytes: PIECE_BYTES, isolationLevel, topics });
    const read = answer.responses[0]?.partitions[0];
    if (read === undefined) throw new Error(`a fetch of ${topic}-${partition} has no answer`);
    if (read.errorCode === 0) lastStableOffset = Number(read.lastStableOffset);
    const end = Number(isolationLevel === 1 ? lastStableOffset : read.highWatermark);
    if (read.errorCode === 0 && offset >= end) return { records: found, lastStableOffset };
    const begun = (read.abortedTransactions ?? []).map((each) => ({
      producerId: Number(each.producerId),
      firstOffset: Number(each.firstOffset),
    }));
    const next = take(wholeBatches(read.records ?? Buffer.alloc(0)), { offset, begun, found });
    const following = fetches < MOST_STEPS ? offset + 1 : end;
    offset = Math.max(next, following);
  }
  throw new Error(`a reader of ${topic}-${partition} comes to no end`);
}

interface Reading {
  readonly offset: number;
  readonly begun: { readonly producerId: number; readonly firstOffset: number }[];
  readonly found: Map<number, string>;
}

/** Gives where to go on. */
function take(batches: readonly RecordBatch[], { offset, begun, found }: Reading): number {
  const aborted = new Set<number>();
  let next = offset;
  for (const batch of batches) {
    for (const each of begun.filter(({ firstOffset }) => firstOffset <= batch.lastOffset)) {
      aborted.add(each.producerId);
      begun.splice(begun.indexOf(each), 1);
    }
    if (batch.isControl) aborted.delete(batch.producerId);
    else if (!(batch.isTransactional && aborted.has(batch.producerId)))
      for (const record of recordsOf(batch)) if (record.offset >= next) found.set(record.offset, record.value?.toString() ?? "");
    next = Math.max(next, batch.nextOffset);
  }
  return next;
}

/** Up to the first that a client would not take. */
function wholeBatches(records: Buffer): RecordBatch[] {
  const whole: RecordBatch[] = [];
  try {
    for (const batch of batchesOf(records, { toleratePartial: true })) {
      if (!batch.isCrcValid()) break;
      whole.push(batch);
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  }
  return whole;
}
