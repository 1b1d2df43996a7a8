// A cluster in the test's process: brokers are stopped, killed, restarted, added and removed while kafkajs works with it, in an order that
// a seed decides. What was acknowledged with acks=all is there; groups go on.

import { expect, test } from "vitest";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import { type ClientEvent, complaintsAbout, History } from "../interop/cluster-history.ts";
import { startKafkajsWorkload } from "../interop/cluster-kafkajs.ts";
import { planSteps } from "../interop/cluster-plan.ts";
import { runScenario } from "../interop/cluster-scenario.ts";
import { startOdradekCluster } from "../interop/cluster-under-test.ts";
import { clusterWith, failureOf, kafkaFor, producerFor } from "./clients.ts";

const SEED = Number(process.env["ODRADEK_SEED"] ?? 1);

test(`nothing acknowledged is lost, the group goes on and transactions are whole while brokers come and go (seed ${SEED})`, async () => {
  const outcome = await runScenario({
    seed: SEED,
    steps: 5,
    startCluster: () => startOdradekCluster({ isOnDisk: false }),
    startWorkload: startKafkajsWorkload,
  });
  expect(outcome.complaints, JSON.stringify(outcome.steps)).toEqual([]);
}, 120_000);

test("a plan is the same for the same seed, and never has more brokers away than a cluster bears", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const mostDown = 1 + (seed % 2);
    const plan = planSteps(seed, { steps: 12, mostDown });
    expect(planSteps(seed, { steps: 12, mostDown })).toEqual(plan);
    expect(plan.filter(({ does }) => does === "add")).toHaveLength(1);
    let down = 0;
    for (const { does } of plan) {
      down += does === "restart" ? -1 : does === "add" ? 0 : 1;
      expect(down).toBeGreaterThanOrEqual(0);
      expect(down).toBeLessThanOrEqual(mostDown);
    }
  }
});

const RIGHT: readonly ClientEvent[] = [
  { event: "sent", value: "idempotent k0 0", partition: 0, offset: 0 },
  { event: "sent", value: "idempotent k0 1", partition: 0, offset: 1 },
  { event: "assigned", member: "one", partitions: [0] },
  { event: "received", member: "one", partition: 0, offset: 0, value: "idempotent k0 0" },
  { event: "committed", member: "one", partition: 0, offset: 1 },
  { event: "received", member: "one", partition: 0, offset: 1, value: "idempotent k0 1" },
  { event: "transaction", number: 0, outcome: "committed" },
  { event: "transaction", number: 1, outcome: "aborted" },
];
const ORDERS = [["idempotent k0 0", "idempotent k0 1"]];
const LEDGER = [["0 a"], ["0 b"]];

test.each<[string, readonly ClientEvent[], string[][], string[][], RegExp | undefined]>([
  ["all is well", RIGHT, ORDERS, LEDGER, undefined],
  ["a record is lost", RIGHT, [["idempotent k0 0"]], LEDGER, /idempotent k0 1 was acknowledged at 0\/1 and is lost/],
  ["a record is elsewhere", RIGHT, [["idempotent k0 1", "idempotent k0 0"]], LEDGER, /was acknowledged at 0\/0, where/],
  ["records of a key changed places", RIGHT, [["idempotent k0 1", "idempotent k0 0"]], LEDGER, /comes after number 1 of its key/],
  ["a record is there twice", RIGHT, [["idempotent k0 0", "idempotent k0 1", "idempotent k0 1"]], LEDGER, /is there again at 0\/2/],
  ["the group has not read all", RIGHT.filter((_, index) => index !== 5), ORDERS, LEDGER, /has read 1 of 2/],
  ["the group has left one out", RIGHT.filter((_, index) => index !== 3), ORDERS, LEDGER, /given 0\/1 when the group had come to 0/],
  ["a commit is lost", [...RIGHT, ...RIGHT.slice(2, 4)], ORDERS, LEDGER, /began at 0\/0 although 1 was committed/],
  ["half of a transaction is there", RIGHT, ORDERS, [["0 a"], []], /transaction 0 was told as committed/],
  [
    "an aborted transaction is there",
    RIGHT,
    ORDERS,
    [
      ["0 a", "1 b"],
      ["0 b", "1 a"],
    ],
    /transaction 1 was told as aborted/,
  ],
  ["a client ended", [...RIGHT, { event: "died", who: "one", error: "E" }], ORDERS, LEDGER, /one ended: E/],
])("the checker of the scenario tells when %s", (_, events, orders, ledger, complaint) => {
  const history = new History();
  for (const event of events) history.tell(event);
  const logOf = (topic: string[][]) => topic.map((values) => values.map((value, offset) => ({ offset, value })));
  const complaints = complaintsAbout(history, { orders: logOf(orders), ledger: logOf(ledger) });
  if (complaint === undefined) expect(complaints).toEqual([]);
  else expect(complaints.join("\n")).toMatch(complaint);
});

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
