// Fetch sessions (KIP-227): an answer looks at what changed, and says the same as a full Fetch would.

import { afterEach, describe, expect, test, vi } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Encodable } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { startCluster } from "../../src/index.ts";
import { FetchSession } from "../../src/partition/fetch-session.ts";
import { Partition } from "../../src/partition/partition.ts";
import { Dice } from "../simulation/scheduler.ts";
import { askingBroker } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

/** Fetches wait as long as they ask to, as those of a broker on its own do. */
const LONG_FETCHES = { longestFetchMs: Number.POSITIVE_INFINITY };
const PATIENTLY = { interval: 1, timeout: 30_000 };
const started = askingBroker(LONG_FETCHES);
/** The last one that names topics by name. */
const VERSION = 12;
const PLENTY = 1 << 20;
const READ_COMMITTED = 1;

interface SessionOptions {
  readonly isolationLevel?: number;
  readonly port?: number;
}

/** A consumer with a session: it has each partition's position, and what it was told of it last. */
class SessionClient {
  readonly positions = new Map<string, number>();
  readonly #isolationLevel: number;
  readonly #port: number;
  #id = 0;
  #epoch = 0;
  #changed = new Set<string>();
  #forgotten: string[] = [];
  #connection: RawClient | undefined;

  constructor({ isolationLevel = 0, port = started().broker.port }: SessionOptions = {}) {
    this.#isolationLevel = isolationLevel;
    this.#port = port;
  }

  moveTo(topic: string, partition: number, offset: number): void {
    const key = `${topic} ${partition}`;
    this.positions.set(key, offset);
    this.#changed.add(key);
  }

  forget(topic: string, partition: number): void {
    const key = `${topic} ${partition}`;
    if (!this.positions.delete(key)) return;
    if (!this.#changed.delete(key) || this.#epoch > 0) this.#forgotten.push(key);
  }

  async fetch({ maxWaitMs = 0, maxBytes = PLENTY, minBytes = 1, isolationLevel = this.#isolationLevel } = {}) {
    const answer = await this.#ask({
      ...{ maxWaitMs, minBytes, maxBytes, isolationLevel, sessionId: this.#id, sessionEpoch: this.#epoch },
      topics: asked([...this.#changed].map((key) => [key, this.positions.get(key) ?? 0] as const)),
      forgottenTopicsData: this.#forgotten.map((key) => ({ topic: split(key).topic, partitions: [split(key).partition] })),
    });
    expect(answer.errorCode).toBe(Errors.NONE);
    this.#id = answer.sessionId;
    this.#epoch = this.#id === 0 ? 0 : this.#epoch + 1;
    this.#changed = this.#id === 0 ? new Set(this.positions.keys()) : new Set();
    this.#forgotten = [];
    return toldOf(answer);
  }

  /** What a Fetch without a session says at these positions. */
  async fetchAll({ maxBytes = PLENTY } = {}) {
    const answer = await this.#ask({
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes, isolationLevel: this.#isolationLevel, sessionId: 0, sessionEpoch: -1 },
      topics: asked([...this.positions]),
    });
    return toldOf(answer);
  }

  /** On a connection of its own: nothing else can be asked on it while it waits. */
  async #ask(body: Parameters<typeof askFetch>[1]) {
    this.#connection ??= await RawClient.connect(this.#port);
    return askFetch(this.#connection, body);
  }
}

async function askFetch(client: RawClient, body: Encodable<FetchRequest>) {
  const answer = await client.call(messages.fetch, VERSION, body);
  if (answer === undefined) throw new Error("the broker closed the connection");
  return answer;
}

function split(key: string): { topic: string; partition: number } {
  const [topic = "", partition] = key.split(" ");
  return { topic, partition: Number(partition) };
}

function asked(positions: readonly (readonly [string, number])[]) {
  return positions.map(([key, fetchOffset]) => {
    const { topic, partition } = split(key);
    return { topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: PLENTY }] };
  });
}

type FetchRequest = typeof messages.fetch extends Api<infer Q, infer _R> ? Q : never;
type Answer = Awaited<ReturnType<typeof askFetch>>;

