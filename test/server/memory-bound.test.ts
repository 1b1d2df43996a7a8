// The bound on the memory of the process: what is said and done while nearly all of it is taken.

import { expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { Listener } from "../../src/server/listener.ts";
import { MemoryBound } from "../../src/server/memory-bound.ts";
import { Turns } from "../../src/server/turns.ts";
import { listenerParts } from "../support/listener-parts.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

function bounded(limitBytes: number | null) {
  const clock = new VirtualClock(0);
  const lines: RecordedLine[] = [];
  const taken = { bytes: 0, garbageBytes: 0, collections: 0 };
  const bound = new MemoryBound({
    limitBytes,
    residentBytes: () => taken.bytes + taken.garbageBytes,
    collectGarbage: () => {
      taken.collections++;
      taken.garbageBytes = 0;
    },
    clock,
    logger: recordingLogger(lines),
  });
  return { clock, taken, bound, said: () => lines.splice(0).map(({ level, message }) => `${level}: ${message}`) };
}

test("garbage is collected before anybody is slowed down", async () => {
  const { clock, taken, bound, said } = bounded(1000);
  expect(said()).toEqual(["info: the memory of the process is bounded"]);
  Object.assign(taken, { bytes: 500, garbageBytes: 450 });
  await clock.advance(100);
  expect(taken.collections).toBe(1);
  expect(bound.isShort).toBe(false);
  expect(said()).toEqual([]);
  bound.close();
});

test("what is no garbage has clients slowed down until clearly less is taken, with a line at each end", async () => {
  const { clock, taken, bound, said } = bounded(1000);
  said();
  taken.bytes = 910;
  await clock.advance(100);
  expect(bound.isShort).toBe(true);
  expect(bound.answerBytes(400)).toBe(100);
  await clock.advance(30_000);
  expect(said()).toEqual(["warn: memory is nearly used up: clients are slowed down"]);
  expect(taken.collections).toBeLessThan(7);
  taken.bytes = 870;
  await clock.advance(100);
  expect(bound.isShort).toBe(true);
  taken.bytes = 850;
  await clock.advance(100);
  expect(bound.isShort).toBe(false);
  expect(bound.answerBytes(400)).toBe(400);
  expect(said()).toEqual(["info: there is memory again"]);
  bound.close();
});

test("without a bound nobody looks", async () => {
  const { clock, taken, bound, said } = bounded(null);
  taken.bytes = 1e12;
  await clock.advance(10_000);
  expect([bound.isShort, taken.collections, said()]).toEqual([false, 0, []]);
});

test("while memory is short a connection that sends without waiting is read little by little, and all is answered in the end", async () => {
  const clock = new VirtualClock(0);
  const memory = { isShort: true };
  const parts = { ...listenerParts(clock), turns: new Turns(clock, memory) };
  let taken = 0;
  const listener = await Listener.open({
    ...{ name: "PLAINTEXT", host: "127.0.0.1", port: 0, maxFrameBytes: 1024, idleLimitMs: 600_000 },
    ...{ ...parts, budget: new ConnectionBudget(() => 1000), logger: silentLogger },
  });
  listener.serve((frame) => {
    taken++;
    return [Buffer.from([0, 0, 0, frame.length]), Buffer.from(frame)];
  });
  const client = await RawClient.connect(listener.port);
  const many = 100;
  for (let count = 0; count < many; count++) client.write(Buffer.from([0, 0, 0, 1, count]));
  await client.next();
  for (let turns = 0; turns < 10; turns++) await clock.advance(50);
  expect(taken).toBeLessThanOrEqual(20);
  memory.isShort = false;
  for (let count = 1; count < many; count++) {
    await clock.advance(50);
    expect(await client.next()).toEqual(Buffer.from([count]));
  }
  client.close();
  await listener.close();
});
