// What the engine of many machines promises beyond what every log does: who appends, what is durable when, and what is left of a broker.

import { expect, test } from "vitest";
import { ControlType } from "../../protocol/records/control-batch.ts";
import { marker } from "../log/compaction-support.ts";
import { append, batchOf, readAll } from "../log/support.ts";
import { Machines } from "./cluster.ts";

const DAY_MS = 86_400_000;

test("what is appended is durable when the rows say so, and can be read then", async () => {
  const machines = new Machines();
  const machine = machines.start();
  const log = await machine.open();
  expect(append(log, batchOf(["a", "b"]))).toMatchObject({ baseOffset: 0, lastOffset: 1 });
  append(log, batchOf(["c"]));
  expect(log).toMatchObject({ logEndOffset: 3, durableOffset: 0 });
  await machines.settled(log);
  expect(await readAll(log)).toEqual([
    { offset: 0, value: "a" },
    { offset: 1, value: "b" },
    { offset: 2, value: "c" },
  ]);
  expect(machines.bucket.objects.size).toBe(1);
  expect(machine.store.requestCounts).toMatchObject({ put: 1, get: 0 });
});

test("while the store is away it is known how much waits, and for room in how many requests", async () => {
  const machines = new Machines();
  const { engine, store, open } = machines.start({ pendingMaxBytes: 1 });
  const log = await open();
  expect(engine.waiting).toEqual({ waitingBytes: 0, waitingForRoom: 0 });
  store.cutOff();
  const batch = batchOf(["a"]);
  const { length } = batch;
  append(log, batch);
  const room = engine.room();
  await machines.pass(5_000);
  expect(engine.waiting).toEqual({ waitingBytes: length, waitingForRoom: 1 });
  store.heal();
  await machines.settled(log);
  await room;
  expect(engine.waiting).toEqual({ waitingBytes: 0, waitingForRoom: 0 });
});

test("another broker takes a log over by a newer leader epoch; what the first had not committed never was", async () => {
  const machines = new Machines();
  const [first, second] = [machines.start(), machines.start()];
  const old = await first.open(0);
  append(old, batchOf(["a"]));
  await machines.settled(old);
  append(old, batchOf(["lost"]));
  const log = await second.open(1);
  expect(log).toMatchObject({ logStartOffset: 0, logEndOffset: 1, durableOffset: 1 });
  append(log, batchOf(["b"]), 1);
  await machines.settled(log);
  await machines.pass(500);
  await machines.pass(500);
  expect(old).toMatchObject({ durableOffset: 1, isIntact: false });
  expect(old.append(batchOf(["zombie"]), { leaderEpoch: 0, origin: "client" })).toMatchObject({ ok: false });
  expect((await readAll(log)).map(({ value }) => value)).toEqual(["a", "b"]);
});

test("a producer is known to who takes over as it was where the log then ends, whatever it had appended since", async () => {
  const machines = new Machines();
  const [first, second] = [machines.start(), machines.start()];
  const old = await first.open(0);
  const transactional = { producerId: 7, producerEpoch: 0, isTransactional: true } as const;
  append(old, batchOf(["a"], { ...transactional, baseSequence: 0 }));
  await machines.settled(old);
  // The marker goes into a row; what comes behind it into an object, which will not be there.
  old.append(marker(7, ControlType.COMMIT, machines.clock.now()), { leaderEpoch: 0, origin: "coordinator" });
  append(old, batchOf(["b"], { ...transactional, baseSequence: 1 }));
  first.store.cutOff();
  await machines.pass(20);
  expect(old).toMatchObject({ durableOffset: 2, logEndOffset: 3 });
  const log = await second.open(1);
  expect(log).toMatchObject({ logEndOffset: 2, firstUnstableOffset: 2 });
  expect(append(log, batchOf(["b"], { ...transactional, baseSequence: 1 }), 1)).toMatchObject({ baseOffset: 2, isDuplicate: false });
});

test("a producer that was idle for a day is forgotten, also by who takes over", async () => {
  const machines = new Machines();
  const [first, second] = [machines.start(), machines.start()];
  const old = await first.open(0);
  append(old, batchOf(["a"], { producerId: 7, producerEpoch: 0, baseSequence: 0, timestamp: machines.clock.now() }));
  await machines.settled(old);
  await old.enforceRetention();
  expect(old.producer(7)).toBeDefined();
  await machines.clock.advance(DAY_MS);
  await old.enforceRetention();
  expect(old.producer(7)).toBeUndefined();
  expect((await second.open(1)).producer(7)).toBeUndefined();
});
