// Reads partitions of a topic for who asks, from their leaders, by Kafka's own requests: ListOffsets and Fetch, with his rights and quotas.
//
// Readers of committed records get what a consumer would get. Others get all that is there: aborted records, markers, and what belongs to
// transactions that are open, each marked as what it is. Which were aborted is told up to the last stable offset only, to readers of committed
// records; so a topic that has transactions is asked twice.

import { Errors, errorName } from "../../../../protocol/errors.ts";
import { fetch, listOffsets } from "../../../../protocol/messages/index.ts";
import { ControlType, readControlBatch } from "../../../../protocol/records/control-batch.ts";
import { batchesOf, type RecordBatch } from "../../../../protocol/records/record-batch.ts";
import type { DecodedMessage } from "../../../../protocol/schema/message.ts";
import { MalformedMessage } from "../../../../protocol/wire/malformed-message.ts";
import type { Services } from "../../../api/services.ts";
import type { KafkaClient } from "../kafka/kafka-client.ts";
import { Where } from "../kafka/places.ts";
import type { Position, StoredRecord } from "../shapes.ts";
import { storedRecords } from "./stored-records.ts";

/** The last versions that name topics by names. */
const FETCH_VERSION = 12;
const LIST_OFFSETS_VERSION = 7;
const COMMITTED = 1;
const UNCOMMITTED = 0;
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

export interface ReaderOptions {
  readonly topic: string;
  readonly isCommitted: boolean;
  readonly cutBytes: number;
}

export interface Wish extends Position {
  readonly maxBytes: number;
}

export interface Found extends Position {
  readonly records: readonly StoredRecord[];
  /** Where to go on. */
  readonly offset: number;
  /** Kafka's name of it, and a sentence; `undefined`: none. */
  readonly problem: { readonly error: string; readonly message: string } | undefined;
}

type Answered = DecodedMessage<typeof fetch.response>["responses"][number]["partitions"][number];
type Aborted = readonly { readonly producerId: number; readonly firstOffset: number }[];

export class TopicReader {
  readonly #services: Services;
  readonly #client: KafkaClient;
  readonly #options: ReaderOptions;

  constructor(services: Services, client: KafkaClient, options: ReaderOptions) {
    this.#services = services;
    this.#client = client;
    this.#options = options;
  }

  /** Whether this broker leads all of them: it can then be waited for what comes. */
  leadsAll(partitions: readonly number[]): boolean {
    const where = new Where(this.#services);
    return partitions.every((partition) => where.leader(this.#options.topic, partition) === where.here);
  }

  /** By Kafka's times: -1 the end, -2 the start, else the first record that is as young, or the end. Of those that can be told. */
  async offsets(partitions: readonly number[], timestamp: number): Promise<Map<number, number>> {
    const { topic: name, isCommitted } = this.#options;
    const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }));
    const isolationLevel = isCommitted ? COMMITTED : UNCOMMITTED;
    const body = { replicaId: -1, isolationLevel, topics: [{ name, partitions: asked }] };
    const { topics } = await this.#client.askPlaced({ api: listOffsets, version: LIST_OFFSETS_VERSION, body });
    const found = (topics[0]?.partitions ?? []).filter(({ errorCode }) => errorCode === Errors.NONE);
    const known = new Map(found.flatMap(({ partitionIndex, offset }) => (offset < 0 ? [] : [[partitionIndex, offset] as const])));
    const young = timestamp < 0 ? [] : found.filter(({ offset }) => offset < 0).map(({ partitionIndex }) => partitionIndex);
    return young.length === 0 ? known : new Map([...known, ...(await this.offsets(young, -1))]);
  }

