// Quotas of clients, felt on the wire: throttle times are those that Apache Kafka 4.3.1 gives for the same requests, and connections are not heard
// for as long, by the clock of the broker.

import { describe, expect, onTestFinished, test } from "vitest";
import { encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { PEER_HELLO } from "../../src/cluster/peer-proof.ts";
import { type ClusterOptions, startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

const CREATE_STRICT = 7;
const CREATE_PERMISSIVE = 5;
const QUOTA_EXCEEDED = 89;
const CLIENT = [{ entityType: "client-id", entityName: "app" }];
const ANY_CLIENT = [{ entityType: "client-id", entityName: null }];

async function brokerWith(options: ClusterOptions = {}) {
  const clock = new VirtualClock();
  const broker = await startCluster({ clock, brokers: 1, topics: ["orders"], ...options });
  onTestFinished(() => broker.stop());
  const client = async (clientId: string, port = broker.port) => {
    const connected = await RawClient.connect(port, "127.0.0.1", clientId);
    onTestFinished(() => connected.close());
    return connected;
  };
  const admin = await client("admin");
  const limit = async (values: Readonly<Record<string, number | null>>, entity: readonly Entity[] = CLIENT) => {
    const ops = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }));
    const answer = await admin.call(messages.alterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false });
    expect(answer?.entries.map(({ errorCode }) => errorCode)).toEqual([0]);
  };
  return { broker, clock, client, limit };
}

type Entity = { readonly entityType: string; readonly entityName: string | null };

function produceBody(bytes: number, acks = 1, index = 0) {
  const records = buildBatch([{ key: null, value: Buffer.alloc(bytes, "v") }], { timestamp: 1_700_000_000_000 }).bytes;
  return { transactionalId: null, acks, timeoutMs: 1000, topicData: [{ name: "orders", partitionData: [{ index, records }] }] };
}

/** Without the length in front. */
function requestBytes(body: ReturnType<typeof produceBody>, clientId = "app"): number {
  return Buffer.concat(encodeRequest(messages.produce, 9, { correlationId: 1, clientId }, body)).length - 4;
}

