// The event loop is watched: what is told of turns that take long.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode } from "../../src/node.ts";
import { DELAY_BUCKETS_MS, LoopDelay } from "../../src/server/loop-delay.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

/** Time passes in steps, and now and then faster than timers fire. */
class LateClock extends VirtualClock {
  lateMs = 0;

  elapsed(): number {
    return this.now() + this.lateMs;
  }
}

function watched() {
  const clock = new LateClock(0);
  const lines: RecordedLine[] = [];
  const used = { ms: 0 };
  const loop = new LoopDelay(clock, recordingLogger(lines), () => used.ms);
  const turn = async (takesMs: number, { busyMs = takesMs, api }: { readonly busyMs?: number; readonly api?: number } = {}) => {
    clock.lateMs += takesMs;
    used.ms += busyMs;
    if (api !== undefined) Object.assign(loop, { requestCount: loop.requestCount + 1, lastApiKey: api });
    await clock.advance(50);
  };
  return { loop, turn, clock, said: () => lines.splice(0).map(({ level, facts }) => ({ level, ...facts })) };
}

test("a turn that takes long is told with the request that was taken up in it, and what it used of the processor", async () => {
  const { loop, turn, said } = watched();
  loop.start();
  await turn(0);
  await turn(100, { api: 3 });
  expect(said()).toEqual([]);
  await turn(400, { busyMs: 390, api: 19 });
  await turn(300, { busyMs: 2 });
  expect(said()).toEqual([
    { level: "warn", delayMs: 400, busyMs: 390, requests: 1, api: "CreateTopics" },
    { level: "warn", delayMs: 300, busyMs: 2, requests: 0 },
  ]);
  loop.close();
});

test("the same is told once in a while, and figures are kept of all", async () => {
  const { loop, turn, clock, said } = watched();
  loop.start();
  for (let times = 0; times < 5; times++) await turn(300, { api: 1 });
  expect(said()).toHaveLength(1);
  await clock.advance(60_000);
  await turn(3000, { api: 1 });
  expect(said()).toEqual([{ level: "warn", delayMs: 3000, busyMs: 3000, requests: 1, api: "Fetch", meanwhile: 4 }]);
  const { longestMs, counts } = loop.figures;
  expect(longestMs).toBe(3000);
  expect(counts).toHaveLength(DELAY_BUCKETS_MS.length + 1);
  expect(counts.slice(6)).toEqual([5, 0, 0, 1]);
  loop.close();
  await turn(5000);
  expect(said()).toEqual([]);
});

test("a broker whose time does not pass by itself has nothing that could be late, and no timer for it", async () => {
  const clock = new VirtualClock();
  const filesystem = new MemoryFilesystem(clock);
  const node = await openNode({ config: brokerConfig({}), host: "127.0.0.1", port: 0, data: "/data", topics: [], clock, filesystem });
  await clock.advance(10_000);
  expect(node.broker.loopDelay.figures.counts.every((count) => count === 0)).toBe(true);
  await node.stop();
});
