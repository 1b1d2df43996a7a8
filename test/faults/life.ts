// What a client does with a broker whose disk fails, and notes of it (knowledge.ts). It is a careful client: an error that may pass is asked
// again, with the same sequence numbers where there are any, and a transaction of which a part was refused is aborted.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { Crashed } from "../support/failing-filesystem.ts";
import type { FaultyBroker } from "./faulty-broker.ts";
import {
  type Attempt,
  acknowledgeSet,
  attemptSet,
  type Knowledge,
  type ProducerKnowledge,
  partitionOf,
  type TopicKnowledge,
} from "./knowledge.ts";

const RETRIES = 40;
const RETRY_MS = 500;
const TOPIC_CONFIG = 2;
const SET = 0;
const DEFAULT_RETENTION_MS = "604800000";
/** Segments of some batches, with an index entry for every second one. */
export const SMALL_SEGMENTS = { "internal.segment.bytes": "700", "index.interval.bytes": "150", "file.delete.delay.ms": "1000" };

interface TopicWish {
  readonly partitions?: number;
  readonly keeps?: TopicKnowledge["keeps"];
}

interface Sending {
  readonly key?: string;
  readonly sizeBytes?: number;
  /** Of the record; default: now. */
  readonly timestamp?: number;
}

export class Life {
  readonly broker: FaultyBroker;
  readonly knowledge: Knowledge;
  /** Whether all that is acknowledged is on the disk. */
  readonly #isFlushed: boolean;

  constructor(broker: FaultyBroker, knowledge: Knowledge, isFlushed: boolean) {
    this.broker = broker;
    this.knowledge = knowledge;
    this.#isFlushed = isFlushed;
  }

  pass(ms: number): Promise<void> {
    return this.broker.pass(ms);
  }