async function produce(client: RawClient, bytes: number, index = 0): Promise<number | undefined> {
  const answer = await client.call(messages.produce, 9, produceBody(bytes, 1, index));
  expect(answer?.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
  return answer?.throttleTimeMs;
}

function fetchBody(session: { readonly sessionId: number; readonly sessionEpoch: number } = { sessionId: 0, sessionEpoch: -1 }) {
  const partition = { partition: 0, fetchOffset: 0, logStartOffset: -1, partitionMaxBytes: 1_000_000 };
  const topics = session.sessionEpoch > 0 ? [] : [{ topic: "orders", partitions: [partition] }];
  return { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, ...session, topics, forgottenTopicsData: [] };
}

/** Asks something, and sees whether it is answered while the clock stands still. */
async function ask(client: RawClient, other: RawClient) {
  let isHeard = false;
  const answer = client.call(messages.apiVersions, 0, {}).then((answered) => {
    isHeard = answered !== undefined;
    return isHeard;
  });
  for (let count = 0; count < 3; count++) await other.call(messages.apiVersions, 0, {});
  return { isHeard, answer };
}

/** A clock by which every look takes time. */
class SlowClock extends VirtualClock {
  #lookedMs = 0;

  elapsed(): number {
    this.#lookedMs += 5;
    return this.#lookedMs;
  }

  /** A look is longer than a slice of the event loop: what is left of it comes in the next turn. */
  soon(action: () => void): { cancel(): void } {
    const handle = setImmediate(action);
    return { cancel: () => clearImmediate(handle) };
  }
}

describe("producer_byte_rate", () => {
  test("a request is counted as long as it was sent, answered at once, and the connection is not heard for the time that it was told", async () => {
    const { clock, client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 1000 });
    const [producer, other] = [await client("app"), await client("other")];
    const sizeBytes = requestBytes(produceBody(10_100));
    // Ten whole windows of a second without anything, and the one that has begun.
    expect(await produce(producer, 10_100)).toBe(sizeBytes - 10_000);
    const asked = await ask(producer, other);
    expect(asked.isHeard).toBe(false);
    await clock.advance(sizeBytes - 10_001);
    expect(await Promise.race([asked.answer, ask(other, other)])).toMatchObject({ isHeard: true });
    await clock.advance(1);
    expect(await asked.answer).toBe(true);
  });

  test("without an answer the connection is not heard either, and who is below the limit is", async () => {
    const { clock, client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 1000 });
    const [producer, other] = [await client("app"), await client("other")];
    producer.send(messages.produce, 9, produceBody(5000, 0));
    expect((await ask(producer, other)).isHeard).toBe(true);
    producer.send(messages.produce, 9, produceBody(6000, 0));
    const asked = await ask(producer, other);
    expect(asked.isHeard).toBe(false);
    await clock.advance(requestBytes(produceBody(5000, 0)) + requestBytes(produceBody(6000, 0)) - 10_000);
    expect(await asked.answer).toBe(true);
  });

  test("what was sent behind a request that is too much is not looked at before the time is over", async () => {
    const { broker, clock, client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 1000 });
    const producer = await client("app");
    for (let count = 0; count < 3; count++) producer.send(messages.produce, 9, produceBody(10_100));
    await producer.next();
    expect(await broker.read("orders")).toHaveLength(1);
    const second = producer.next();
    await clock.advance(requestBytes(produceBody(10_100)) - 10_000);
    expect(await second).toBeDefined();
    expect(await broker.read("orders")).toHaveLength(2);
  });

  test("clients of one id share their limit, whatever their connections; others have their own", async () => {
    const { client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 1000 }, ANY_CLIENT);
    expect(await produce(await client("app"), 9000)).toBe(0);
    expect(await produce(await client("app"), 9000)).toBeGreaterThan(8000);
    expect(await produce(await client("other"), 9000)).toBe(0);
  });

  test("with quota.window.num and quota.window.size.seconds the windows are others", async () => {
    const settings = { "quota.window.num": 3, "quota.window.size.seconds": 2 };
    const { client, limit } = await brokerWith({ settings });
    await limit({ producer_byte_rate: 1000 });
    expect(await produce(await client("app"), 4100)).toBe(requestBytes(produceBody(4100)) - 4000);
  });
});