  /** What there is from each position on, waiting for some of it where there is none. */
  async read(wishes: readonly Wish[], waitMs = 0): Promise<Found[]> {
    const where = new Where(this.#services);
    const byLeader = Map.groupBy(wishes, ({ partition }) => where.leader(this.#options.topic, partition));
    const found = [...byLeader].map(([leader, its]) => this.#readFrom(leader, its, waitMs));
    return (await Promise.all(found)).flat();
  }

  async #readFrom(leader: number, wishes: readonly Wish[], waitMs: number): Promise<Found[]> {
    const { isCommitted } = this.#options;
    const answered = await this.#fetch(leader, wishes, { isolationLevel: isCommitted ? COMMITTED : UNCOMMITTED, waitMs });
    const mixed = isCommitted ? [] : wishes.filter(({ partition }) => hasDecided(answered.get(partition)));
    const aborted = isCommitted ? answered : await this.#fetch(leader, mixed, { isolationLevel: COMMITTED, waitMs: 0 });
    const found: Found[] = [];
    for (const wish of wishes) {
      const answer = answered.get(wish.partition);
      found.push(await this.#found(wish, answer, aborted.get(wish.partition)?.abortedTransactions ?? []));
    }
    return found;
  }

  async #fetch(
    broker: number,
    wishes: readonly Wish[],
    { isolationLevel, waitMs }: { readonly isolationLevel: number; readonly waitMs: number },
  ): Promise<Map<number, Answered>> {
    if (wishes.length === 0) return new Map();
    const partitions = wishes.map(({ partition, offset, maxBytes }) => ({ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }));
    const body = {
      ...{ maxWaitMs: waitMs, minBytes: 1, maxBytes: MOST_ANSWER_BYTES, isolationLevel },
      topics: [{ topic: this.#options.topic, partitions }],
    };
    const response = await this.#client.ask(broker, { api: fetch, version: FETCH_VERSION, body });
    await this.#client.holdOff(response?.throttleTimeMs);
    return new Map((response?.responses[0]?.partitions ?? []).map((each) => [each.partitionIndex, each]));
  }

  async #found({ partition, offset }: Wish, answer: Answered | undefined, aborted: Aborted): Promise<Found> {
    const failed = (error: string, message: string): Found => ({ partition, offset, records: [], problem: { error, message } });
    if (answer === undefined) return failed("BROKER_NOT_AVAILABLE", "Its leader does not answer.");
    const { errorCode, logStartOffset, highWatermark, records } = answer;
    if (errorCode === Errors.OFFSET_OUT_OF_RANGE) {
      // What was there has gone meanwhile, or is not there yet.
      const next = offset < logStartOffset ? logStartOffset : Math.max(0, highWatermark);
      return { partition, offset: next, records: [], problem: undefined };
    }
    if (errorCode !== Errors.NONE) return failed(errorName(errorCode), `Partition ${partition} cannot be read: ${errorName(errorCode)}.`);
    const walk = new Walk(answer, aborted, this.#options, offset);
    for (const batch of batchesOf(records ?? Buffer.alloc(0), { toleratePartial: true })) await walk.take(batch);
    return { partition, offset: walk.nextOffset, records: walk.records, problem: walk.problem };
  }
}

/** One partition's part of an answer, batch by batch. */
class Walk {
  readonly records: StoredRecord[] = [];
  nextOffset: number;
  problem: Found["problem"];
  readonly #answer: Answered;
  readonly #options: ReaderOptions;
  readonly #from: number;
  readonly #coming: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #abortedProducers = new Set<number>();

  constructor(answer: Answered, aborted: Aborted, options: ReaderOptions, from: number) {
    this.#answer = answer;
    this.#options = options;
    this.#from = from;
    this.nextOffset = from;
    this.#coming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  async take(batch: RecordBatch): Promise<void> {
    while ((this.#coming[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= batch.lastOffset)
      this.#abortedProducers.add(this.#coming.shift()?.producerId ?? -1);
    const transaction = this.#transactionOf(batch);
    this.nextOffset = Math.max(this.nextOffset, batch.nextOffset);
    const { isCommitted, cutBytes } = this.#options;
    if (isCommitted && (batch.isControl || transaction !== "none") && transaction !== "committed") return;
    const partition = this.#answer.partitionIndex;
    try {
      const read = await storedRecords(batch, { partition, transaction, cutBytes, from: this.#from });
      for (const record of read) if (!(isCommitted && record.control !== null)) this.records.push(record);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.problem ??= { error: "CORRUPT_MESSAGE", message: `The batch at offset ${batch.baseOffset} cannot be shown: ${error.message}.` };
    }
  }

  #transactionOf(batch: RecordBatch): StoredRecord["transaction"] {
    const { producerId, isControl, isTransactional, baseOffset } = batch;
    if (!isTransactional) return "none";
    const isAborted = isControl ? readControlBatch(batch)?.type === ControlType.ABORT : this.#abortedProducers.has(producerId);
    if (isControl) this.#abortedProducers.delete(producerId);
    else if (baseOffset >= stableOffset(this.#answer)) return "open";
    return isAborted ? "aborted" : "committed";
  }
}

function stableOffset({ lastStableOffset, highWatermark }: Answered): number {
  return lastStableOffset < 0 ? highWatermark : lastStableOffset;
}

/** Records of transactions that have ended. */
function hasDecided(answer: Answered | undefined): boolean {
  if (answer === undefined || answer.errorCode !== Errors.NONE || answer.records === null) return false;
  for (const { isTransactional, isControl, baseOffset } of batchesOf(answer.records, { toleratePartial: true }))
    if (isTransactional && !isControl && baseOffset < stableOffset(answer)) return true;
  return false;
}
