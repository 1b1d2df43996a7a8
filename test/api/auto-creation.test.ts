// Topics that come into being because a client asks for them.

import { expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { createTopics, findCoordinator, metadata } from "../../protocol/messages/index.ts";
import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { type ClusterOptions, startBroker, startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

/** The system's time, moved on by the test. */
class MovableClock implements Clock {
  readonly after = systemClock.after;
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  advance(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

async function connect(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port, "localhost");
  onTestFinished(() => client.close());
  return client;
}

/** What a client that may create topics hears of one. */
async function askFor(client: RawClient, name: string): Promise<number | undefined> {
  const answer = await client.call(metadata, 12, { topics: [{ name }], allowAutoTopicCreation: true });
  const [topic] = answer?.topics ?? [];
  if (topic?.errorCode === Errors.NONE) expect(topic.partitions[0]?.leaderId).toBeGreaterThan(0);
  return topic?.errorCode;
}

async function coordinatorError(client: RawClient, keyType: number): Promise<number | undefined> {
  const answer = await client.call(findCoordinator, 4, { keyType, coordinatorKeys: ["key"] });
  return answer?.coordinators[0]?.errorCode;
}

async function clusterOnMovableClock(options: ClusterOptions = {}) {
  const clock = new MovableClock();
  const cluster = await startCluster({ brokers: 3, clock, topics: ["orders"], ...options });
  onTestFinished(() => cluster.stop());
  const clients = await Promise.all(cluster.brokers.map(({ port }) => connect(port)));
  const [client] = clients;
  if (client === undefined) throw new Error("a cluster has brokers");
  return { clock, cluster, client, clients };
}

test("a topic that a client asks for is there in the answer, and its coordinator in the first answer", async () => {
  await using broker = await startBroker();
  const client = await connect(broker.port);
  expect(await askFor(client, "orders")).toBe(Errors.NONE);
  expect(await coordinatorError(client, 0)).toBe(Errors.NONE);
  expect(await coordinatorError(client, 1)).toBe(Errors.NONE);
});

test("where the answer does not tell what it created, as with Kafka's delays, the next one does", async () => {
  await using broker = await startBroker({ settings: { "odradek.auto.create.answers.created": false } });
  const client = await connect(broker.port);
  expect(await askFor(client, "orders")).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  expect(await askFor(client, "orders")).toBe(Errors.NONE);
  for (const keyType of [0, 1]) {
    expect(await coordinatorError(client, keyType)).toBe(Errors.COORDINATOR_NOT_AVAILABLE);
    expect(await coordinatorError(client, keyType)).toBe(Errors.NONE);
  }
});

test("a topic that was just deleted is not made anew by who asks any broker for it, until a second has passed", async () => {
  const { clock, cluster, clients } = await clusterOnMovableClock();
  await cluster.topics.delete("orders");
  for (const client of clients) expect(await askFor(client, "orders")).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  clock.advance(999);
  expect(cluster.topics.list()).toEqual([]);
  clock.advance(1000);
  for (const client of clients) expect(await askFor(client, "orders")).toBe(Errors.NONE);
});

test("a topic that was just deleted is created at once by who says so", async () => {
  const { cluster, client } = await clusterOnMovableClock({ topics: ["orders", "shipments"] });
  await cluster.topics.delete("orders", "shipments");
  const created = await client.call(createTopics, 7, {
    topics: [{ name: "orders", numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
  });
  expect(created?.topics[0]?.errorCode).toBe(Errors.NONE);
  expect(await askFor(client, "orders")).toBe(Errors.NONE);
  await cluster.topics.create("shipments");
  expect(await askFor(client, "shipments")).toBe(Errors.NONE);
  await cluster.topics.delete("shipments");
  expect(await askFor(client, "shipments")).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
});

test("where deletions are not remembered, as with Kafka's delays, a topic is made anew by the next who asks for it", async () => {
  const { cluster, client } = await clusterOnMovableClock({ settings: { "odradek.auto.create.after.deletion.ms": 0 } });
  await cluster.topics.delete("orders");
  expect(await askFor(client, "orders")).toBe(Errors.NONE);
  expect(cluster.topics.list()).toEqual(["orders"]);
});