describe("consumer_byte_rate", () => {
  test("over the limit the answer is empty and does not count, and the session goes on as if nothing had been asked", async () => {
    const { clock, client, limit } = await brokerWith();
    const producer = await client("other");
    await produce(producer, 6000);
    await limit({ consumer_byte_rate: 1000 });
    const consumer = await client("app");
    const first = await consumer.call(messages.fetch, 12, fetchBody({ sessionId: 0, sessionEpoch: 0 }));
    expect(first).toMatchObject({ throttleTimeMs: 0, responses: [{ topic: "orders" }] });
    const sessionId = first?.sessionId ?? 0;
    expect(sessionId).not.toBe(0);
    const over = await consumer.call(messages.fetch, 12, fetchBody({ sessionId, sessionEpoch: 1 }));
    expect(over).toMatchObject({ errorCode: 0, sessionId, responses: [] });
    expect(over?.throttleTimeMs).toBeGreaterThan(2000);
    const going = consumer.call(messages.fetch, 12, fetchBody({ sessionId, sessionEpoch: 2 }));
    await clock.advance(over?.throttleTimeMs ?? 0);
    expect(await going).toMatchObject({ sessionId, responses: [] });
    // By then the first answer is out of the windows.
    await clock.advance(9000);
    const next = await consumer.call(messages.fetch, 12, fetchBody({ sessionId, sessionEpoch: 3 }));
    expect(next).toMatchObject({ throttleTimeMs: 0, errorCode: 0, sessionId });
    expect(next?.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(6000);
  });

  test("an answer over the limit opens no session", async () => {
    const { client, limit } = await brokerWith();
    await produce(await client("other"), 6000);
    await limit({ consumer_byte_rate: 100 });
    const answer = await (await client("app")).call(messages.fetch, 12, fetchBody({ sessionId: 0, sessionEpoch: 0 }));
    expect(answer).toMatchObject({ sessionId: 0, responses: [] });
    expect(answer?.throttleTimeMs).toBeGreaterThan(50_000);
  });

  test("no more is read than the limit allows when nothing was fetched before", async () => {
    const { client, limit } = await brokerWith();
    const producer = await client("other");
    for (let count = 0; count < 4; count++) await produce(producer, 3000);
    await limit({ consumer_byte_rate: 700 });
    const answer = await (await client("app")).call(messages.fetch, 12, fetchBody());
    expect(answer?.throttleTimeMs).toBe(0);
    expect(answer?.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(6000);
    expect(answer?.responses[0]?.partitions[0]?.records?.length).toBeLessThan(7000);
  });
});

describe("request_percentage", () => {
  test("counts the time that requests take, for a window at most, whether or not their answer can tell it", async () => {
    const clock = new SlowClock();
    const { client, limit } = await brokerWith({ clock });
    const [asker, other] = [await client("app"), await client("other")];
    // Five milliseconds are half a percent of a second, and a twentieth of a percent of the ten that count.
    await limit({ request_percentage: 0.048 });
    const told = await asker.call(messages.listOffsets, 5, { replicaId: -1, topics: [] });
    expect(told?.throttleTimeMs).toBe(Math.round(((0.05 - 0.048) / 0.048) * 10_000));
    await limit({ request_percentage: 0.001 });
    const heard = asker.call(messages.metadata, 1, { topics: [] });
    await clock.advance(told?.throttleTimeMs ?? 0);
    expect(await heard).toBeDefined();
    const asked = await ask(asker, other);
    expect(asked.isHeard).toBe(false);
    await clock.advance(1000);
    expect(await asked.answer).toBe(true);
  });

  test("does not count what producers want no answer to, nor markers of transactions", async () => {
    const { client, limit } = await brokerWith({ clock: new SlowClock() });
    const [asker, other] = [await client("app"), await client("other")];
    await limit({ request_percentage: 0.001 });
    asker.send(messages.produce, 9, produceBody(10, 0));
    await asker.call(messages.writeTxnMarkers, 1, { markers: [] });
    expect((await ask(asker, other)).isHeard).toBe(true);
    expect((await ask(asker, other)).isHeard).toBe(false);
  });
});

test("a broker that is about to prove itself is not limited as a client", async () => {
  const { client, limit } = await brokerWith({ clock: new SlowClock() });
  await limit({ request_percentage: 0.0001 }, [{ entityType: "client-id", entityName: "broker-2" }]);
  const [peer, other] = [await client("broker-2"), await client("other")];
  await peer.call(messages.saslAuthenticate, 2, { authBytes: PEER_HELLO });
  expect((await ask(peer, other)).isHeard).toBe(true);
  expect((await ask(peer, other)).isHeard).toBe(false);
});

describe("controller_mutation_rate", () => {
  async function create(client: RawClient, name: string, partitions: number, version = CREATE_STRICT, validateOnly = false) {
    const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] };
    const answer = await client.call(messages.createTopics, version, { topics: [topic], timeoutMs: 1000, validateOnly });
    const [created] = answer?.topics ?? [];
    return [created?.errorCode, created?.errorMessage, answer?.throttleTimeMs];
  }

  test("grants what there are tokens for, and what overdraws them, then refuses until they are back", async () => {
    const { clock, client, limit } = await brokerWith();
    await limit({ controller_mutation_rate: 1 });
    const one = await client("app");
    expect(await create(one, "a", 14)).toEqual([0, null, 0]);
    expect(await create(one, "b", 1)).toEqual([QUOTA_EXCEEDED, null, 3000]);
    // A connection of its own is heard.
    expect(await create(await client("app"), "b", 1, CREATE_STRICT, true)).toEqual([QUOTA_EXCEEDED, null, 3000]);
    await clock.advance(2999);
    expect(await create(await client("app"), "b", 1)).toEqual([QUOTA_EXCEEDED, null, 1]);
    await clock.advance(1);
    expect(await create(one, "b", 1)).toEqual([0, null, 0]);
  });

  test("counts what is only validated, and refuses other mistakes first", async () => {
    const { client, limit } = await brokerWith();
    await limit({ controller_mutation_rate: 1 });
    const one = await client("app");
    expect(await create(one, "a", 12, CREATE_STRICT, true)).toEqual([0, null, 0]);
    expect(await create(one, "bad name", 1)).toMatchObject([17, expect.any(String), 0]);
    expect(await create(one, "a", 1)).toEqual([QUOTA_EXCEEDED, null, 1000]);
  });

  test("of clients that know no such refusal, grants and holds off", async () => {
    const { client, limit } = await brokerWith();
    await limit({ controller_mutation_rate: 1 });
    expect(await create(await client("app"), "a", 14, CREATE_PERMISSIVE)).toEqual([0, null, 3000]);
    expect(await create(await client("app"), "b", 2, CREATE_PERMISSIVE)).toEqual([0, null, 5000]);
  });

  test("limits added partitions, deletions and topics that are made when they are asked for", async () => {
    const { client, limit } = await brokerWith();
    await limit({ controller_mutation_rate: 1 });
    const one = await client("app");
    await create(one, "a", 12);
    const added = await one.call(messages.createPartitions, 3, {
      topics: [{ name: "a", count: 13, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    });
    expect(added).toMatchObject({ throttleTimeMs: 1000, results: [{ errorCode: QUOTA_EXCEEDED, errorMessage: null }] });
    const two = await client("app");
    const deleted = await two.call(messages.deleteTopics, 5, { topicNames: ["a", "missing"], timeoutMs: 1000 });
    expect(deleted?.throttleTimeMs).toBe(1000);
    expect(deleted?.responses.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage])).toEqual([
      ["a", QUOTA_EXCEEDED, null],
      ["missing", 3, expect.any(String)],
    ]);
    const asked = await (await client("app")).call(messages.metadata, 9, { topics: [{ name: "new" }], allowAutoTopicCreation: true });
    expect(asked).toMatchObject({ throttleTimeMs: 0, topics: [{ name: "new", errorCode: 3 }] });
  });
});