  async createTopic(name: string, configs: Readonly<Record<string, string>> = SMALL_SEGMENTS, wish: TopicWish = {}): Promise<void> {
    // Its deletion was refused.
    if (this.knowledge.topics[name]?.state === "there") return;
    const { partitions = 1, keeps = "all" } = wish;
    const known: TopicKnowledge = { state: "unknown", partitionCount: partitions, keeps, isFlushed: this.#isFlushed };
    this.knowledge.topics[name] = known;
    const topic = {
      name,
      numPartitions: partitions,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const answer = await this.broker.ask(messages.createTopics, 5, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    known.state = answer.topics[0]?.errorCode === 0 ? "there" : "gone";
    if (known.state === "there")
      for (const [key, value] of Object.entries(configs))
        acknowledgeSet(attemptSet(this.knowledge, `config ${name} ${key}`, value, ""), value);
  }

  async deleteTopic(name: string): Promise<void> {
    const known = this.knowledge.topics[name];
    if (known?.state !== "there") return;
    known.state = "unknown";
    const answer = await this.broker.ask(messages.deleteTopics, 4, { topicNames: [name], timeoutMs: 1000 });
    known.state = answer.responses[0]?.errorCode === 0 ? "gone" : "there";
    if (known.state === "there") return;
    for (let index = 0; index < known.partitionCount; index++) delete this.knowledge.partitions[`${name}-${index}`];
    for (const register of Object.keys(this.knowledge.registers))
      if (register.split(" ")[1] === name) delete this.knowledge.registers[register];
  }

  async addPartitions(name: string, count: number): Promise<void> {
    const topics = [{ name, count, assignments: null }];
    const answer = await this.broker.ask(messages.createPartitions, 1, { topics, timeoutMs: 1000, validateOnly: false });
    const known = this.knowledge.topics[name];
    if (known !== undefined && answer.results[0]?.errorCode === 0) known.partitionCount = count;
  }

  async alterConfig(name: string, key: string, value: string): Promise<void> {
    const register = attemptSet(this.knowledge, `config ${name} ${key}`, value, DEFAULT_RETENTION_MS);
    const configs = [{ name: key, configOperation: SET, value }];
    const resources = [{ resourceType: TOPIC_CONFIG, resourceName: name, configs }];
    const answer = await this.broker.ask(messages.incrementalAlterConfigs, 1, { resources, validateOnly: false });
    if (answer.responses[0]?.errorCode === 0) acknowledgeSet(register, value);
  }

  #attempt(topic: string, index: number, { key = "k", sizeBytes = 60 }: Sending, transaction?: number): Attempt {
    const value = `${key} ${++this.knowledge.lastValue} `.padEnd(sizeBytes, "x");
    const attempt: Attempt = { key, value, outcome: "unknown", offset: -1, ...(transaction === undefined ? {} : { transaction }) };
    partitionOf(this.knowledge, topic, index).attempts.push(attempt);
    return attempt;
  }

  #record({ key, value }: Attempt): NewRecord {
    return { key: Buffer.from(key), value: Buffer.from(value) };
  }

  /** Batches of one record each, sent together. */
  async produce(topic: string, index: number, ...sendings: readonly Sending[]): Promise<void> {
    const attempts = (sendings.length === 0 ? [{}] : sendings).map((sending) => ({
      sending,
      attempt: this.#attempt(topic, index, sending),
    }));
    const bodies = attempts.map(({ attempt, sending }) => {
      const { bytes } = buildBatch([this.#record(attempt)], { timestamp: sending.timestamp ?? this.broker.clock.now() });
      return { transactionalId: null, acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index, records: bytes }] }] };
    });
    const answers = await this.broker.askAll(messages.produce, 9, bodies);
    for (const [at, { attempt }] of attempts.entries()) noteAnswer(attempt, answers[at]);
    await this.pass(3);
  }

  async deleteRecords(name: string, partitionIndex: number, offset: number): Promise<void> {
    const topics = [{ name, partitions: [{ partitionIndex, offset }] }];
    const known = partitionOf(this.knowledge, name, partitionIndex);
    known.deletionAskedBelow = offset === -1 ? Number.MAX_SAFE_INTEGER : offset;
    const answer = await this.broker.ask(messages.deleteRecords, 1, { topics, timeoutMs: 1000 });
    const partition = answer.topics[0]?.partitions[0];
    if (partition?.errorCode === 0) known.deletedBelow = partition.lowWatermark;
  }

  /** Asks until the answer's error is none that passes; gives it. */
  async #insist(ask: () => Promise<number>): Promise<number> {
    let errorCode = -1;
    for (let tries = 0; tries < RETRIES; tries++) {
      errorCode = await ask();
      if (!PASSING.has(errorCode)) return errorCode;
      await this.pass(RETRY_MS);
    }
    return errorCode;
  }

  async findCoordinator(key: string, keyType: number): Promise<void> {
    await this.#insist(async () => (await this.broker.ask(messages.findCoordinator, 3, { key, keyType })).errorCode ?? -1);
  }

  async commitOffset(groupId: string, topic: string, committedOffset: number): Promise<void> {
    const register = attemptSet(this.knowledge, `offset ${topic} ${groupId}`, String(committedOffset), "-1");
    await this.findCoordinator(groupId, 0);
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }];
    const errorCode = await this.#insist(async () => {
      const answer = await this.broker.ask(messages.offsetCommit, 6, { groupId, topics });
      return answer.topics[0]?.partitions[0]?.errorCode ?? -1;
    });
    if (errorCode === 0) acknowledgeSet(register, String(committedOffset));
  }

  /** With a transactional id the producer is that of the id, whose transactions before are ended. */
  async initProducer(name: string, topic: string, transactionalId: string | null = null): Promise<ProducerKnowledge | undefined> {
    if (transactionalId !== null) await this.findCoordinator(transactionalId, 1);
    let found = { producerId: -1, producerEpoch: -1 };
    const errorCode = await this.#insist(async () => {
      const answer = await this.broker.ask(messages.initProducerId, 4, { transactionalId, transactionTimeoutMs: 600_000 });
      found = { producerId: Number(answer.producerId), producerEpoch: answer.producerEpoch };
      return answer.errorCode;
    });
    if (errorCode !== 0) return undefined;
    const producer: ProducerKnowledge = { ...found, topic, sequence: 0, waiting: [], last: undefined };
    this.knowledge.producers[name] = producer;
    for (const transaction of this.knowledge.transactions)
      if (transaction.transactionalId === transactionalId && transaction.end === "open") transaction.end = "aborted";
    return producer;
  }

  /** One record with the producer's next sequence number, sent again as long as that may help. */
  produceInSequence(producer: ProducerKnowledge, index = 0, sending: Sending = {}, transaction?: number): Promise<boolean> {
    return this.#produceInFlight(producer, [this.#attempt(producer.topic, index, sending, transaction)], index);
  }

  /** So many, in batches of their own that are sent before the first is answered. */
  async produceTogether(producer: ProducerKnowledge, count: number): Promise<void> {
    const attempts = Array.from({ length: count }, () => this.#attempt(producer.topic, 0, {}));
    await this.#produceInFlight(producer, attempts, 0);
  }

  /** `false` when not all are acknowledged. */
  async #produceInFlight(producer: ProducerKnowledge, attempts: readonly Attempt[], index: number): Promise<boolean> {
    // A producer that gave a batch up does not go on: another would have its sequence number.
    if (producer.waiting.length > 0 && attempts[0]?.transaction === undefined) return false;
    const sent = attempts.map((attempt, place) => ({ sequence: producer.sequence + place, index, value: attempt.value }));
    producer.waiting = sent;
    const bodies = attempts.map((attempt, place) => this.#bodyOf({ ...producer, ...sent[place] }, index, attempt));
    const answers = await this.broker.askAll(messages.produce, 9, bodies);
    for (const [place, attempt] of attempts.entries()) noteAnswer(attempt, answers[place]);
    for (const [place, attempt] of attempts.entries()) {
      if (attempt.outcome !== "acknowledged") await this.send({ ...producer, ...sent[place] }, index, attempt);
      if (attempt.outcome !== "acknowledged") return false;
      producer.last = { sequence: producer.sequence++, index, value: attempt.value, offset: attempt.offset };
      producer.waiting = producer.waiting.slice(1);
    }
    await this.pass(3);
    return true;
  }

  #bodyOf({ producerId, producerEpoch, sequence, topic }: SequencedProducer, index: number, attempt: Attempt) {
    const isTransactional = attempt.transaction !== undefined;
    const transactionalId = isTransactional ? (this.knowledge.transactions[attempt.transaction]?.transactionalId ?? null) : null;
    const options = { producerId, producerEpoch, baseSequence: sequence, isTransactional, timestamp: this.broker.clock.now() };
    const records = buildBatch([this.#record(attempt)], options).bytes;
    return { transactionalId, acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index, records }] }] };
  }

  /** Of a batch that the producer sends, again perhaps. */
  send(producer: SequencedProducer, index: number, attempt: Attempt): Promise<number> {
    const body = this.#bodyOf(producer, index, attempt);
    return this.#insist(async () => noteAnswer(attempt, await this.broker.ask(messages.produce, 9, body)));
  }

  /** A transaction with a record in each of the partitions, and an offset of the group. Left open when it is not to be ended. */
  async transact(
    producer: ProducerKnowledge,
    transactionalId: string,
    partitions: readonly number[],
    end: "commit" | "abort" | "leave",
  ): Promise<void> {
    const { producerId, producerEpoch, topic } = producer;
    const transaction = this.knowledge.transactions.push({ transactionalId, end: "open" }) - 1;
    const topics = [{ name: topic, partitions: [...partitions] }];
    const ids = { v3AndBelowTransactionalId: transactionalId, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch };
    const added = await this.#insist(async () => {
      const answer = await this.broker.ask(messages.addPartitionsToTxn, 3, { ...ids, v3AndBelowTopics: topics });
      const codes =
        answer.resultsByTopicV3AndBelow?.flatMap(({ resultsByPartition }) =>
          resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
        ) ?? [];
      return codes.find((code) => code !== 0) ?? 0;
    });
    let isSent = added === 0;
    for (const index of partitions) if (isSent) isSent = await this.#produceAlone(producer, index, transaction);
    if (end !== "leave" || !isSent) await this.endTransaction(producer, transaction, isSent && end === "commit");
  }

  /** Sequences are those of a partition. */
  async #produceAlone(producer: ProducerKnowledge, index: number, transaction: number): Promise<boolean> {
    const name = `${producer.producerId}-${producer.topic}-${index}`;
    const alone = this.knowledge.producers[name] ?? { ...producer, sequence: 0, last: undefined };
    this.knowledge.producers[name] = alone;
    return this.produceInSequence(alone, index, {}, transaction);
  }

  async endTransaction(producer: ProducerKnowledge, transaction: number, committed: boolean): Promise<void> {
    const known = this.knowledge.transactions[transaction];
    if (known === undefined) return;
    known.end = "unknown";
    const { producerId, producerEpoch } = producer;
    const ids = { transactionalId: known.transactionalId, producerId, producerEpoch };
    const errorCode = await this.#insist(async () => (await this.broker.ask(messages.endTxn, 3, { ...ids, committed })).errorCode);
    // Nothing was in it.
    const isEmpty = errorCode === Errors.INVALID_TXN_STATE;
    if (errorCode === 0 || isEmpty) known.end = committed ? "committed" : "aborted";
  }

  /** Sets something by a request of its own; gives the error. */
  async set(name: string, value: string, absent: string, ask: () => Promise<number>): Promise<void> {
    const register = attemptSet(this.knowledge, name, value, absent);
    if ((await ask()) === 0) acknowledgeSet(register, value);
  }
}

