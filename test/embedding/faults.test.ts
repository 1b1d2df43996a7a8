// Every fault, felt by an unmodified client.

import { expect, onTestFinished, test } from "vitest";
import * as messages from "../../protocol/messages/index.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { type StartOptions, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { clusterWith, consume, failureOf, kafkaFor, producerFor } from "./clients.ts";

async function brokerWith(options: StartOptions = { topics: ["orders", "other"] }) {
  const broker = await startBroker(options);
  onTestFinished(() => broker.stop());
  return broker;
}

const message = { topic: "orders", messages: [{ key: "k", value: "v" }] };

test("an error is answered as often as it was ordered, and the producer gets over it", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker);
  const fault = broker.faults.on("Produce").where({ topic: "orders" }).error("NOT_LEADER_OR_FOLLOWER").times(2);
  await producer.send(message);
  expect(fault.requests.map(({ api, clientId }) => [api, clientId])).toEqual([
    ["Produce", "test"],
    ["Produce", "test"],
  ]);
  expect(await broker.read("orders")).toHaveLength(1);
});

test("only what fits the filter is struck, by topic, client and group", async () => {
  const broker = await brokerWith();
  const one = await producerFor(broker, {}, { clientId: "one", retry: { retries: 0 } });
  const two = await producerFor(broker, {}, { clientId: "two", retry: { retries: 0 } });
  broker.faults.on("Produce").where({ topic: "orders", clientId: "one" }).error("NOT_ENOUGH_REPLICAS");
  expect(await failureOf(one.send(message))).toContain("Messages are rejected since there are fewer in-sync replicas than required");
  await one.send({ ...message, topic: "other" });
  await two.send(message);
  const commits = broker.faults.on("OffsetCommit").where({ group: "unlucky" }).error("UNKNOWN_MEMBER_ID").times(1);
  await broker.produce("other", "x");
  await consume(broker, "lucky", "other");
  await broker.until.consumed({ group: "lucky", topic: "other" });
  expect(commits.count).toBe(0);
  await consume(broker, "unlucky", "other");
  await commits.arrived();
  await broker.until.consumed({ group: "unlucky", topic: "other" });
});

test("of a request about several topics only the part that fits fails", async () => {
  const broker = await brokerWith();
  const client = await RawClient.connect(broker.port);
  onTestFinished(() => client.close());
  broker.faults.on("ListOffsets").where({ topic: "orders" }).error("LEADER_NOT_AVAILABLE").times(1);
  const partitions = [{ partitionIndex: 0, timestamp: -1 }];
  const topics = ["orders", "other"].map((name) => ({ name, partitions }));
  const answer = await client.call(messages.listOffsets, 5, { replicaId: -1, topics });
  expect(answer?.topics.map(({ name, partitions: [partition] }) => [name, partition?.errorCode]).sort()).toEqual([
    ["orders", 5],
    ["other", 0],
  ]);
});

test("of a topic only the partition that fits fails", async () => {
  const broker = await brokerWith({ topics: [{ name: "orders", partitions: 3 }] });
  const producer = await producerFor(broker, {}, { retry: { retries: 0 } });
  const fault = broker.faults.on("Produce").where({ topic: "orders", partition: 1 }).error("NOT_ENOUGH_REPLICAS").times(1);
  const messages = [0, 1, 2].map((partition) => ({ partition, value: String(partition) }));
  expect(await failureOf(producer.send({ topic: "orders", messages }))).toContain("fewer in-sync replicas");
  expect((await broker.read("orders")).map(({ partition }) => partition)).toEqual([0, 2]);
  await producer.send({ topic: "orders", messages: messages.slice(1, 2) });
  expect([fault.count, (await broker.read("orders")).length]).toEqual([1, 3]);
});