describe("limits that are altered", () => {
  test("hold from the next request on, and what was used before counts", async () => {
    const { client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 1000 }, ANY_CLIENT);
    await limit({ producer_byte_rate: 1_000_000 });
    const producer = await client("app");
    expect(await produce(producer, 20_000)).toBe(0);
    await limit({ producer_byte_rate: 2000 });
    expect(await produce(producer, 10)).toBeGreaterThan(0);
  });

  test("are gone when they are removed, also the default", async () => {
    const { client, limit } = await brokerWith();
    await limit({ producer_byte_rate: 100 });
    await limit({ producer_byte_rate: 10 }, ANY_CLIENT);
    const one = await client("app");
    const times = [await produce(one, 1000)];
    await limit({ producer_byte_rate: null });
    const two = await client("app");
    times.push(await produce(two, 1));
    await limit({ producer_byte_rate: null }, ANY_CLIENT);
    times.push(await produce(await client("app"), 1000));
    expect(times).toEqual([expect.any(Number), expect.any(Number), 0]);
    expect(times[0]).toBeGreaterThan(0);
    expect(times[1]).toBeGreaterThan(times[0] ?? 0);
  });

  test("of a user hold for who has logged in as the user", async () => {
    const { broker, limit } = await brokerWith();
    await limit({ producer_byte_rate: 100 }, [{ entityType: "user", entityName: "ANONYMOUS" }]);
    await limit({ producer_byte_rate: 1 }, [{ entityType: "user", entityName: "alice" }]);
    const client = await RawClient.connect(broker.port);
    onTestFinished(() => client.close());
    expect(await produce(client, 2000)).toBe((requestBytes(produceBody(2000), "raw") - 1000) * 10);
  });
});

test("each broker of a cluster counts for itself", async () => {
  const { broker, client, limit } = await brokerWith({ brokers: 2, topics: [{ name: "orders", partitions: 2 }] });
  await limit({ producer_byte_rate: 1000 });
  const times: (number | undefined)[] = [];
  for (const [index, { leader }] of broker.topics.get("orders")?.partitions.entries() ?? []) {
    const producer = await client("app", broker.brokers.find(({ id }) => id === leader)?.port);
    times.push(await produce(producer, 9000, index), await produce(producer, 9000, index));
  }
  expect(times).toEqual([0, expect.any(Number), 0, expect.any(Number)]);
});
