// A client that behaves, beside the strangers: it produces, reads what it produced as the member of a group that commits, and runs transactions.
// It must not notice that it is not alone: no error, no connection that ends, everything it was acknowledged there and in order, also after
// the broker was started again.

import { setTimeout as delay } from "node:timers/promises";
import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { RawClient } from "../support/raw-client.ts";
import type { Account } from "./account.ts";

export const NEIGHBOUR = { user: "neighbour", password: "secret" } as const;

const TOPIC = "neighbour";
const TRANSACTIONS = "neighbour-transactions";
const GROUP = "neighbour";
const PAUSE_MS = 20;
const FETCH_EVERY = 5;
const TRANSACTION_EVERY = 10;
const REPEATED_EVERY = 4;
const SESSION_MS = 300_000;
const LOADING: ReadonlySet<number> = new Set([
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
]);

export interface NeighbourOptions {
  /** Of a listener on which clients log in by PLAIN; or of one where they need not. */
  readonly port: number;
  readonly hasLogin: boolean;
  readonly account: Account;
}

export class Neighbour {
  #options: NeighbourOptions;
  #client: RawClient;
  #producer = { producerId: -1, producerEpoch: -1 };
  #member = { memberId: "", generationId: -1 };
  #transactional = { producerId: -1, producerEpoch: -1 };
  /** The n-th record says n, at offset n. */
  #produced = 0;
  #read = 0;
  #committed = 0;
  /** What readers of committed records are to see. */
  #inTransactions: string[] = [];
  #transactions = 0;
  #transactionSequence = 0;
  #isStopping = false;
  #done: Promise<void> | undefined;

  private constructor(options: NeighbourOptions, client: RawClient) {
    this.#options = options;
    this.#client = client;
  }

  static async start(options: NeighbourOptions): Promise<Neighbour> {
    const neighbour = new Neighbour(options, await connected(options));
    await neighbour.#setUp();
    neighbour.#done = neighbour.#live().catch((error: unknown) => neighbour.#complain(error));
    return neighbour;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#done;
    this.#client.close();
    this.#options.account.count("records of the neighbour", this.#produced);
    this.#options.account.count("transactions of the neighbour", this.#transactions);
  }