function toldOf(answer: Answer): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const { topic, partitions } of answer.responses) {
    for (const each of partitions) {
      const { errorCode, highWatermark, logStartOffset, abortedTransactions, records } = each;
      const bytes = Buffer.isBuffer(records) ? records : Buffer.concat([...(records ?? [])]);
      told.set(`${topic} ${each.partitionIndex}`, { errorCode, highWatermark, logStartOffset, abortedTransactions, records: bytes });
    }
  }
  return told;
}

interface Told {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: unknown;
  readonly records: Buffer;
}

/** Waits until a Fetch waits. */
async function untilWaiting(waits: { readonly mock: { readonly calls: readonly unknown[] } }): Promise<void> {
  const before = waits.mock.calls.length;
  await vi.waitFor(() => expect(waits.mock.calls.length).toBeGreaterThan(before), PATIENTLY);
}

/** The offset after the last whole batch. */
function endOf(records: Buffer): number | undefined {
  let end: number | undefined;
  for (let at = 0; at + 61 <= records.length; at += 12 + records.readInt32BE(at + 8))
    end = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + 23) + 1;
  return end;
}

afterEach(() => vi.restoreAllMocks());

describe("a session of 5000 partitions", () => {
  const MANY = 5000;

  async function idleSession(topic: string): Promise<SessionClient> {
    await started().createTopic(topic, { partitions: MANY });
    const client = new SessionClient();
    for (let partition = 0; partition < MANY; partition++) client.moveTo(topic, partition, 0);
    expect((await client.fetch()).size).toBe(MANY);
    expect((await client.fetch()).size).toBe(0);
    return client;
  }

  test("looks at none when the wait is over, and at the one that was appended to when it is woken", async () => {
    const client = await idleSession("many");
    const looks = vi.spyOn(Partition.prototype, "readableUntil");
    expect((await client.fetch({ maxWaitMs: 20 })).size).toBe(0);
    expect(looks).toHaveBeenCalledTimes(0);
    const waits = vi.spyOn(FetchSession.prototype, "watch");
    const waiting = client.fetch({ maxWaitMs: 30_000 });
    await untilWaiting(waits);
    await started().append("many", 4711, 1);
    const told = await waiting;
    expect([...told.keys()]).toEqual(["many 4711"]);
    client.moveTo("many", 4711, endOf(told.get("many 4711")?.records ?? Buffer.alloc(0)) ?? -1);
    expect((await client.fetch()).size).toBe(0);
    expect(looks.mock.calls.length).toBeLessThanOrEqual(10);
  });

  test("waits for so many bytes as all that changed have together", async () => {
    const client = await idleSession("sum");
    const waiting = client.fetch({ maxWaitMs: 30_000, minBytes: 200 });
    for (const partition of [3000, 1, 77, 4999]) await started().append("sum", partition, 1);
    const told = await waiting;
    const bytes = [...told.values()].reduce((sum, { records }) => sum + records.length, 0);
    expect(bytes).toBeGreaterThanOrEqual(200);
    expect(told.size).toBeGreaterThan(1);
  });
});

test("partitions take turns when an answer has room for one batch, from the first incremental request on", async () => {
  await started().createTopic("turns", { partitions: 3 });
  for (const partition of [0, 1, 2]) for (let batch = 0; batch < 3; batch++) await started().append("turns", partition, 1);
  const client = new SessionClient();
  for (const partition of [0, 1, 2]) client.moveTo("turns", partition, 0);
  const order: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    for (const [key, { records }] of await client.fetch({ maxBytes: 1 })) {
      const end = endOf(records);
      if (end === undefined) continue;
      const { topic, partition } = split(key);
      order.push(partition);
      client.moveTo(topic, partition, end);
    }
  }
  expect(order).toEqual([0, 0, 1, 2, 0, 1, 2, 1, 2]);
});