test("only what fits the filter is struck, by transactional id and by broker", async () => {
  const cluster = await clusterWith({ brokers: 2, topics: [{ name: "orders", partitions: 2 }] });
  const transactional = { idempotent: true, maxInFlightRequests: 1 };
  const lucky = await producerFor(cluster, { ...transactional, transactionalId: "lucky" });
  const unlucky = await producerFor(cluster, { ...transactional, transactionalId: "unlucky" }, { retry: { retries: 1 } });
  cluster.faults.on("EndTxn").where({ transactionalId: "unlucky" }).error("INVALID_TXN_STATE");
  for (const [producer, outcome] of [
    [lucky, /nothing failed/],
    [unlucky, /transaction/i],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "orders", messages: [{ value: "v" }] });
    expect(await failureOf(transaction.commit())).toMatch(outcome);
  }
  const plain = await producerFor(cluster);
  const atTwo = cluster.faults.on("Produce").where({ broker: 2 }).error("NOT_LEADER_OR_FOLLOWER").times(1);
  await plain.send({ topic: "orders", messages: [0, 1].map((partition) => ({ partition, value: "v" })) });
  expect(atTwo.requests.map(({ broker }) => broker)).toEqual([2]);
});

test("a consumer that is told of another leader asks for metadata and goes on", async () => {
  const broker = await brokerWith();
  const { seen } = await consume(broker, "g", "orders");
  await broker.until.stable("g");
  const fault = broker.faults.on("Fetch").where({ topic: "orders" }).error("NOT_LEADER_OR_FOLLOWER").times(2);
  await fault.arrived(2);
  await broker.produce("orders", "after");
  await broker.until.consumed({ group: "g", topic: "orders" });
  expect(seen).toEqual(["after"]);
});

test("an incremental fetch session goes on after a fault", async () => {
  const broker = await brokerWith();
  const client = await RawClient.connect(broker.port);
  onTestFinished(() => client.close());
  const ask = (
    sessionId: number,
    sessionEpoch: number,
    topics: { topic: string; partitions: { partition: number; fetchOffset: number; partitionMaxBytes: number }[] }[],
  ) => client.call(messages.fetch, 12, { maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics });
  const opened = await ask(0, 0, [{ topic: "orders", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }]);
  const sessionId = opened?.sessionId ?? 0;
  expect(sessionId).toBeGreaterThan(0);
  broker.faults.on("Fetch").where({ topic: "orders" }).error("KAFKA_STORAGE_ERROR").times(1);
  const struck = await ask(sessionId, 1, []);
  expect([struck?.errorCode, struck?.sessionId, struck?.responses[0]?.partitions[0]?.errorCode]).toEqual([0, sessionId, 56]);
  const next = await ask(sessionId, 2, []);
  expect([next?.errorCode, next?.responses[0]?.partitions[0]?.errorCode ?? 0]).toEqual([0, 0]);
});

test("a topic that metadata refuses is refused to the client, which still knows the brokers", async () => {
  const broker = await brokerWith();
  broker.faults.on("Metadata").where({ topic: "orders" }).error("TOPIC_AUTHORIZATION_FAILED");
  const admin = kafkaFor(broker, { retry: { retries: 0 } }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  expect(await failureOf(admin.fetchTopicMetadata({ topics: ["orders"] }))).toContain("Not authorized to access topics");
  expect((await admin.fetchTopicMetadata({ topics: ["other"] })).topics).toHaveLength(1);
});

test("a delay makes the client wait", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker);
  broker.faults.on("Produce").delay(150).times(1);
  const began = performance.now();
  await producer.send(message);
  expect(performance.now() - began).toBeGreaterThan(140);
});

test("a request that is dropped times out, and the client tries again", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker, {}, { requestTimeout: 300 });
  const fault = broker.faults.on("Produce").drop().times(1);
  await producer.send(message);
  expect(fault.count).toBe(1);
  expect(await broker.read("orders")).toHaveLength(1);
});

test("an answer that is dropped after the effect makes a producer send twice", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker, {}, { requestTimeout: 300 });
  broker.faults.on("Produce").drop("after").times(1);
  await producer.send(message);
  expect(await broker.read("orders")).toHaveLength(2);
});

test("a connection that ends after the effect makes a producer send twice, and an idempotent one only once in effect", async () => {
  const broker = await brokerWith();
  const plain = await producerFor(broker);
  broker.faults.on("Produce").disconnect("after").times(1);
  await plain.send(message);
  expect(await broker.read("orders")).toHaveLength(2);
  const idempotent = await producerFor(broker, { idempotent: true });
  broker.faults.on("Produce").disconnect("after").times(1);
  await idempotent.send({ ...message, topic: "other" });
  expect(await broker.read("other")).toHaveLength(1);
});

