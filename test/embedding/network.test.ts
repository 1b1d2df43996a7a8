// A network that is cut between brokers, as clients on both sides feel it. What a broker does that is cut off was seen on Apache Kafka 4.3.1
// with the two other brokers of three stopped in their tracks; differences are told in src/faults/cut-off-broker.ts.

import { expect, onTestFinished, test } from "vitest";
import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import type { RunningBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { clusterWith, consume, failureOf, producerFor } from "./clients.ts";

const ORDERS = { name: "orders", partitions: 6 };
const ALL = -1;
const TRANSACTION_STATE = "__transaction_state";
const TRANSACTIONAL = { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 };

async function clientOf(cluster: RunningBroker, brokerId: number): Promise<RawClient> {
  const client = await RawClient.connect(cluster.brokers.find(({ id }) => id === brokerId)?.port ?? 0);
  onTestFinished(() => client.close());
  return client;
}

function partitionsOf(cluster: RunningBroker, topic: string) {
  return cluster.topics.get(topic)?.partitions ?? [];
}

/** The first partition that the broker leads. */
function ledBy(cluster: RunningBroker, topic: string, brokerId: number): number {
  return partitionsOf(cluster, topic).findIndex(({ leader }) => leader === brokerId);
}

async function produce(client: RawClient, topic: string, index: number, { acks, timeoutMs = 50 }: { acks: number; timeoutMs?: number }) {
  const records = buildBatch([{ key: null, value: Buffer.from("x") }], { timestamp: Date.now() }).bytes;
  const topicData = [{ name: topic, partitionData: [{ index, records }] }];
  const answer = await client.call(messages.produce, 9, { acks, timeoutMs, topicData });
  const partition = answer?.responses[0]?.partitionResponses[0];
  return { error: errorName((partition?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR) as ErrorCode), baseOffset: partition?.baseOffset };
}

test("what the cut-off side led and coordinated goes to the others, clients go on there, and healing restores the replicas", async () => {
  const cluster = await clusterWith({ topics: [ORDERS] });
  const producer = await producerFor(cluster);
  const { seen } = await consume(cluster, "g", "orders");
  await cluster.until.stable("g", { members: 1 });
  await cluster.faults.moveCoordinator("g", 1);
  const cut = await cluster.faults.partitionNetwork([1], [2, 3]);
  expect(partitionsOf(cluster, "orders").every(({ leader, inSyncReplicas }) => leader > 1 && !inSyncReplicas.includes(1))).toBe(true);
  // A client that asks the broker that is cut off hears of its old leaders, and of the new ones only from the others.
  await producer.disconnect();
  const { bootstrapServers } = cluster;
  const brokers = bootstrapServers.split(",").slice(1);
  const onMajority = await producerFor(cluster, {}, { brokers });
  for (let partition = 0; partition < 6; partition++)
    await onMajority.send({ topic: "orders", messages: [{ partition, value: `${partition}` }] });
  await cut.heal();
  expect(partitionsOf(cluster, "orders").every(({ inSyncReplicas }) => inSyncReplicas.includes(1))).toBe(true);
  await cluster.until.consumed({ group: "g", topic: "orders", timeoutMs: 15_000 });
  // What was consumed and not yet committed when the coordinator went may come again.
  expect([...new Set(seen)].toSorted()).toEqual(["0", "1", "2", "3", "4", "5"]);
});

test("a broker that is cut off tells old leaders, lets acks=all run out of time, and acknowledges acks=1 what is lost", async () => {
  const cluster = await clusterWith({ topics: [ORDERS] });
  const index = ledBy(cluster, "orders", 1);
  await cluster.produce("orders", { partition: index, value: "before" });
  const client = await clientOf(cluster, 1);
  const cut = await cluster.faults.partitionNetwork([2, 3], [1]);
  const told = await client.call(messages.metadata, 8, { topics: [{ name: "orders" }], allowAutoTopicCreation: true });
  expect(told?.brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3]);
  expect(told?.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === index)).toMatchObject({
    leaderId: 1,
    isrNodes: partitionsOf(cluster, "orders")[index]?.replicas,
  });
  expect(await produce(client, "orders", index, { acks: ALL })).toMatchObject({ error: "REQUEST_TIMED_OUT" });
  expect(await produce(client, "orders", index, { acks: 1 })).toEqual({ error: "NONE", baseOffset: 1 });
  expect(await produce(client, "orders", index, { acks: 1 })).toEqual({ error: "NONE", baseOffset: 2 });
  const topics = [{ topic: "orders", partitions: [{ partition: index, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
  const fetched = await client.call(messages.fetch, 11, { maxWaitMs: 0, minBytes: 1, topics });
  expect(fetched?.responses[0]?.partitions[0]?.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
  await cluster.produce("orders", { partition: index, value: "on the other side" });
  const waiting = produce(client, "orders", index, { acks: ALL, timeoutMs: 60_000 });
  await cut.heal();
  expect(await waiting).toMatchObject({ error: "NOT_LEADER_OR_FOLLOWER" });
  expect((await cluster.read("orders")).map(({ value }) => value)).toEqual(["before", "on the other side"]);
  const after = await client.call(messages.metadata, 8, { topics: [{ name: "orders" }], allowAutoTopicCreation: true });
  expect(after?.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === index)?.leaderId).toBeGreaterThan(1);
});

test("a producer whose only broker is cut off gives up, and a partition without replicas elsewhere is served on as before", async () => {
  const cluster = await clusterWith({ topics: [ORDERS, { name: "alone", partitions: 3, replicationFactor: 1 }] });
  const [broker] = cluster.brokers;
  const producer = await producerFor(cluster, {}, { brokers: [broker?.address ?? ""], retry: { retries: 1, initialRetryTime: 10 } });
  const [partition, alone] = [ledBy(cluster, "orders", 1), ledBy(cluster, "alone", 1)];
  await using cut = await cluster.faults.partitionNetwork([1], [2, 3]);
  const sending = producer.send({ topic: "orders", acks: ALL, timeout: 50, messages: [{ partition, value: "x" }] });
  expect(await failureOf(sending)).toContain("The request timed out");
  expect(partitionsOf(cluster, "alone")[alone]?.leader).toBe(-1);
  await producer.send({ topic: "alone", acks: ALL, messages: [{ partition: alone, value: "kept" }] });
  await cut.heal();
  expect(partitionsOf(cluster, "alone")[alone]?.leader).toBe(1);
  expect((await cluster.read("alone")).map(({ value }) => value)).toEqual(["kept"]);
});

test("the majority refuses acks=all where too few replicas are left, and takes it again when the network is whole", async () => {
  const cluster = await clusterWith({ topics: [{ name: "strict", replicationFactor: 3, configs: { "min.insync.replicas": "3" } }] });
  const producer = await producerFor(cluster, {}, { brokers: cluster.bootstrapServers.split(",").slice(1), retry: { retries: 0 } });
  await cluster.faults.moveLeader("strict", 0, 2);
  await producer.send({ topic: "strict", messages: [{ value: "a" }] });
  const cut = await cluster.faults.partitionNetwork([1], [2, 3]);
  expect(await failureOf(producer.send({ topic: "strict", messages: [{ value: "b" }] }))).toContain("fewer in-sync replicas");
  await cut.heal();
  await producer.send({ topic: "strict", messages: [{ value: "c" }] });
  expect((await cluster.read("strict")).map(({ value }) => value)).toEqual(["a", "c"]);
});

test("a transaction waits for the marker of a partition on the side that is cut off", async () => {
  const cluster = await clusterWith({ topics: [{ name: "alone", partitions: 3, replicationFactor: 1 }] });
  const producer = await producerFor(cluster, TRANSACTIONAL);
  const transaction = await producer.transaction();
  await transaction.send({ topic: "alone", messages: [{ partition: ledBy(cluster, "alone", 1), value: "a" }] });
  const cut = await cluster.faults.partitionNetwork([1], [2, 3]);
  await transaction.commit();
  expect(await cluster.read("alone")).toEqual([]);
  await cut.heal();
  expect((await cluster.until.records("alone", 1)).map(({ value }) => value)).toEqual(["a"]);
});

test("a coordinator that is cut off cannot end a transaction on the other side", async () => {
  const cluster = await clusterWith({ topics: [ORDERS], settings: { "transaction.state.log.replication.factor": 1 } });
  const client = await clientOf(cluster, 1);
  await client.call(messages.findCoordinator, 2, { key: "tx", keyType: 1 });
  await cluster.faults.moveLeader(TRANSACTION_STATE, partitionFor("tx", partitionsOf(cluster, TRANSACTION_STATE).length), 1);
  const producer = await producerFor(cluster, TRANSACTIONAL);
  const transaction = await producer.transaction();
  await transaction.send({ topic: "orders", messages: [{ partition: ledBy(cluster, "orders", 2), value: "a" }] });
  const cut = await cluster.faults.partitionNetwork([1], [2, 3]);
  const refused = new Promise<void>((resolve) =>
    cluster.on("request", ({ api, broker }) => api === "WriteTxnMarkers" && broker === 2 && resolve()),
  );
  await transaction.commit();
  await refused;
  expect(await cluster.read("orders")).toEqual([]);
  await cut.heal();
  expect((await cluster.until.records("orders", 1)).map(({ value }) => value)).toEqual(["a"]);
});

test("a cut needs two sides of brokers that are there, and a broker that is cut off cannot be started anew", async () => {
  const cluster = await clusterWith({});
  const { faults } = cluster;
  await expect(faults.partitionNetwork([1], [4])).rejects.toThrow("broker 4 is not there");
  await expect(faults.partitionNetwork([1], [1, 2])).rejects.toThrow("two sides");
  await expect(faults.partitionNetwork([1], [])).rejects.toThrow("two sides");
  const cut = await faults.partitionNetwork([1], [2, 3]);
  await expect(cluster.restartBroker(1)).rejects.toThrow("cut off");
  await cut.heal();
  await cut.heal();
  await cluster.restartBroker(1);
  expect(cluster.brokers).toHaveLength(3);
});