test("a request that waits is refused when another took the session up meanwhile", async () => {
  await started().createTopic("overtaken");
  const [first, second] = [await RawClient.connect(started().broker.port), await RawClient.connect(started().broker.port)];
  const request = { maxWaitMs: 500, minBytes: 1, maxBytes: PLENTY };
  const { sessionId } = await askFetch(first, { ...request, sessionId: 0, sessionEpoch: 0, topics: asked([["overtaken 0", 0]]) });
  const waiting = askFetch(first, { ...request, sessionId, sessionEpoch: 1, topics: [] });
  await vi.waitFor(async () => {
    const overtaking = await askFetch(second, { ...request, maxWaitMs: 0, sessionId, sessionEpoch: 2, topics: [] });
    expect([overtaking.errorCode, overtaking.sessionId]).toEqual([Errors.NONE, sessionId]);
  }, PATIENTLY);
  const { errorCode, sessionId: told, responses } = await waiting;
  expect([errorCode, told, responses]).toEqual([Errors.INVALID_FETCH_SESSION_EPOCH, sessionId, []]);
});

describe("at random, a session says what a full Fetch says", () => {
  const TOPICS = ["ra", "rb"];
  const PARTITIONS = 4;
  const seeds = [1, 2, 3, 4, 5, 6];

  test.for(seeds.flatMap((seed) => [0, READ_COMMITTED].map((isolationLevel) => ({ seed, isolationLevel }))))(
    "seed $seed, isolation level $isolationLevel",
    { timeout: 30_000 },
    async ({ seed, isolationLevel }) => {
      const dice = new Dice(seed);
      const world = new World(dice);
      const topics = TOPICS.map((name) => `${name}-${seed}-${isolationLevel}`);
      for (const topic of topics) await started().createTopic(topic, { partitions: PARTITIONS });
      const client = new SessionClient({ isolationLevel });
      const known = new Map<string, Pick<Told, "highWatermark" | "logStartOffset">>();
      const all = topics.flatMap((topic) => Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })));
      for (const { topic, partition } of all) client.moveTo(topic, partition, 0);
      for (let step = 0; step < 60; step++) {
        for (let act = dice.between(0, 3); act > 0; act--) await world.act(dice.pick(all));
        const { topic, partition } = dice.pick(all);
        if (dice.chance(0.2)) {
          client.forget(topic, partition);
          known.delete(`${topic} ${partition}`);
        } else if (dice.chance(0.1)) client.moveTo(topic, partition, await world.startOf(topic, partition));
        else if (dice.chance(0.3)) client.moveTo(topic, partition, client.positions.get(`${topic} ${partition}`) ?? 0);
        const maxBytes = dice.chance(0.3) ? 100 : PLENTY;
        const told = await client.fetch({ maxBytes });
        const full = await client.fetchAll();
        for (const [key, expected] of full) compare(key, told.get(key), expected, { known: known.get(key), isCut: maxBytes < PLENTY });
        expect([...told.keys()].filter((key) => !full.has(key))).toEqual([]);
        for (const [key, { errorCode, highWatermark, logStartOffset, records }] of told) {
          known.set(key, { highWatermark, logStartOffset });
          const { topic, partition } = split(key);
          const end = endOf(records);
          if (end !== undefined) client.moveTo(topic, partition, end);
          else if (errorCode === Errors.OFFSET_OUT_OF_RANGE) client.moveTo(topic, partition, await world.startOf(topic, partition));
        }
      }
      await world.endAll();
    },
  );

  function compare(
    key: string,
    told: Told | undefined,
    expected: Told,
    { known, isCut }: { known: Pick<Told, "highWatermark" | "logStartOffset"> | undefined; isCut: boolean },
  ): void {
    const { records, ...facts } = expected;
    if (told === undefined) {
      if (!isCut) expect(records.length, `${key} has records that the session kept to itself`).toBe(0);
      const { errorCode, highWatermark, logStartOffset } = facts;
      expect({ key, errorCode, highWatermark, logStartOffset }).toEqual({ key, errorCode: Errors.NONE, ...known });
      return;
    }
    const { records: toldRecords, ...toldFacts } = told;
    if (!isCut) expect({ key, ...toldFacts }).toEqual({ key, ...facts });
    if (!isCut || toldRecords.length > 0)
      expect(toldRecords.equals(records.subarray(0, isCut ? toldRecords.length : undefined))).toBe(true);
  }
});

