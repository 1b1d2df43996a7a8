// Every wait: that it waits, and that one that fails says what stands in the way. The clients are real.

import { expect, onTestFinished, test } from "vitest";
import { startBroker } from "../../src/index.ts";
import { clusterWith, consume, failureOf, kafkaFor, producerFor } from "./clients.ts";

async function brokerWith(...topics: string[]) {
  const broker = await startBroker({ topics });
  onTestFinished(() => broker.stop());
  return broker;
}

const soon = { timeoutMs: 200 };

test("until.records waits for so many records, or for one that fits, and gives them", async () => {
  const broker = await brokerWith();
  const waiting = broker.until.records("orders", 2);
  const fitting = broker.until.records<{ id: number }>("orders", ({ value }) => value?.id === 2, { decode: "json" });
  const producer = await producerFor(broker);
  await producer.send({ topic: "orders", messages: [{ key: "a", value: '{"id":1}', headers: { trace: "x" } }] });
  await producer.send({ topic: "orders", messages: [{ key: "b", value: '{"id":2}' }] });
  expect((await waiting).map(({ key, headers }) => [key, headers])).toEqual([
    ["a", { trace: "x" }],
    ["b", {}],
  ]);
  expect((await fitting)[0]).toMatchObject({ topic: "orders", offset: 1, value: { id: 2 } });
});

test("until.records says that there is no topic, no record, too few, or that a transaction is open", async () => {
  const broker = await brokerWith("empty", "few", "open");
  expect(await failureOf(broker.until.records("none", 1, soon))).toContain("There is no topic none");
  expect(await failureOf(broker.until.records("empty", 1, soon))).toContain("The topic is empty");
  await broker.produce("few", { key: "k", value: "v" });
  expect(await failureOf(broker.until.records("few", 2, soon))).toContain('There are 1; the last: few-0@0 key "k" value "v"');
  const producer = await producerFor(broker, { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: "open", messages: [{ value: "v" }] });
  expect(await failureOf(broker.until.records("open", 1, soon))).toContain("a transaction that is still open");
  await transaction.commit();
  await broker.until.records("open", 1);
});

test("until.consumed and until.caughtUp wait for the commit", async () => {
  const broker = await brokerWith("orders");
  await broker.produce("orders", ["a", "b"]);
  const { seen } = await consume(broker, "g", "orders");
  const group = await broker.until.consumed({ group: "g", topic: "orders" });
  expect(seen).toEqual(["a", "b"]);
  expect(group).toMatchObject({ id: "g", lag: 0, members: [{ clientId: "consumer", assignment: [{ topic: "orders", partitions: [0] }] }] });
  await broker.produce("orders", "c");
  expect((await broker.until.caughtUp("g")).offsets).toEqual([{ topic: "orders", partition: 0, committed: 3, end: 3, lag: 0 }]);
});

test("a wait for consumption says: not produced, no group", async () => {
  const broker = await brokerWith("empty");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "none", ...soon }))).toContain(
    "There is no topic none: nothing was produced to it",
  );
  await broker.topics.create("orders");
  await broker.produce("orders", "a");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toContain("There is no group g");
  expect(await failureOf(broker.until.caughtUp("g", soon))).toContain("There is no group g");
});

test("it says: the group has no members", async () => {
  const broker = await brokerWith("orders");
  await broker.produce("orders", "a");
  const { consumer } = await consume(broker, "g", "orders");
  await broker.until.consumed({ group: "g", topic: "orders" });
  await consumer.disconnect();
  await broker.produce("orders", "b");
  const said = await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }));
  expect(said).toContain("Group g has no members");
  expect(said).toContain("record 1 is not committed (committed up to 1, the end is 2)");
});

test("it says: rebalancing", async () => {
  const broker = await brokerWith("orders");
  await broker.produce("orders", "a");
  const held = broker.faults.on("SyncGroup").hold();
  const consuming = consume(broker, "g", "orders");
  await held.arrived();
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toContain(
    "Group g is rebalancing (CompletingRebalance)",
  );
  expect(await failureOf(broker.until.stable("g", soon))).toContain("It is CompletingRebalance, with 1 members");
  held.release();
  await broker.until.stable("g", { members: 1 });
  await consuming;
});

test("it says: no member is assigned the partition", async () => {
  const broker = await brokerWith("orders", "other");
  await broker.produce("orders", "a");
  await consume(broker, "g", "other");
  await broker.until.stable("g");
  const said = await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }));
  expect(said).toContain("no member is assigned it");
  expect(said).toContain("other 0");
});