test("a connection that ends before the effect leaves nothing behind", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker, {}, { retry: { retries: 0 } });
  broker.faults.on("Produce").disconnect().times(1);
  expect(await failureOf(producer.send(message))).not.toBe("nothing failed");
  expect(await broker.read("orders")).toEqual([]);
});

test("a throttled client is answered at once, and not heard until the time that it was told is over", async () => {
  const clock = new VirtualClock();
  const broker = await brokerWith({ topics: ["orders"], clock });
  const [client, other] = await Promise.all([RawClient.connect(broker.port), RawClient.connect(broker.port)]);
  onTestFinished(() => client.close());
  onTestFinished(() => other.close());
  const ask = (one: RawClient) => one.call(messages.listOffsets, 5, { replicaId: -1, topics: [] });
  broker.faults.on("ListOffsets").throttle(1234).times(1);
  expect((await ask(client))?.throttleTimeMs).toBe(1234);
  let isHeard = false;
  const asking = ask(client).then((answer) => {
    isHeard = true;
    return answer;
  });
  expect((await ask(other))?.throttleTimeMs).toBe(0);
  await clock.advance(1233);
  expect((await ask(other))?.throttleTimeMs).toBe(0);
  expect(isHeard).toBe(false);
  await clock.advance(1);
  expect((await asking)?.throttleTimeMs).toBe(0);
});

test("a producer that is throttled sends its next batch later", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker);
  broker.faults.on("Produce").throttle(200).times(1);
  await producer.send(message);
  const began = performance.now();
  await producer.send(message);
  expect(performance.now() - began).toBeGreaterThan(150);
  expect(await broker.read("orders")).toHaveLength(2);
});

test("a request that is held waits until the test lets it go", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker);
  const held = broker.faults.on("Produce").hold();
  const sending = producer.send(message);
  const [request] = await held.arrived();
  expect(request).toMatchObject({ api: "Produce", clientId: "test" });
  expect(await broker.read("orders")).toEqual([]);
  held.release();
  await sending;
  expect(await broker.read("orders")).toHaveLength(1);
});

test("a fault that strikes by chance does so again with the same seed", async () => {
  const strikes = async (seed: number) => {
    const broker = await brokerWith();
    const client = await RawClient.connect(broker.port);
    broker.faults.on("Heartbeat").error("REBALANCE_IN_PROGRESS").probability(0.5, seed);
    const outcome: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const answer = await client.call(messages.heartbeat, 3, { groupId: "g", generationId: 1, memberId: "m", groupInstanceId: null });
      outcome.push(answer?.errorCode ?? -1);
    }
    client.close();
    return outcome;
  };
  const first = await strikes(7);
  expect(new Set(first)).toEqual(new Set([27, 16]));
  expect(await strikes(7)).toEqual(first);
  expect(await strikes(8)).not.toEqual(first);
});

test("a fault may let some requests pass first, and is data", async () => {
  const broker = await brokerWith();
  const fault = broker.faults.add({
    api: "Produce",
    where: { topic: "orders" },
    action: { type: "error", error: "NOT_ENOUGH_REPLICAS" },
    after: 1,
    times: 1,
  });
  expect(JSON.parse(JSON.stringify(broker.faults.rules))).toEqual([fault.rule]);
  const producer = await producerFor(broker, {}, { retry: { retries: 0 } });
  await producer.send(message);
  expect(await failureOf(producer.send(message))).toContain("fewer in-sync replicas");
  await producer.send(message);
  broker.faults.clear();
  expect(broker.faults.rules).toEqual([]);
});

