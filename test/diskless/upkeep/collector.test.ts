import { describe, expect, test } from "vitest";
import { append, batchOf, readAll, TOPIC_ID } from "../../log/support.ts";
import { type Machine, Machines } from "../cluster.ts";
import { complaintsAtRest } from "./at-rest.ts";

const GRACE_MS = 600_000;
const HOUR_MS = 3_600_000;

async function cluster() {
  const machines = new Machines();
  await machines.claim();
  const machine = machines.start({}, { waitMs: 1e12 });
  return { machines, machine, log: await machine.open() };
}

async function rounds(machines: Machines, machine: Machine, count = 3): Promise<void> {
  for (let round = 0; round < count; round++) {
    await machines.during(machine.upkeep.round());
    await machines.pass(HOUR_MS);
  }
  await machines.during(machine.upkeep.round());
}

function keysOf({ bucket }: Machines): string[] {
  return [...bucket.objects.keys()].filter((key) => !key.endsWith("/owner"));
}

describe("objects of which nothing is left", () => {
  test("are deleted when the grace has passed, and not before", async () => {
    const { machines, machine, log } = await cluster();
    for (const value of ["a", "b"]) {
      append(log, batchOf([value]));
      await machines.settled(log);
    }
    await log.deleteRecordsBefore(1);
    await machines.during(machine.upkeep.round());
    await machines.pass(GRACE_MS - 1000);
    await machines.during(machine.upkeep.round());
    expect(keysOf(machines).length).toBe(2);
    await machines.pass(2000);
    await machines.during(machine.upkeep.round());
    expect(keysOf(machines).length).toBe(1);
    expect(complaintsAtRest(machines, { isCollected: true })).toEqual([]);
    expect((await readAll(log)).map(({ value }) => value)).toEqual(["b"]);
  });

  test("go with the logs of deleted topics", async () => {
    const { machines, machine, log } = await cluster();
    append(log, batchOf(["a"]));
    await machines.settled(log);
    machine.engine.delete({ topic: "orders", partition: 0, topicId: TOPIC_ID });
    await machines.pass(10);
    await rounds(machines, machine);
    expect(keysOf(machines)).toEqual([]);
  });

  test("are found by the topic, where nobody deleted its logs", async () => {
    const { machines, machine, log } = await cluster();
    append(log, batchOf(["a"]));
    await machines.settled(log);
    machines.deletedTopics.add(TOPIC_ID);
    await rounds(machines, machine);
    expect(keysOf(machines)).toEqual([]);
    expect([...machines.rows.logs.keys()]).toEqual([]);
  });

  test("are kept while the store does not delete them, one by one", async () => {
    const { machines, machine, log } = await cluster();
    for (const value of ["a", "b", "c"]) {
      append(log, batchOf([value]));
      await machines.settled(log);
    }
    await log.deleteRecordsBefore(2);
    machine.store.faultOf = ({ kind }) => (kind === "delete" ? { kind: "kept" } : undefined);
    await rounds(machines, machine, 1);
    expect(keysOf(machines).length).toBe(2);
    expect(machines.rows.objects.length).toBe(2);
    machine.store.faultOf = ({ kind }) => (kind === "delete" ? { kind: "unavailable", isDone: true } : undefined);
    await rounds(machines, machine, 1);
    expect(machines.rows.objects.length).toBe(2);
    machine.store.faultOf = () => undefined;
    await rounds(machines, machine, 1);
    expect(complaintsAtRest(machines, { isCollected: true })).toEqual([]);
  });
});