/** Errors after which a client asks again. */
const PASSING: ReadonlySet<number> = new Set([
  Errors.KAFKA_STORAGE_ERROR,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.NOT_COORDINATOR,
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.LEADER_NOT_AVAILABLE,
  Errors.CONCURRENT_TRANSACTIONS,
  Errors.NOT_ENOUGH_REPLICAS,
  Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  Errors.REQUEST_TIMED_OUT,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
]);

type SequencedProducer = Pick<ProducerKnowledge, "producerId" | "producerEpoch" | "sequence" | "topic">;

interface ProduceAnswer {
  readonly responses: readonly {
    readonly partitionResponses: readonly { readonly errorCode: number; readonly baseOffset: number }[];
  }[];
}

/** Of one batch; gives the error. */
function noteAnswer(attempt: Attempt, answer: ProduceAnswer | undefined): number {
  const answered = answer?.responses[0]?.partitionResponses[0];
  if (answered !== undefined) note(attempt, answered);
  return answered?.errorCode ?? -1;
}

function note(attempt: Attempt, answered: { readonly errorCode: number; readonly baseOffset: number }): void {
  attempt.outcome = answered.errorCode === 0 ? "acknowledged" : "refused";
  attempt.offset = answered.errorCode === 0 ? Number(answered.baseOffset) : -1;
}

export function isCrash(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof Crashed) return true;
  return false;
}
