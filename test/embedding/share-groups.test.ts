// Share groups inside a test: members that share a topic, what the kit tells of their records, and locks that it ends.

import { afterEach, beforeEach, expect, test } from "vitest";
import { Brokers } from "../../src/client/brokers.ts";
import type { FetchedPartition } from "../../src/client/partition-fetch.ts";
import { ShareConsumer } from "../../src/client/share-consumer.ts";
import { Acknowledgement } from "../../src/client/share-session.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";

const TOPIC = "orders";
const GROUP = "shipping";

let broker: RunningBroker;
let brokers: Brokers;
const consumers: ShareConsumer[] = [];
const told: string[] = [];

beforeEach(async () => {
  broker = await startBroker({ topics: [TOPIC] });
  brokers = new Brokers(`127.0.0.1:${broker.port}`);
  told.length = 0;
  for (const kind of ["acquired", "accepted", "released", "archived"] as const)
    broker.on(kind, ({ firstOffset, lastOffset, deliveryCount }) => told.push(`${kind} ${firstOffset}-${lastOffset} x${deliveryCount}`));
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
  await brokers.close();
  await broker.stop();
});

function consumerOf(acknowledgement: Acknowledgement): ShareConsumer {
  const consumer = new ShareConsumer(brokers, { groupId: GROUP, topics: [TOPIC], acknowledgement, maxRecords: 500 });
  consumers.push(consumer);
  return consumer;
}

/** A member that has the topic, in which there is nothing for it yet. */
async function member(acknowledgement: Acknowledgement = Acknowledgement.ACCEPT): Promise<ShareConsumer> {
  const consumer = consumerOf(acknowledgement);
  while (!consumer.isReady) await consumer.poll(20);
  // The group begins at the end of the topic, with the first fetch.
  await consumer.poll(50);
  return consumer;
}

async function polled(consumer: ShareConsumer): Promise<FetchedPartition> {
  for (;;) {
    const [fetched] = await consumer.poll(500);
    if (fetched !== undefined) return fetched;
  }
}

function pass(consumer: ShareConsumer, { topic, partition, nextOffset }: FetchedPartition): void {
  consumer.passed({ topic, partition }, nextOffset);
}

test("the records of a member are others' when the test ends its lock", async () => {
  const [one, other] = [await member(), await member()];
  const both = [one, other].map(polled);
  await broker.produce(TOPIC, { value: "a" });
  const first = await Promise.race(both.map(async (fetched, index) => ({ fetched: await fetched, index })));
  expect(first.fetched.records.map(({ value, deliveryCount }) => [value?.toString(), deliveryCount])).toEqual([["a", 1]]);
  expect(broker.faults.expireLock(GROUP, { topic: TOPIC })).toBe(1);
  expect(() => broker.faults.expireLock(GROUP, { topic: TOPIC, firstOffset: 5 })).toThrow("no member of group shipping has a record");
  const second = await both[1 - first.index];
  expect(second?.records.map(({ deliveryCount }) => deliveryCount)).toEqual([2]);
  if (second !== undefined) pass(first.index === 0 ? other : one, second);
  await (first.index === 0 ? other : one).poll(20);
  expect(told).toEqual(["acquired 0-0 x1", "released 0-0 x1", "acquired 0-0 x2", "accepted 0-0 x2"]);
});

test("what a member rejects is nobody's, and what it leaves behind others'", async () => {
  const consumer = await member(Acknowledgement.REJECT);
  await broker.produce(TOPIC, [{ value: "a" }, { value: "b" }]);
  const fetched = await polled(consumer);
  consumer.passed(fetched, 1);
  consumers.splice(0);
  await consumer.close();
  expect((await polled(consumerOf(Acknowledgement.ACCEPT))).records.map(({ value }) => value?.toString())).toEqual(["b"]);
  expect(told).toEqual(["acquired 0-1 x1", "archived 0-0 x1", "released 1-1 x1", "acquired 1-1 x2"]);
});