describe("objects that no row knows", () => {
  /** One that was put and not committed, its incarnation's first. */
  async function orphan({ machines, machine, log }: Awaited<ReturnType<typeof cluster>>): Promise<void> {
    machine.link.isCutOff = true;
    append(log, batchOf(["lost"]));
    await machines.pass(1000);
  }

  test("are left over once their incarnation has ended", async () => {
    const setting = await cluster();
    const { machines, machine } = setting;
    await orphan(setting);
    const other = machines.start({}, { waitMs: 1e12 });
    await rounds(machines, other);
    expect(keysOf(machines).length).toBe(1);
    machines.end(machine);
    await machines.during(other.upkeep.round());
    expect(keysOf(machines).length).toBe(1);
    await rounds(machines, other);
    expect(keysOf(machines)).toEqual([]);
  });

  test("stay while their incarnation lives and may commit them", async () => {
    const setting = await cluster();
    const { machines, machine, log } = setting;
    await orphan(setting);
    const other = machines.start({}, { waitMs: 1e12 });
    await rounds(machines, other, 5);
    machine.link.isCutOff = false;
    await machines.settled(log);
    expect((await readAll(log)).map(({ value }) => value)).toEqual(["lost"]);
    expect(complaintsAtRest(machines)).toEqual([]);
  });

  test("are left over when later ones of the same incarnation were committed", async () => {
    const { machines, machine, log } = await cluster();
    let puts = 0;
    machine.store.faultOf = ({ kind }) => (kind === "put" && puts++ === 0 ? { kind: "unavailable", isDone: true } : undefined);
    for (const value of ["a", "b"]) {
      append(log, batchOf([value]));
      await machines.settled(log);
    }
    expect(keysOf(machines).length).toBe(3);
    await rounds(machines, machine);
    expect(keysOf(machines).length).toBe(2);
    expect(complaintsAtRest(machines, { isCollected: true })).toEqual([]);
  });

  test("are found when they come late", async () => {
    const setting = await cluster();
    const { machines, machine } = setting;
    machine.store.faultOf = ({ kind }) => (kind === "put" ? { kind: "late", landsAfterMs: 2 * HOUR_MS } : undefined);
    append(setting.log, batchOf(["lost"]));
    await machines.pass(1);
    await machines.pass(300);
    machines.end(machine);
    const other = machines.start({}, { waitMs: 1e12 });
    await rounds(machines, other, 6);
    expect(keysOf(machines)).toEqual([]);
  });

  test("are nobody's when the database never gave their incarnation out, or when they are not ours", async () => {
    const { machines, machine, log } = await cluster();
    append(log, batchOf(["a"]));
    await machines.settled(log);
    const own = keysOf(machines)[0] ?? "";
    const others = [own.replace("/o/0000000001/", "/o/0000000099/"), `${own.split("/")[0]}/o/notes`, "elsewhere/o/0000000001/1"];
    for (const key of others) machines.bucket.put(key, Buffer.from("x"));
    machines.end(machine);
    await rounds(machines, machines.start({}, { waitMs: 1e12 }));
    expect(keysOf(machines)).toEqual([own, ...others]);
  });
});

test("nothing is deleted where the objects belong to another database, or nobody says whose they are", async () => {
  for (const owner of ["another", undefined]) {
    const machines = new Machines();
    if (owner !== undefined) await machines.claim(owner);
    const machine = machines.start({}, { waitMs: 1e12 });
    const log = await machine.open();
    append(log, batchOf(["a"]));
    await machines.settled(log);
    machine.engine.delete({ topic: "orders", partition: 0, topicId: TOPIC_ID });
    await machines.pass(10);
    await rounds(machines, machine);
    expect(keysOf(machines).length).toBe(1);
  }
});

test("whoever reads by old rows finds what he reads for as long as the grace, and afterwards by the new ones", async () => {
  const machines = new Machines();
  await machines.claim();
  const machine = machines.start({ cacheBytes: 0 }, { waitMs: 0 });
  const log = await machine.open();
  for (const value of ["a", "b", "c"]) {
    append(log, batchOf([value]));
    await machines.settled(log);
  }
  await machines.during(machine.upkeep.round());
  expect((await machines.during(readAll(log))).map(({ value }) => value)).toEqual(["a", "b", "c"]);
  await machines.pass(GRACE_MS);
  await machines.during(machine.upkeep.round());
  expect(complaintsAtRest(machines, { isCollected: true })).toEqual([]);
  expect((await machines.during(readAll(log))).map(({ value }) => value)).toEqual(["a", "b", "c"]);
});
