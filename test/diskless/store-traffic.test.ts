// What a process tells of its requests to the object store.

import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { StoreCounts } from "../../src/diskless/patient-store.ts";
import { TrafficMeter, type TrafficPart } from "../../src/diskless/store-traffic.ts";

const MINUTE_MS = 60_000;

function meter() {
  const clock = new VirtualClock();
  let puts = 0;
  const counts = (): StoreCounts => ({
    ...{ requests: { put: puts, get: 2 * puts, list: 1, delete: 0 }, errors: { put: 0, get: 0, list: 0, delete: 0 } },
    ...{ putBytes: 100 * puts, gotBytes: puts, hedges: 0, throttled: 0, running: 0, waiting: 0, limitPerSecond: undefined },
  });
  const told = new Map<string, TrafficPart>();
  const made = new TrafficMeter({ counts, clock, random: systemRandom });
  const send = async (part: TrafficPart) => void told.set(part.id, part);
  const pass = async (minutes: number, putsMeanwhile: number) => {
    await clock.advance(minutes * MINUTE_MS);
    puts += putsMeanwhile;
  };
  return { meter: made, send, told, pass };
}

test("a part is told again with what it has come to, and ends after ten minutes", async () => {
  const { meter: traffic, send, told, pass } = meter();
  await pass(1, 5);
  await traffic.tell(send);
  await pass(9, 10);
  await traffic.tell(send);
  expect([...told.values()]).toMatchObject([{ spanMs: 10 * MINUTE_MS, putCount: 15, getCount: 30, listCount: 1, putBytes: 1500 }]);
  await pass(2, 1);
  await traffic.tell(send);
  expect([...told.values()][1]).toMatchObject({
    spanMs: 2 * MINUTE_MS,
    putCount: 1,
    getCount: 2,
    listCount: 0,
    putBytes: 100,
    gotBytes: 1,
  });
});

test("what could not be told is in the next telling, and counts once where it was told and nobody heard", async () => {
  const { meter: traffic, send, told, pass } = meter();
  await pass(12, 5);
  const lost = async (part: TrafficPart) => {
    await send(part);
    throw new Error("no answer");
  };
  await expect(traffic.tell(lost)).rejects.toThrow("no answer");
  await pass(1, 2);
  await traffic.tell(send);
  expect([...told.values()]).toMatchObject([{ spanMs: 13 * MINUTE_MS, putCount: 7 }]);
});
