// What a broker serves after a fault, held against what its client was told: nothing acknowledged is lost, nothing is there twice or out of
// order, nothing is there that nobody sent, and no transaction is half there.

import * as messages from "../../protocol/messages/index.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { FaultyBroker } from "./faulty-broker.ts";
import { type Attempt, type Knowledge, type PartitionKnowledge, partitionOf, type TopicKnowledge, type Transaction } from "./knowledge.ts";
import type { Promises } from "./loop.ts";
import { isAllowed, read } from "./registers.ts";

const EARLIEST = -2;
const PIECE_BYTES = 600;
/** So many of the newest records retention never takes. */
const NEWEST = 6;

export async function checkServed(broker: FaultyBroker, knowledge: Knowledge, promises: Promises): Promise<void> {
  const answer = await broker.ask(messages.metadata, 1, { topics: null });
  const served = new Map(answer.topics.map(({ name, partitions }) => [name ?? "", partitions.length]));
  for (const [name, topic] of Object.entries(knowledge.topics)) {
    const count = served.get(name);
    if (topic.state === "there" && count === undefined) throw new Error(`the topic ${name} is gone`);
    if (topic.state === "gone" && count !== undefined) throw new Error(`the topic ${name} was deleted or refused, and is there`);
    if (count !== undefined && topic.state === "there" && count < topic.partitionCount)
      throw new Error(`${name} has only ${count} partitions`);
    for (let index = 0; index < (count ?? 0); index++) await checkPartition(broker, knowledge, { name, topic, index, promises });
  }
  checkTransactions(knowledge);
  if (!promises.isDurable) return;
  for (const [name, register] of Object.entries(knowledge.registers)) {
    const topic = knowledge.topics[name.split(" ")[1] ?? ""];
    if (topic !== undefined && topic.state !== "there") continue;
    const value = await read(broker, name);
    if (!isAllowed(register, value)) throw new Error(`${name} is ${value} instead of ${register.acknowledged}`);
  }
}

interface Place {
  readonly name: string;
  readonly topic: TopicKnowledge;
  readonly index: number;
  readonly promises: Promises;
}

interface Told extends Place {
  readonly known: PartitionKnowledge;
  readonly ends: readonly Transaction[];
}

async function checkPartition(broker: FaultyBroker, knowledge: Knowledge, place: Place): Promise<void> {
  const { name, index, promises } = place;
  const known = partitionOf(knowledge, name, index);
  const [all, committed] = [await recordsFrom(broker, place, 0), await recordsFrom(broker, place, 1)];
  if (promises.isWithoutHoles && all.hasHole) throw new Error(`${name}-${index} gives nothing below its end`);
  const partition = `${name}-${index}`;
  checkAll(partition, all, { known, ends: knowledge.transactions, ...place });
  for (const [offset, value] of committed.records)
    if (all.records.get(offset) !== value) throw new Error(`${partition} has "${value}" at ${offset} for one reader and not for the other`);
  for (const [offset, value] of all.records) {
    const attempt = known.attempts.find((each) => each.value === value);
    if (attempt === undefined) continue;
    const end = attempt.transaction === undefined ? "committed" : knowledge.transactions[attempt.transaction]?.end;
    const isVisible = committed.records.has(offset);
    if (isVisible && (end === "aborted" || end === "open"))
      throw new Error(`${partition} shows "${value}" at ${offset} of a transaction that is ${end}`);
    const isBehindOpen = offset >= committed.lastStableOffset;
    if (!isVisible && end === "committed" && !isBehindOpen)
      throw new Error(`${partition} hides "${value}" at ${offset}, which was committed`);
    seen(knowledge, attempt, isVisible);
  }
}

const sightings = new WeakMap<Knowledge, Map<number, Set<boolean>>>();

function seen(knowledge: Knowledge, { transaction }: Attempt, isVisible: boolean): void {
  if (transaction === undefined) return;
  const all = sightings.get(knowledge) ?? new Map<number, Set<boolean>>();
  sightings.set(knowledge, all);
  all.set(transaction, (all.get(transaction) ?? new Set()).add(isVisible));
}

/** A transaction of which nobody knows how it ended is all there or not at all. */
function checkTransactions(knowledge: Knowledge): void {
  for (const [transaction, visible] of sightings.get(knowledge) ?? [])
    if (visible.size > 1) throw new Error(`transaction ${transaction} (${knowledge.transactions[transaction]?.end}) is half visible`);
  sightings.delete(knowledge);
}

