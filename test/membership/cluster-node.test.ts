// Brokers of a cluster of machines: who is one, who leads what, and what becomes of those that go, sleep, or lose the database.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { leaders, Machines, shares, TTL_MS } from "./bench.ts";

const TOPIC = { name: "t", partitions: 12 };
const EVEN = { 1: 4, 2: 4, 3: 4 };

async function three(machines: Machines) {
  const first = await machines.start({ topics: [TOPIC] });
  const second = await machines.start();
  const third = await machines.start();
  await machines.when(() => [first, second, third].every((one) => JSON.stringify(shares(one, "t")) === JSON.stringify(EVEN)));
  return [first, second, third] as const;
}

test("brokers are given ids in turn, and each that comes gets its part of what the others lead", async () => {
  await using machines = new Machines();
  const first = await machines.start({ topics: [TOPIC] });
  expect(shares(first, "t")).toEqual({ 1: 12 });
  const second = await machines.start();
  await machines.when(() => shares(first, "t")[2] === 6);
  const before = leaders(first, "t");
  const third = await machines.start();
  await machines.when(() => shares(second, "t")[3] === 4);
  expect([first.id, second.id, third.id]).toEqual([1, 2, 3]);
  expect(shares(third, "t")).toEqual(EVEN);
  expect(leaders(third, "t").filter((leader, index) => leader !== before[index])).toEqual([3, 3, 3, 3]);
  expect(await first.answers()).toBe(3);
});

test("a broker that stops hands over, and who comes elsewhere has an id of its own", async () => {
  await using machines = new Machines();
  const [first, second, third] = await three(machines);
  await machines.until(second.node.stop());
  expect(shares(first, "t")).toEqual({ 1: 6, 3: 6 });
  expect(await third.answers()).toBe(2);
  expect(await second.answers()).toBeUndefined();
  const next = await machines.start();
  expect(next.id).toBe(4);
  await machines.when(() => JSON.stringify(shares(first, "t")) === JSON.stringify({ 1: 4, 3: 4, 4: 4 }));
});

test("from a broker that dies the others take over when its lease has lapsed", async () => {
  await using machines = new Machines();
  const [first, second, third] = await three(machines);
  await machines.pass(TTL_MS + 3000);
  second.suspend();
  const tookMs = await machines.when(() => shares(first, "t")[2] === undefined);
  expect(tookMs).toBeGreaterThan(TTL_MS - 2500);
  expect(tookMs).toBeLessThanOrEqual(TTL_MS + 200);
  expect(shares(third, "t")).toEqual({ 1: 6, 3: 6 });
  expect(await third.answers()).toBe(2);
});

test("a broker that slept past its lease serves nobody, begins anew under its id, and gets its part again", async () => {
  await using machines = new Machines();
  const [first, second] = await three(machines);
  await machines.pass(TTL_MS + 3000);
  const before = second.incarnation;
  second.suspend();
  await machines.when(() => shares(first, "t")[2] === undefined);
  // It believes that it leads still, and knows no better when a client asks.
  expect(shares(second, "t")).toEqual(EVEN);
  expect(await second.answers()).toBeUndefined();
  second.resume();
  await machines.when(() => JSON.stringify(shares(first, "t")) === JSON.stringify(EVEN));
  expect(second.id).toBe(2);
  expect(second.incarnation).not.toBe(before);
  expect(await second.answers()).toBe(3);
  // With what it had in its earlier term its connections have gone.
  const living = (await machines.leases.view().list()).filter(({ isEnded }) => !isEnded).map(({ number }) => number);
  expect([...machines.rows.openCatalogs].sort()).toEqual(living.sort());
});

test("while the database is away longer than leases last nobody answers, and afterwards all go on as they were", async () => {
  await using machines = new Machines();
  const all = await three(machines);
  await machines.pass(TTL_MS + 3000);
  const before = all.map(({ incarnation }) => incarnation);
  for (const { link } of all) link.isCutOff = true;
  await machines.pass(2 * TTL_MS);
  for (const one of all) expect(await one.answers()).toBeUndefined();
  for (const { link } of all) {
    link.isCutOff = false;
    await machines.pass(2000);
  }
  await machines.pass(3 * TTL_MS);
  expect(all.map(({ incarnation }) => incarnation)).toEqual(before);
  for (const one of all) expect(await one.answers()).toBe(3);
  expect(shares(all[0], "t")).toEqual(EVEN);
});

test("a client that waits for a broker without the database hears that its time is over as soon as the lease has lapsed, and then who the brokers are", async () => {
  await using machines = new Machines();
  const only = await machines.start({ topics: [TOPIC] });
  only.link.isCutOff = true;
  let outcome: number | undefined;
  void only.produce("t", 0, "waits").then((error) => {
    outcome = error;
  });
  await machines.when(() => only.node.broker.services.partitions.get("t", 0)?.logEndOffset === 1);
  expect(outcome).toBeUndefined();
  expect(await machines.when(() => outcome !== undefined)).toBeLessThanOrEqual(TTL_MS);
  expect(outcome).toBe(Errors.REQUEST_TIMED_OUT);
  expect(await only.produce("t", 0, "is refused")).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
  expect(await only.knows()).toBe(1);
});

