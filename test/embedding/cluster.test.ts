// A cluster in the test's process: brokers are stopped, killed, restarted, added and removed while kafkajs works with it, in an order that
// a seed decides. What was acknowledged with acks=all is there; groups go on.

import { expect, test } from "vitest";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import { SeededChance } from "../../src/faults/seeded-chance.ts";
import { clusterWith, consume, failureOf, kafkaFor, producerFor } from "./clients.ts";

const SEED = Number(process.env["ODRADEK_SEED"] ?? 1);

test(`nothing acknowledged is lost and the group goes on while brokers come and go (seed ${SEED})`, async () => {
  const chance = new SeededChance(SEED);
  const cluster = await clusterWith({ topics: [{ name: "orders", partitions: 6 }] });
  const producer = await producerFor(cluster);
  const { seen } = await consume(cluster, "g", "orders");
  const acknowledged: string[] = [];
  let isOver = false;
  const producing = (async () => {
    for (let number = 0; !isOver; number++) {
      const value = String(number);
      const isSent = await producer.send({ topic: "orders", acks: -1, messages: [{ key: value, value }] }).then(
        () => true,
        () => false,
      );
      if (isSent) acknowledged.push(value);
    }
  })();
  const down: number[] = [];
  for (let step = 0; step < 12; step++) {
    const ids = cluster.brokers.map(({ id }) => id);
    const one = ids[Math.floor(chance.next() * ids.length)] ?? 1;
    const what = chance.next();
    if (down.length > 0 && (what < 0.4 || ids.length <= 2)) await cluster.restartBroker(down.shift() ?? 0);
    else if (what < 0.5 && ids.length < 5) await cluster.addBroker();
    else {
      await (what < 0.75 ? cluster.killBroker(one) : cluster.stopBroker(one));
      down.push(one);
    }
    const count = acknowledged.length;
    await cluster.until.until({
      what: `produces after step ${step}`,
      timeoutMs: 10_000,
      look: async () => (acknowledged.length > count + 5 ? true : undefined),
      explain: async () => JSON.stringify(cluster.topics.get("orders")?.partitions),
    });
  }
  isOver = true;
  await producing;
  const stored = new Set((await cluster.read("orders")).map(({ value }) => value));
  expect(acknowledged.filter((value) => !stored.has(value))).toEqual([]);
  for (const id of down) await cluster.restartBroker(id);
  await cluster.until.consumed({ group: "g", topic: "orders", timeoutMs: 30_000 });
  const consumed = new Set(seen);
  expect(acknowledged.filter((value) => !consumed.has(value))).toEqual([]);
}, 90_000);

test("with one replica a partition is unavailable while its broker is away, and others go on", async () => {
  const cluster = await clusterWith({ topics: [{ name: "orders", partitions: 3, replicationFactor: 1 }] });
  const leader = cluster.topics.get("orders")?.partitions[0]?.leader ?? 0;
  const producer = await producerFor(cluster, {}, { retry: { retries: 2, initialRetryTime: 10 } });
  await cluster.killBroker(leader);
  expect(await failureOf(producer.send({ topic: "orders", messages: [{ partition: 0, value: "x" }] }))).toMatch(
    /leader|available|ECONNREFUSED|connection/i,
  );
  // kafkajs gives a topic up of which any partition has no leader; the others take records all the same.
  await cluster.produce("orders", { partition: 1, value: "x" });
  await cluster.restartBroker(leader);
  await producer.send({ topic: "orders", messages: [{ partition: 0, value: "x" }] });
  expect(await cluster.read("orders")).toHaveLength(2);
});

test("a transaction is finished by the client when its coordinator was stopped in between", async () => {
  const cluster = await clusterWith({ topics: [{ name: "orders", partitions: 3 }] });
  const producer = await producerFor(cluster, { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: "orders", messages: [{ key: "a", value: "1" }] });
  const coordinating = cluster.topics.get("__transaction_state")?.partitions[partitionFor("tx", 50)]?.leader ?? 0;
  await cluster.stopBroker(coordinating);
  await transaction.send({ topic: "orders", messages: [{ key: "b", value: "2" }] });
  await transaction.commit();
  expect((await cluster.until.records("orders", 2)).map(({ value }) => value).sort()).toEqual(["1", "2"]);
});

test("a broker that is removed is forgotten; one that is added is told to clients and given partitions", async () => {
  const cluster = await clusterWith({ brokers: 2, racks: ["a", "b"] });
  const added = await cluster.addBroker({ rack: "c" });
  expect(added).toMatchObject({ id: 3, rack: "c" });
  await cluster.removeBroker(1);
  const admin = kafkaFor(cluster).admin();
  await admin.connect();
  expect((await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId)).toEqual([2, 3]);
  await admin.disconnect();
  await cluster.topics.create({ name: "orders", partitions: 4, replicationFactor: 1 });
  expect(new Set(cluster.topics.get("orders")?.partitions.map(({ leader }) => leader))).toEqual(new Set([2, 3]));
});

test("leaders begin spread over the brokers, and events tell when they move", async () => {
  const cluster = await clusterWith({ topics: [{ name: "orders", partitions: 3 }] });
  const moved: number[] = [];
  cluster.on("leaderChanged", ({ topic, partition }) => topic === "orders" && moved.push(partition));
  const stopped: number[] = [];
  cluster.on("brokerStopped", ({ broker }) => stopped.push(broker));
  const led = cluster.topics.get("orders")?.partitions.findIndex(({ leader }) => leader === 2);
  expect(new Set(cluster.topics.get("orders")?.partitions.map(({ leader }) => leader)).size).toBe(3);
  await cluster.stopBroker(2);
  expect([moved, stopped]).toEqual([[led], [2]]);
});