function checkAll(partition: string, found: Found, { known, ends, topic, promises }: Told): void {
  const { records, logStartOffset } = found;
  const values = new Set<string>();
  for (const [offset, value] of records) {
    const attempt = known.attempts.find((each) => each.value === value);
    if (attempt === undefined) throw new Error(`${partition} has "${value}" at ${offset}, which nobody sent`);
    if (values.has(value)) throw new Error(`${partition} has "${value}" twice`);
    values.add(value);
    if (attempt.outcome === "acknowledged" && attempt.offset !== offset)
      throw new Error(`${partition} has "${value}" at ${offset}, acknowledged at ${attempt.offset}`);
  }
  if (promises.keepsDeletions && logStartOffset < known.deletedBelow)
    throw new Error(`${partition} starts at ${logStartOffset}, below ${known.deletedBelow}, to where it was deleted`);
  if (!promises.isDurable || !topic.isFlushed) return;
  for (const attempt of known.attempts) {
    if (attempt.outcome !== "acknowledged" || records.get(attempt.offset) === attempt.value) continue;
    if (attempt.offset < Math.max(known.deletionAskedBelow, topic.keeps === "all" ? 0 : logStartOffset)) continue;
    // Segments that were deleted may be back, in any order.
    const newest = known.attempts.reduce((most, { offset }) => Math.max(most, offset), 0);
    if (topic.keeps === "newest" && !promises.keepsDeletions && attempt.offset < newest - NEWEST) continue;
    const isOvertaken =
      topic.keeps === "keys" && [...records].some(([offset, value]) => offset > attempt.offset && keyOf(value) === attempt.key);
    // Compaction leaves nothing of what was aborted.
    const isAborted = topic.keeps === "keys" && attempt.transaction !== undefined && ends[attempt.transaction]?.end !== "committed";
    if (!isOvertaken && !isAborted)
      throw new Error(`${partition} has lost "${attempt.value.slice(0, 20)}" at ${attempt.offset}; it starts at ${logStartOffset}`);
  }
}

function keyOf(value: string): string {
  return value.slice(0, value.indexOf(" "));
}

interface Found {
  /** Values by offset. */
  readonly records: Map<number, string>;
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  /** At some offset there was nothing to read, and at none behind it. */
  readonly hasHole: boolean;
}

/** What a consumer gets from the log's start on, which leaves out what was aborted when it asks for that. */
async function recordsFrom(broker: FaultyBroker, { name: topic, index: partition }: Place, isolationLevel: number): Promise<Found> {
  const request = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: EARLIEST }] }] };
  const earliest = (await broker.ask(messages.listOffsets, 2, request)).topics[0]?.partitions[0];
  if (earliest?.errorCode !== 0) throw new Error(`ListOffsets of ${topic}-${partition} gave error ${earliest?.errorCode}`);
  const found: Map<number, string> = new Map();
  const aborted = new Set<number>();
  let offset = Number(earliest.offset);
  for (let holeAt: number | undefined; ; ) {
    const topics = [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: PIECE_BYTES }] }];
    const answer = await broker.ask(messages.fetch, 4, { maxWaitMs: 0, minBytes: 0, maxBytes: PIECE_BYTES, isolationLevel, topics });
    const { errorCode, records, highWatermark, lastStableOffset, abortedTransactions } = answer.responses[0]?.partitions[0] ?? {};
    if (errorCode !== 0) throw new Error(`a fetch of ${topic}-${partition} at ${offset} gave error ${errorCode}`);
    const toCome = (abortedTransactions ?? []).map((each) => ({
      producerId: Number(each.producerId),
      firstOffset: Number(each.firstOffset),
    }));
    for (const batch of batchesOf(records ?? Buffer.alloc(0))) {
      if (!batch.isCrcValid()) throw new Error(`${topic}-${partition} has a damaged batch at ${batch.baseOffset}`);
      for (const begun of toCome.filter(({ firstOffset }) => firstOffset <= batch.lastOffset)) {
        aborted.add(begun.producerId);
        toCome.splice(toCome.indexOf(begun), 1);
      }
      if (batch.isControl) aborted.delete(batch.producerId);
      else if (!(batch.isTransactional && aborted.has(batch.producerId)))
        for (const record of recordsOf(batch)) {
          if (record.offset < offset) continue;
          if (found.has(record.offset)) throw new Error(`${topic}-${partition} gave offset ${record.offset} twice`);
          found.set(record.offset, record.value?.toString() ?? "");
        }
      offset = batch.nextOffset;
    }
    const hasNothing = (records?.length ?? 0) === 0;
    if (!hasNothing && holeAt !== undefined) throw new Error(`${topic}-${partition} gives nothing at ${holeAt}, and more behind it`);
    if (!hasNothing) continue;
    const end = Number(isolationLevel === 1 ? lastStableOffset : highWatermark);
    if (offset >= end)
      return {
        records: found,
        logStartOffset: Number(earliest.offset),
        lastStableOffset: Number(lastStableOffset),
        hasHole: holeAt !== undefined,
      };
    holeAt ??= offset;
    offset++;
  }
}