test("it says: paused, or busy", async () => {
  const broker = await brokerWith("orders");
  const { consumer } = await consume(broker, "g", "orders");
  await broker.until.stable("g");
  await broker.produce("orders", "a");
  await broker.until.consumed({ group: "g", topic: "orders" });
  consumer.pause([{ topic: "orders" }]);
  await broker.produce("orders", "b");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", timeoutMs: 1500 }))).toMatch(
    /has not asked for it for \d+ ms: it is paused/,
  );
  consumer.resume([{ topic: "orders" }]);
  await broker.until.consumed({ group: "g", topic: "orders" });
});

test("it says: delivered, and not committed", async () => {
  const broker = await brokerWith("orders");
  await broker.produce("orders", "a");
  const { seen } = await consume(broker, "g", "orders", { autoCommit: false });
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", timeoutMs: 500 }))).toContain(
    "has fetched up to 1: it was delivered, and the commit is missing",
  );
  expect(seen).toEqual(["a"]);
});

test("it says: the consumer began past the record", async () => {
  const broker = await brokerWith("orders");
  await broker.produce("orders", "a");
  await consume(broker, "g", "orders", { fromBeginning: false });
  await broker.until.stable("g");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", timeoutMs: 500 }))).toContain(
    "began at offset 1, past it: its offset was reset to the latest",
  );
});

test("it says: hidden by an open transaction", async () => {
  const broker = await brokerWith("orders");
  const producer = await producerFor(broker, { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: "orders", messages: [{ value: "a" }] });
  const { seen } = await consume(broker, "g", "orders");
  await broker.until.stable("g");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", timeoutMs: 500 }))).toContain(
    "belongs to a transaction that is still open",
  );
  expect(await failureOf(broker.until.idle(soon))).toContain("The transaction of tx is open (Ongoing)");
  await transaction.commit();
  await broker.until.consumed({ group: "g", topic: "orders" });
  expect(seen).toEqual(["a"]);
});

test("it says: nobody leads the partition", async () => {
  const cluster = await clusterWith({ brokers: 2, topics: [{ name: "orders", replicationFactor: 1 }] });
  await cluster.produce("orders", "a");
  await consume(cluster, "g", "orders");
  await cluster.until.consumed({ group: "g", topic: "orders" });
  await cluster.produce("orders", "b");
  await cluster.stopBroker(cluster.topics.get("orders")?.partitions[0]?.leader ?? 0);
  expect(await failureOf(cluster.until.consumed({ group: "g", topic: "orders", ...soon }))).toMatch(
    /There is no topic|nobody leads|Nothing was produced/,
  );
});

test("until.stable waits for the members that are given", async () => {
  const broker = await brokerWith("orders");
  await consume(broker, "g", "orders");
  expect(await failureOf(broker.until.stable("g", { members: 2, ...soon }))).toContain(
    "Waited 200 ms for group g to be stable with 2 members",
  );
  await consume(broker, "g", "orders", { clientId: "second" });
  expect((await broker.until.stable("g", { members: 2 })).members.map(({ clientId }) => clientId).sort()).toEqual(["consumer", "second"]);
  expect(await failureOf(broker.until.stable("none", soon))).toContain("There is no group none. There are g.");
});

test("until.idle waits for requests in flight and for groups that lag", async () => {
  const broker = await brokerWith("orders");
  await broker.until.idle();
  const held = broker.faults.on("Produce").hold();
  const producer = await producerFor(broker);
  const sending = producer.send({ topic: "orders", messages: [{ value: "a" }] });
  await held.arrived();
  expect(await failureOf(broker.until.idle(soon))).toContain("1 requests are in flight");
  held.release();
  await sending;
  let finish = () => {};
  const handling = new Promise<void>((handled) => {
    const handle = () => {
      handled();
      return new Promise<void>((resolve) => (finish = resolve));
    };
    void consume(broker, "g", "orders", { handle });
  });
  await handling;
  expect(await failureOf(broker.until.idle(soon))).toContain("Group g lags: it has not committed orders-0@0");
  finish();
  await broker.until.idle();
});

