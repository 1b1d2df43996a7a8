import { describe, expect, test } from "vitest";
import { describedObject } from "../../../src/diskless/object-layout.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { append, batchOf, readAll } from "../../log/support.ts";
import { type Machine, Machines } from "../cluster.ts";
import { complaintsAtRest } from "./at-rest.ts";

const LIMITS = { waitMs: 1000, objectBytes: 1e6, segmentBytes: 1e5 };

async function cluster(limits: Parameters<Machines["start"]>[1] = {}) {
  const machines = new Machines();
  await machines.claim();
  const machine = machines.start({}, { ...LIMITS, ...limits });
  const logs = [await machine.open(0, 0), await machine.open(0, 1)] as const;
  return { machines, machine, logs };
}

/** One object each time, with a record of every log. */
async function write(machines: Machines, logs: readonly PartitionLog[], count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    for (const log of logs) append(log, batchOf([`${log.topicPartition.partition}.${log.logEndOffset}`]));
    for (const log of logs) await machines.settled(log);
  }
}

function mergedKeys({ bucket }: Machines): string[] {
  return [...bucket.objects.keys()].filter((key) => key.includes("/m/"));
}

function contentOf(log: PartitionLog): string[] {
  return Array.from({ length: log.logEndOffset }, (_, offset) => `${log.topicPartition.partition}.${offset}`);
}

async function expectContent(machine: Machine, machines: Machines, leaderEpoch = 1): Promise<void> {
  for (const partition of [0, 1]) {
    const log = await machine.open(leaderEpoch, partition);
    expect((await readAll(log)).map(({ value }) => value)).toEqual(contentOf(log));
  }
  expect(complaintsAtRest(machines)).toEqual([]);
}

describe("putting small objects together", () => {
  test("makes one object of many, in which each log's records lie together", async () => {
    const { machines, machine, logs } = await cluster();
    await write(machines, logs, 5);
    await machines.pass(1000);
    await machines.during(machine.upkeep.round());
    await machines.pass(1000);
    await machines.during(machine.upkeep.round());
    for (const { segments } of machines.rows.logs.values()) expect(segments.length).toBe(1);
    const merged = [...machines.bucket.objects].filter(([key]) => key.includes("/m/"));
    expect(merged.length).toBe(1);
    expect(describedObject(merged[0]?.[1] ?? Buffer.alloc(0)).parts).toMatchObject([
      { partition: 0, baseOffset: 0, endOffset: 5 },
      { partition: 1, baseOffset: 0, endOffset: 5 },
    ]);
    await expectContent(machines.start(), machines);
  });

  test("reads each of them once, and whole", async () => {
    const { machines, machine, logs } = await cluster();
    await write(machines, logs, 5);
    const before = { ...machine.store.requestCounts };
    await machines.during(machine.upkeep.round());
    await machines.pass(1000);
    await machines.during(machine.upkeep.round());
    const { get, put } = machine.store.requestCounts;
    // The collector looks at the cluster's marker at each round.
    expect([get - before.get - 2, put - before.put]).toEqual([5, 1]);
  });

  test("waits for more while they are few and young, and not when they are enough for an object", async () => {
    const { machines, machine, logs } = await cluster({ waitMs: 60_000, objectBytes: 2000 });
    await write(machines, logs, 3);
    await machines.during(machine.upkeep.round());
    expect(mergedKeys(machines)).toEqual([]);
    await write(machines, logs, 20);
    await machines.during(machine.upkeep.round());
    expect(mergedKeys(machines).length).toBeGreaterThan(0);
    await expectContent(machines.start(), machines);
  });

  test("goes on, log by log, with what was put together before, until it is worth an object", async () => {
    const { machines, machine, logs } = await cluster({ waitMs: 0, objectBytes: 2000, objectsAtOnce: 3, segmentBytes: 1500 });
    for (let round = 0; round < 30; round++) {
      await write(machines, logs, 3);
      await machines.during(machine.upkeep.round());
    }
    const counts = [...machines.rows.logs.values()].map(({ segments }) => segments.length);
    expect(Math.max(...counts)).toBeLessThan(25);
    const sizes = [...machines.bucket.objects].flatMap(([key, { length }]) => (key.includes("/m/") ? [length] : []));
    expect(Math.max(...sizes)).toBeLessThan(2600);
    await expectContent(machines.start(), machines);
  });

  test("leaves a log as it is whose batches are damaged, and puts the others together", async () => {
    const { machines, machine, logs } = await cluster();
    await write(machines, logs, 3);
    const [, object] = machines.bucket.objects.values();
    object?.writeUInt8((object.readUInt8(70) ?? 0) ^ 1, 70);
    await machines.pass(1000);
    await machines.during(machine.upkeep.round());
    await machines.pass(1000);
    await machines.during(machine.upkeep.round());
    expect([...machines.rows.logs.values()].map(({ segments }) => segments.length)).toEqual([3, 1]);
  });

  test("what a take-over, retention or another put in between does to a log is not undone", async () => {
    const { machines, machine, logs } = await cluster();
    await write(machines, logs, 4);
    await machines.pass(1000);
    machine.store.latencyMs = 10;
    const round = machine.upkeep.round();
    await machines.pass(12);
    const other = machines.start();
    const log = await other.open(1, 0);
    await log.deleteRecordsBefore(2);
    append(log, batchOf(["0.4"]), 1);
    await machines.settled(log);
    await machines.during(round);
    expect((await readAll(log)).map(({ value }) => value)).toEqual(["0.2", "0.3", "0.4"]);
    expect(complaintsAtRest(machines)).toEqual([]);
  });

  test("an object that was put in vain is deleted, one whose row came all the same is not", async () => {
    const { machines, machine, logs } = await cluster({ waitMs: 0 });
    for (const fate of ["lost", "notDone"] as const) {
      await write(machines, logs, 3);
      await machines.pass(1000);
      machine.link.failNext(fate, "replace");
      await machines.during(machine.upkeep.round());
    }
    expect(mergedKeys(machines).length).toBe(2);
    for (let round = 0; round < 3; round++) {
      await machines.pass(3_600_000);
      await machines.during(machine.upkeep.round());
    }
    // The objects that could not be put together were, later.
    expect(mergedKeys(machines).length).toBe(2);
    expect(complaintsAtRest(machines, { isCollected: true })).toEqual([]);
    await expectContent(machines.start(), machines);
  });

  test("rows with records in them become objects when they are many", async () => {
    const { machines, machine } = await cluster({ inlineRows: 3 });
    const log = await machine.open(0, 2);
    for (let offset = 0; offset < 5; offset++) {
      log.append(batchOf([`2.${offset}`]), { leaderEpoch: 0, origin: "coordinator" });
      await machines.settled(log);
    }
    expect(machines.bucket.objects.size).toBe(1);
    await machines.during(machine.upkeep.round());
    expect(machines.rows.logs.get(3)?.segments.map(({ place }) => place.kind)).toEqual(["object"]);
    expect((await readAll(await machines.start().open(1, 2))).map(({ value }) => value)).toEqual(["2.0", "2.1", "2.2", "2.3", "2.4"]);
    expect(complaintsAtRest(machines)).toEqual([]);
  });
});