/** What happens to partitions meanwhile. */
class World {
  readonly #dice: Dice;
  readonly #open = new Map<string, { readonly id: string; readonly producerId: number; readonly producerEpoch: number }>();
  #producers = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  async act(at: { readonly topic: string; readonly partition: number }): Promise<void> {
    const chance = this.#dice.next();
    if (chance < 0.5) await started().append(at.topic, at.partition, this.#dice.between(1, 3));
    else if (chance < 0.65) await this.begin(at.topic, at.partition);
    else if (chance < 0.8) await this.#end(this.#open.keys().next().value, this.#dice.chance(0.5));
    else if (chance < 0.95) await this.#deleteRecords(at);
    else await this.#deleteTopic(at.topic);
  }

  async startOf(topic: string, partition: number): Promise<number> {
    return this.#offset(topic, partition, { timestamp: -2, isolationLevel: 0 });
  }

  async endAll(): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#end(key, false);
  }

  async begin(topic: string, partition: number): Promise<void> {
    const key = `${topic} ${partition}`;
    if (this.#open.has(key)) return;
    const id = `${key} ${++this.#producers}`;
    const none = { transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    await started().ask(messages.findCoordinator, { keyType: 1, coordinatorKeys: [id] });
    const { producerId, producerEpoch } = await vi.waitFor(async () => {
      const answer = await started().ask(messages.initProducerId, { transactionalId: id, ...none });
      expect(answer.errorCode).toBe(Errors.NONE);
      return answer;
    }, PATIENTLY);
    const options = { producerId, producerEpoch, baseSequence: 0, isTransactional: true, timestamp: Date.now() };
    const records = buildBatch([{ key: null, value: Buffer.from("in a transaction") }], options).bytes;
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    const answer = await started().ask(messages.produce, { transactionalId: id, acks: -1, timeoutMs: 1000, topicData }, 12);
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(Errors.NONE);
    this.#open.set(key, { id, producerId, producerEpoch });
  }

  async #end(key: string | undefined, committed: boolean): Promise<void> {
    const open = key === undefined ? undefined : this.#open.get(key);
    if (key === undefined || open === undefined) return;
    this.#open.delete(key);
    const { id, producerId, producerEpoch } = open;
    const answer = await started().ask(messages.endTxn, { transactionalId: id, producerId, producerEpoch, committed });
    expect(answer.errorCode).toBe(Errors.NONE);
    const { topic, partition } = split(key);
    // The marker is written later.
    await vi.waitFor(async () => {
      const end = await this.#offset(topic, partition, { timestamp: -1, isolationLevel: 0 });
      expect(await this.#offset(topic, partition, { timestamp: -1, isolationLevel: READ_COMMITTED })).toBe(end);
    }, PATIENTLY);
  }

  async #deleteRecords({ topic, partition }: { readonly topic: string; readonly partition: number }): Promise<void> {
    if (this.#open.has(`${topic} ${partition}`)) return;
    const [start, end] = [
      await this.startOf(topic, partition),
      await this.#offset(topic, partition, { timestamp: -1, isolationLevel: READ_COMMITTED }),
    ];
    const partitions = [{ partitionIndex: partition, offset: this.#dice.between(start, end) }];
    await started().ask(messages.deleteRecords, { topics: [{ name: topic, partitions }], timeoutMs: 1000 });
  }

  async #deleteTopic(topic: string): Promise<void> {
    for (const key of [...this.#open.keys()]) if (split(key).topic === topic) await this.#end(key, true);
    await started().ask(messages.deleteTopics, { topics: [{ name: topic, topicId: ZERO_UUID }], timeoutMs: 1000 }, 6);
    await started().createTopic(topic, { partitions: 4 });
  }

  async #offset(topic: string, partitionIndex: number, { timestamp, isolationLevel }: { timestamp: number; isolationLevel: number }) {
    const partitions = [{ partitionIndex, timestamp, currentLeaderEpoch: -1 }];
    const answer = await started().ask(messages.listOffsets, { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions }] }, 5);
    return Number(answer.topics[0]?.partitions[0]?.offset ?? -1);
  }
}

test("partitions that come into being, go, and come again are told of", async () => {
  const client = new SessionClient();
  await started().createTopic("grows", { partitions: 1 });
  client.moveTo("grows", 0, 0);
  client.moveTo("grows", 1, 0);
  const errors = async () => [...(await client.fetch())].map(([key, { errorCode }]) => [key, errorCode]);
  expect(await errors()).toEqual([
    ["grows 0", Errors.NONE],
    ["grows 1", Errors.UNKNOWN_TOPIC_OR_PARTITION],
  ]);
  expect(await errors()).toEqual([["grows 1", Errors.UNKNOWN_TOPIC_OR_PARTITION]]);
  await started().ask(messages.createPartitions, {
    topics: [{ name: "grows", count: 2, assignments: null }],
    timeoutMs: 1000,
    validateOnly: false,
  });
  expect(await errors()).toEqual([["grows 1", Errors.NONE]]);
  expect(await errors()).toEqual([]);
  const waits = vi.spyOn(FetchSession.prototype, "watch");
  const waiting = client.fetch({ maxWaitMs: 30_000 });
  await untilWaiting(waits);
  await started().ask(messages.deleteTopics, { topics: [{ name: "grows", topicId: ZERO_UUID }], timeoutMs: 1000 }, 6);
  expect([...(await waiting).values()].map(({ errorCode }) => errorCode)).toContain(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  await started().createTopic("grows", { partitions: 2 });
  expect(await errors()).toEqual([
    ["grows 0", Errors.NONE],
    ["grows 1", Errors.NONE],
  ]);
});

test("a session that reads committed records sees open transactions when it reads uncommitted ones from then on", async () => {
  const world = new World(new Dice(1));
  await started().createTopic("manner", { partitions: 1 });
  const client = new SessionClient({ isolationLevel: READ_COMMITTED });
  client.moveTo("manner", 0, 0);
  await client.fetch();
  await world.begin("manner", 0);
  expect([...(await client.fetch()).values()].map(({ highWatermark, records }) => [highWatermark, records.length])).toEqual([[1, 0]]);
  expect((await client.fetch()).size).toBe(0);
  expect((await client.fetch({ isolationLevel: 0 })).get("manner 0")?.records.length).toBeGreaterThan(0);
  await world.endAll();
});

test("a session with a follower hears of records, and that the broker holds no replica any more", async () => {
  await using cluster = await startCluster({ ...LONG_FETCHES, brokers: 2, topics: [{ name: "followed", replicationFactor: 2 }] });
  const [leader = 0, follower = 0] = cluster.topics.get("followed")?.partitions[0]?.replicas ?? [];
  const portOf = (id: number) => cluster.brokers.find((broker) => broker.id === id)?.port ?? 0;
  const client = new SessionClient({ port: portOf(follower) });
  client.moveTo("followed", 0, 0);
  const told = async (maxWaitMs = 0) =>
    [...(await client.fetch({ maxWaitMs })).values()].map((each) => [each.errorCode, each.highWatermark]);
  expect(await told()).toEqual([[Errors.NONE, 0]]);
  const waits = vi.spyOn(FetchSession.prototype, "watch");
  const waiting = told(30_000);
  await untilWaiting(waits);
  await cluster.produce("followed", "x");
  expect(await waiting).toEqual([[Errors.NONE, 1]]);
  client.moveTo("followed", 0, 1);
  expect(await told()).toEqual([]);
  const administrator = await RawClient.connect(portOf(leader));
  await administrator.call(messages.alterPartitionReassignments, 0, {
    timeoutMs: 1000,
    topics: [{ name: "followed", partitions: [{ partitionIndex: 0, replicas: [leader] }] }],
  });
  await vi.waitFor(async () => expect(await told()).toEqual([[Errors.NOT_LEADER_OR_FOLLOWER, -1]]), PATIENTLY);
  administrator.close();
});

test("a session that goes back reads again what it had read", async () => {
  await started().createTopic("again");
  await started().append("again", 0, 1);
  const client = new SessionClient();
  client.moveTo("again", 0, 1);
  expect((await client.fetch()).get("again 0")?.records.length).toBe(0);
  expect((await client.fetch()).size).toBe(0);
  client.moveTo("again", 0, 0);
  expect((await client.fetch()).get("again 0")?.records.length).toBeGreaterThan(0);
});