test("events tell of requests, batches, commits, generations, topics and leaders", async () => {
  const broker = await brokerWith();
  const told: unknown[] = [];
  broker.on("topicCreated", ({ topic, partitions }) => told.push(["created", topic, partitions]));
  broker.on("topicDeleted", ({ topic }) => told.push(["deleted", topic]));
  broker.on("produce", ({ topic, partition, baseOffset, clientId }) => told.push(["produce", topic, partition, baseOffset, clientId]));
  broker.on("commit", ({ group, topic, offset }) => told.push(["commit", group, topic, offset]));
  broker.on("rebalance", ({ group, generation, members }) => told.push(["rebalance", group, generation, members.length]));
  const apis = new Set<string>();
  const stopListening = broker.on("request", ({ api }) => apis.add(api));
  const producer = await producerFor(broker);
  await producer.send({ topic: "orders", messages: [{ value: "a" }] });
  await consume(broker, "g", "orders");
  await broker.until.consumed({ group: "g", topic: "orders" });
  stopListening();
  const admin = kafkaFor(broker).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await admin.createTopics({ topics: [{ topic: "short", numPartitions: 2 }] });
  await admin.deleteTopics({ topics: ["short"] });
  expect(told).toEqual([
    ["created", "orders", 1],
    ["produce", "orders", 0, 0, "test"],
    ["rebalance", "g", 1, 1],
    ["commit", "g", "orders", 1],
    ["created", "short", 2],
    ["deleted", "short"],
  ]);
  expect([...apis]).toEqual(
    expect.arrayContaining(["ApiVersions", "Metadata", "Produce", "JoinGroup", "SyncGroup", "Fetch", "OffsetCommit"]),
  );
});

test("events tell of members that come and go, and of brokers", async () => {
  const cluster = await clusterWith({ brokers: 2, topics: ["orders"] });
  const told: unknown[] = [];
  cluster.on("join", ({ group, clientId, generation }) => told.push(["join", group, clientId, generation]));
  cluster.on("leave", ({ group }) => told.push(["leave", group]));
  cluster.on("brokerStarted", ({ broker }) => told.push(["started", broker]));
  cluster.on("brokerStopped", ({ broker }) => told.push(["stopped", broker]));
  cluster.on("leaderChanged", ({ topic, leader }) => topic === "orders" && told.push(["leads", leader]));
  const { consumer } = await consume(cluster, "g", "orders");
  await cluster.until.stable("g", { members: 1 });
  await consumer.disconnect();
  expect(told).toEqual([
    ["join", "g", "consumer", 1],
    ["leave", "g"],
  ]);
  told.length = 0;
  const { leader = 0 } = cluster.topics.get("orders")?.partitions[0] ?? {};
  await cluster.stopBroker(leader);
  await cluster.restartBroker(leader);
  expect(told).toEqual([
    ["stopped", leader],
    ["leads", 3 - leader],
    ["started", leader],
  ]);
});

test("a wait of one's own looks until it finds, and else explains", async () => {
  const broker = await brokerWith("orders");
  const producer = await producerFor(broker);
  const look = async () => (await broker.read("orders"))[1];
  const explain = async () => `there are ${(await broker.read("orders")).length}`;
  expect(await failureOf(broker.until.until({ what: "a second record", look, explain, ...soon }))).toBe(
    "Waited 200 ms for a second record.\nthere are 0",
  );
  const waiting = broker.until.until({ what: "a second record", look, explain });
  for (const value of ["a", "b"]) await producer.send({ topic: "orders", messages: [{ value }] });
  expect((await waiting).value).toBe("b");
});

test("topics are made, grown, cleared and deleted; records are read from, until and as one likes", async () => {
  const broker = await brokerWith();
  await broker.topics.create("a", { name: "b", partitions: 2, configs: { "cleanup.policy": "compact" } });
  await broker.topics.addPartitions("a", 3);
  expect(broker.topics.list()).toEqual(["a", "b"]);
  expect(broker.topics.get("a")?.partitions).toHaveLength(3);
  const at = Date.now() - 5000;
  await broker.produce("a", [
    { value: "old", partition: 0, timestamp: at },
    { value: { n: 1 }, partition: 0 },
    { key: "k", value: null, partition: 1 },
  ]);
  expect((await broker.read("a", { from: new Date(at + 1) })).map(({ value }) => value)).toEqual(['{"n":1}', null]);
  expect((await broker.read("a", { partition: 0, from: 1, decode: "json" })).map(({ value }) => value)).toEqual([{ n: 1 }]);
  expect((await broker.read("a", { until: 1 })).map(({ offset, value }) => [offset, value])).toEqual([
    [0, "old"],
    [0, null],
  ]);
  expect((await broker.read("a", { partition: 0, decode: (value) => value.length })).map(({ value }) => value)).toEqual([3, 7]);
  await broker.topics.clear("a");
  expect(await broker.read("a")).toEqual([]);
  expect(await broker.produce("a", { value: "next", partition: 0 })).toEqual([{ topic: "a", partition: 0, offset: 2 }]);
  await broker.topics.delete("a", "b");
  expect(broker.topics.list()).toEqual([]);
  await expect(broker.topics.delete("a")).rejects.toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  await expect(broker.topics.create("bad name")).rejects.toMatchObject({ name: "BrokerError", code: "INVALID_TOPIC_EXCEPTION" });
  await expect(broker.read("a")).rejects.toThrow("there is no topic a");
});