test("where the database comes back for two of three, the third is taken over from once they have held their leases for long enough", async () => {
  await using machines = new Machines();
  const [first, second, third] = await three(machines);
  await machines.pass(TTL_MS + 3000);
  for (const { link } of [first, second, third]) link.isCutOff = true;
  await machines.pass(2 * TTL_MS);
  first.link.isCutOff = false;
  second.link.isCutOff = false;
  const tookMs = await machines.when(() => shares(first, "t")[3] === undefined);
  expect(tookMs).toBeGreaterThan(TTL_MS);
  expect(tookMs).toBeLessThan(TTL_MS + 4000);
});

test("a process that claims the id of another takes it over, and that one ends with a sentence", async () => {
  await using machines = new Machines();
  const first = await machines.start({ id: 7, topics: [TOPIC] });
  const second = await machines.start({ id: 7 });
  const failure = await machines.until(first.node.failure);
  expect(failure.message).toBe(
    "Broker 7 of this cluster was started elsewhere, and took over; give each its own id, or none to have one given out.",
  );
  expect(await first.answers()).toBeUndefined();
  expect(await second.answers()).toBe(1);
  expect(shares(second, "t")).toEqual({ 7: 12 });
});

test("a process whose id was given out and is another's by now goes on under another", async () => {
  await using machines = new Machines();
  const first = await machines.start({ topics: [TOPIC] });
  const second = await machines.start();
  await machines.pass(TTL_MS + 3000);
  second.suspend();
  await machines.when(() => shares(first, "t")[2] === undefined);
  await machines.start({ id: 2 });
  second.resume();
  await machines.when(() => JSON.stringify(shares(first, "t")) === JSON.stringify(EVEN));
  expect(second.id).toBe(3);
});

test("who starts at the address of one that died is that broker at once, and two of one address are not", async () => {
  await using machines = new Machines();
  const settings = { "advertised.listeners": "PLAINTEXT://one.example:9092" };
  const first = await machines.start({ topics: [TOPIC], settings });
  await machines.start();
  first.suspend();
  const again = await machines.start({ settings });
  expect(again.id).toBe(1);
  await machines.when(() => JSON.stringify(shares(again, "t")) === JSON.stringify({ 1: 6, 2: 6 }), TTL_MS / 2);
  first.resume();
  await machines.when(() => shares(again, "t")[3] === 4);
  expect(first.id).toBe(3);
  expect(again.id).toBe(1);
});

test("brokers that start, stop and come back all at once share everything in the end", async () => {
  await using machines = new Machines();
  const all = await Promise.all([machines.start({ id: 1, topics: [TOPIC] }), machines.start({ id: 2 }), machines.start({ id: 3 })]);
  await machines.when(() => all.every((one) => JSON.stringify(shares(one, "t")) === JSON.stringify(EVEN)));
  await machines.until(Promise.all(all.map(({ node }) => node.stop())));
  const again = await Promise.all([machines.start({ id: 3 }), machines.start({ id: 1 }), machines.start({ id: 2 })]);
  await machines.when(() => again.every((one) => JSON.stringify(shares(one, "t")) === JSON.stringify(EVEN)));
  expect(await again[1].answers()).toBe(3);
});

test("a process that the cluster takes for gone by mistake begins anew", async () => {
  await using machines = new Machines();
  const [first, second] = await three(machines);
  const before = second.incarnation;
  await machines.until(first.node.cluster.transact(() => ({ changes: [{ type: "brokerStopped", id: 2 }], result: undefined })));
  await machines.when(() => second.incarnation !== undefined && second.incarnation !== before);
  await machines.when(() => JSON.stringify(shares(first, "t")) === JSON.stringify(EVEN));
});

test("leases last and are renewed as the settings say, which must leave time for two renewals", async () => {
  await using machines = new Machines();
  const settings = { "broker.heartbeat.interval.ms": 200, "broker.session.timeout.ms": 1000 };
  const first = await machines.start({ topics: [TOPIC], settings });
  const second = await machines.start({ settings });
  await machines.pass(2000);
  second.suspend();
  expect(await machines.when(() => shares(first, "t")[2] === undefined)).toBeLessThanOrEqual(1200);
  const tooSlow = machines.start({ settings: { ...settings, "broker.heartbeat.interval.ms": 501 } });
  await expect(tooSlow).rejects.toThrow("broker.heartbeat.interval.ms (501) must be at most half of broker.session.timeout.ms (1000)");
});
