// Coordinators that load many partitions at once: what they do in one turn of the event loop.

import { expect, test } from "vitest";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Clock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { LoadTurns, load } from "../../src/coordinator/load.ts";
import { Partition } from "../../src/partition/partition.ts";
import { MemoryPartitionLog } from "./support/memory-partition-log.ts";
import { topicSettings } from "./support/topic-settings.ts";

/** Time passes when it is told to; what comes soon comes in the next turn. */
class Loop implements Clock {
  nowMs = 0;
  #soon: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }

  after(): never {
    throw new Error("nothing waits for a timer here");
  }

  soon(action: () => void) {
    this.#soon.push(action);
    return { cancel: () => undefined };
  }

  async turn(): Promise<void> {
    const soon = this.#soon;
    this.#soon = [];
    for (const action of soon) action();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("loads that begin together do so much at once, and one that begins later begins anew", () => {
  const loop = new Loop();
  const turns = new LoadTurns(loop);
  const loads: boolean[] = [];
  for (let count = 0; count < 4; count++) {
    turns.begin();
    loads.push(!turns.isOver);
    if (!turns.isOver) loop.nowMs += 10;
    turns.end();
  }
  expect(loads).toEqual([true, true, false, false]);
  loop.nowMs += 50;
  turns.begin();
  expect(turns.isOver).toBe(false);
});

test("what is left of many goes on one after the other, a turn each", async () => {
  const loop = new Loop();
  const turns = new LoadTurns(loop);
  let done = 0;
  const all = Promise.all(Array.from({ length: 3 }, () => turns.pass(async () => void done++)));
  await loop.turn();
  const after = [done];
  for (let count = 0; count < 2; count++) {
    await loop.turn();
    after.push(done);
  }
  expect(after).toEqual([1, 2, 3]);
  await all;
});

test("loads that begin together and wait for their disk replay one after the other, a turn each", async () => {
  const loop = new Loop();
  const turns = new LoadTurns(loop);
  let replayed = 0;
  const state = { replay: () => void replayed++, endTransaction: () => undefined, loaded: () => undefined, unloaded: () => undefined };
  const codec = { encode: () => ({ key: Buffer.alloc(0), value: null }), decode: (key: Buffer) => key };
  const loads = Array.from({ length: 3 }, (_, index) => {
    const log = new MemoryPartitionLog(index);
    log.append(buildBatch([{ key: Buffer.from("k"), value: null }]).bytes, { leaderEpoch: 0, origin: "coordinator" });
    log.readsLater = true;
    return load({ logger: silentLogger, partition: new Partition(log, topicSettings, 0), state, codec, turns, isWanted: () => true });
  });
  await new Promise((resolve) => setImmediate(resolve));
  const after = [replayed];
  for (let count = 0; count < 3; count++) {
    await loop.turn();
    after.push(replayed);
  }
  expect(after).toEqual([0, 1, 2, 3]);
  await Promise.all(loads);
});