  /** On a broker that was started again on the same data. */
  async verify(options: NeighbourOptions): Promise<void> {
    try {
      this.#options = options;
      this.#client = await connected(options);
      await this.#ask(messages.findCoordinator, 2, { key: GROUP, keyType: 0 });
      const offset = await this.#committedOffset();
      if (offset !== this.#committed) throw new Error(`committed ${this.#committed}, and ${offset} is there`);
      this.#read = 0;
      while (this.#read < this.#produced) await this.#consume();
      const there = await this.#readCommitted();
      if (there.join() !== this.#inTransactions.join())
        throw new Error(`committed transactions hold ${there.length} records of ${this.#inTransactions.length}`);
      this.#client.close();
    } catch (error) {
      this.#complain(new Error("after a restart", { cause: error }));
    }
  }

  async #setUp(): Promise<void> {
    const topics = [TOPIC, TRANSACTIONS].map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }));
    const created = await this.#ask(messages.createTopics, 5, { topics, timeoutMs: 30_000, validateOnly: false });
    for (const { errorCode } of created.topics) expectNone(errorCode);
    // Their topics are made when they are first asked for.
    await this.#ask(messages.findCoordinator, 2, { key: GROUP, keyType: 0 });
    await this.#ask(messages.findCoordinator, 2, { key: TRANSACTIONS, keyType: 1 });
    this.#producer = await this.#producerOf(null);
    this.#transactional = await this.#producerOf(TRANSACTIONS);
    await this.#join();
  }

  async #live(): Promise<void> {
    for (let round = 1; !this.#isStopping; round++, await delay(PAUSE_MS)) {
      await this.#produce();
      if (round % FETCH_EVERY === 0) await this.#consumeAndCommit();
      if (round % TRANSACTION_EVERY === 0) await this.#transact(round % (3 * TRANSACTION_EVERY) !== 0);
    }
    while (this.#read < this.#produced) await this.#consumeAndCommit();
  }

  async #produce(): Promise<void> {
    const value = `${this.#produced}`;
    // As one who has not heard the answer repeats it.
    for (let times = this.#produced % REPEATED_EVERY === 0 ? 2 : 1; times > 0; times--) {
      const baseOffset = await this.#append(TOPIC, value, { ...this.#producer, baseSequence: this.#produced });
      if (baseOffset !== this.#produced) throw new Error(`record ${value} was answered with offset ${baseOffset}`);
    }
    this.#produced++;
  }

  async #append(topic: string, value: string, options: object): Promise<number> {
    const records = buildBatch([{ key: null, value: Buffer.from(value) }], { timestamp: Date.now(), ...options }).bytes;
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
    const transactionalId = topic === TRANSACTIONS ? TRANSACTIONS : null;
    const answer = await this.#ask(messages.produce, 9, { transactionalId, acks: -1, timeoutMs: 30_000, topicData });
    const partition = answer.responses[0]?.partitionResponses[0];
    expectNone(partition?.errorCode);
    return partition?.baseOffset ?? -1;
  }

  async #consumeAndCommit(): Promise<void> {
    await this.#consume();
    const group = { groupId: GROUP, generationIdOrMemberEpoch: this.#member.generationId, memberId: this.#member.memberId };
    const partitions = [{ partitionIndex: 0, committedOffset: this.#read, committedMetadata: "" }];
    const committed = await this.#ask(messages.offsetCommit, 7, { ...group, topics: [{ name: TOPIC, partitions }] });
    expectNone(committed.topics[0]?.partitions[0]?.errorCode);
    this.#committed = this.#read;
    const beat = await this.#ask(messages.heartbeat, 3, { groupId: GROUP, ...this.#member });
    expectNone(beat.errorCode);
  }

  /** Reads on: the next records must be the next numbers. */
  async #consume(): Promise<void> {
    const { records } = await this.#fetch(TOPIC, this.#read, 0);
    for (const batch of batchesOf(records)) {
      for (const { offset, value } of recordsOf(batch)) {
        if (offset < this.#read) continue;
        if (offset !== this.#read || value?.toString() !== `${offset}`)
          throw new Error(`offset ${offset} holds ${value}, ${this.#read} comes next`);
        this.#read++;
      }
    }
  }

  async #fetch(topic: string, fetchOffset: number, isolationLevel: number) {
    const topics = [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_048_576 }] }];
    const answer = await this.#ask(messages.fetch, 11, { maxWaitMs: 100, minBytes: 1, isolationLevel, topics });
    const partition = answer.responses[0]?.partitions[0];
    expectNone(partition?.errorCode);
    return { records: partition?.records ?? Buffer.alloc(0), aborted: partition?.abortedTransactions ?? [] };
  }

  async #transact(isCommit: boolean): Promise<void> {
    const { producerId, producerEpoch } = this.#transactional;
    const mine = { v3AndBelowTransactionalId: TRANSACTIONS, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch };
    await this.#untilFree(async () => {
      const added = await this.#ask(messages.addPartitionsToTxn, 3, {
        ...mine,
        v3AndBelowTopics: [{ name: TRANSACTIONS, partitions: [0] }],
      });
      return added.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode;
    });
    const values = [`${this.#transactions} a`, `${this.#transactions} b`];
    for (const value of values)
      await this.#append(TRANSACTIONS, value, {
        producerId,
        producerEpoch,
        isTransactional: true,
        baseSequence: this.#transactionSequence++,
      });
    const ended = await this.#ask(messages.endTxn, 3, { transactionalId: TRANSACTIONS, producerId, producerEpoch, committed: isCommit });
    expectNone(ended.errorCode);
    this.#transactions++;
    if (isCommit) this.#inTransactions.push(...values);
  }

  /** The one before it may be ending yet. */
  async #untilFree(attempt: () => Promise<number | undefined>): Promise<void> {
    for (;;) {
      const errorCode = await attempt();
      if (errorCode !== Errors.CONCURRENT_TRANSACTIONS) return expectNone(errorCode);
      await delay(PAUSE_MS);
    }
  }

  async #readCommitted(): Promise<string[]> {
    const values: string[] = [];
    for (let offset = 0; ; ) {
      const { records, aborted } = await this.#fetch(TRANSACTIONS, offset, 1);
      if (records.length === 0) return values;
      const open = new Map<number, number>();
      for (const batch of batchesOf(records)) {
        for (const { producerId, firstOffset } of aborted) if (firstOffset === batch.baseOffset) open.set(producerId, firstOffset);
        if (batch.isControl) open.delete(batch.producerId);
        else if (batch.baseOffset >= offset && !open.has(batch.producerId))
          for (const { value } of recordsOf(batch)) values.push(`${value}`);
        offset = Math.max(offset, batch.nextOffset);
      }
    }
  }

  async #producerOf(transactionalId: string | null) {
    for (;;) {
      const given = await this.#ask(messages.initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 });
      if (given.errorCode === Errors.NONE) return { producerId: given.producerId, producerEpoch: given.producerEpoch };
      if (!LOADING.has(given.errorCode)) expectNone(given.errorCode);
      await delay(PAUSE_MS);
    }
  }

  async #join(): Promise<void> {
    const protocols = [{ name: "range", metadata: Buffer.from("subscription") }];
    const request = { groupId: GROUP, sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: SESSION_MS, protocolType: "consumer", protocols };
    for (let memberId = ""; ; await delay(PAUSE_MS)) {
      const joined = await this.#ask(messages.joinGroup, 4, { ...request, memberId });
      if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) memberId = joined.memberId;
      else if (!LOADING.has(joined.errorCode)) {
        expectNone(joined.errorCode);
        this.#member = { memberId: joined.memberId, generationId: joined.generationId };
        break;
      }
    }
    const assignments = [{ memberId: this.#member.memberId, assignment: Buffer.from("assignment") }];
    expectNone((await this.#ask(messages.syncGroup, 2, { groupId: GROUP, ...this.#member, assignments })).errorCode);
  }

  async #committedOffset(): Promise<number> {
    for (;;) {
      const fetched = await this.#ask(messages.offsetFetch, 5, { groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: [0] }] });
      if (fetched.errorCode === Errors.NONE) return fetched.topics[0]?.partitions[0]?.committedOffset ?? -1;
      if (!LOADING.has(fetched.errorCode)) expectNone(fetched.errorCode);
      await delay(PAUSE_MS);
    }
  }

  async #ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>) {
    const began = performance.now();
    const answer = await this.#client.call(api, version, body);
    this.#options.account.most("the neighbour's longest round trip in ms", performance.now() - began);
    if (answer === undefined) throw new Error(`the neighbour's connection was closed at ${api.name}`);
    return answer;
  }

  #complain(error: unknown): void {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    this.#options.account.complain({ what: `the neighbour: ${message}${cause === undefined ? "" : `: ${cause}`}` });
  }
}

async function connected({ port, hasLogin }: NeighbourOptions): Promise<RawClient> {
  const client = await RawClient.connect(port, "127.0.0.1", "neighbour");
  if (!hasLogin) return client;
  expectNone((await client.call(messages.saslHandshake, 1, { mechanism: "PLAIN" }))?.errorCode);
  const authBytes = Buffer.from(`\0${NEIGHBOUR.user}\0${NEIGHBOUR.password}`);
  expectNone((await client.call(messages.saslAuthenticate, 1, { authBytes }))?.errorCode);
  return client;
}

function expectNone(errorCode: number | undefined): void {
  if (errorCode !== Errors.NONE) throw new Error(errorCode === undefined ? "no answer" : errorName(errorCode));
}