test("what no answer can say is refused, and what this version cannot say does not strike", async () => {
  const broker = await brokerWith();
  const { faults } = broker;
  expect(() => faults.add({ api: "Fetchh", action: { type: "hold" } })).toThrow("there is no API Fetchh");
  expect(() => faults.add({ api: "Fetch", action: { type: "error", error: "NOPE" } })).toThrow("there is no error NOPE");
  expect(() => faults.on("Produce").error("MEMBER_ID_REQUIRED")).toThrow("never carries it");
  expect(() => faults.on("Fetch").hold().times(-1)).toThrow("whole number");
  faults.clear();
  const fault = faults.on("ListOffsets").error("FENCED_LEADER_EPOCH");
  const client = await RawClient.connect(broker.port);
  onTestFinished(() => client.close());
  const topics = [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
  expect((await client.call(messages.listOffsets, 3, { replicaId: -1, topics }))?.topics[0]?.partitions[0]?.errorCode).toBe(0);
  expect([...fault.skipped]).toEqual(["ListOffsets carries it from version 4 on, and this is version 3"]);
  expect((await client.call(messages.listOffsets, 4, { replicaId: -1, topics }))?.topics[0]?.partitions[0]?.errorCode).toBe(74);
});

test("a full disk is told to the producer, and once there is room the broker goes on", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(broker, {}, { retry: { retries: 0 } });
  await producer.send(message);
  const full = broker.faults.fullDisk();
  expect(await failureOf(producer.send(message))).toContain("Disk error");
  await full.heal();
  await producer.send(message);
  expect(await broker.read("orders")).toHaveLength(2);
});

test("on a slow disk what must be on disk takes longer", async () => {
  const broker = await brokerWith({ topics: [{ name: "orders", configs: { "flush.messages": "1" } }] });
  const producer = await producerFor(broker);
  await producer.send(message);
  broker.faults.slowDisk(200);
  const began = performance.now();
  await producer.send(message);
  expect(performance.now() - began).toBeGreaterThan(190);
});

test("a member that is expired comes back, and a group that is told to rebalance does", async () => {
  const broker = await brokerWith();
  const { consumer } = await consume(broker, "g", "orders");
  const before = await broker.until.stable("g", { members: 1 });
  const rejoined = new Promise<void>((resolve) => consumer.on("consumer.group_join", () => resolve()));
  await broker.faults.expireMember("g", before.members[0]?.id);
  await rejoined;
  const after = await broker.until.stable("g", { members: 1 });
  expect(after.members[0]?.id).not.toBe(before.members[0]?.id);
  const rebalanced = new Promise<number>((resolve) => broker.on("rebalance", ({ generation }) => resolve(generation)));
  await broker.faults.rebalance("g");
  expect(await rebalanced).toBeGreaterThan(1);
  expect((await broker.until.stable("g", { members: 1 })).members[0]?.id).toBe(after.members[0]?.id);
  await expect(broker.faults.expireMember("nobody")).rejects.toThrow("has no member");
});

test("a producer that is fenced cannot commit, and its transaction is aborted", async () => {
  const broker = await brokerWith();
  const producer = await producerFor(
    broker,
    { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 },
    { retry: { retries: 2 } },
  );
  const transaction = await producer.transaction();
  await transaction.send(message);
  await broker.faults.fenceProducer("tx");
  expect(await failureOf(transaction.commit())).not.toBe("nothing failed");
  expect(await broker.read("orders")).toEqual([]);
});

test("leaders and coordinators move, and clients follow", async () => {
  const cluster = await clusterWith({ topics: [{ name: "orders", partitions: 1 }] });
  const producer = await producerFor(cluster);
  const { seen } = await consume(cluster, "g", "orders");
  await producer.send(message);
  await cluster.until.consumed({ group: "g", topic: "orders" });
  const before = cluster.topics.get("orders")?.partitions[0]?.leader;
  const leader = await cluster.faults.moveLeader("orders", 0);
  expect(leader).not.toBe(before);
  expect(await cluster.faults.moveLeader("orders", 0, before)).toBe(before);
  await cluster.faults.moveCoordinator("g");
  await producer.send(message);
  // A consumer that joins its new coordinator as a new member waits for the session of the one that it was.
  await cluster.until.consumed({ group: "g", topic: "orders", timeoutMs: 15_000 });
  expect(seen.length).toBeGreaterThanOrEqual(2);
  await expect(cluster.faults.moveLeader("nothing", 0)).rejects.toThrow("there is no partition nothing-0");
});
