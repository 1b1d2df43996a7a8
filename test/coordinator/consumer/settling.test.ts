// How long a group of the consumer protocol takes until everybody has its share, when members are heard of as soon as they are asked to be,
// on a virtual clock.

import { expect, test } from "vitest";
import type { SettingInputs } from "../../../src/config/broker-config.ts";
import { Member } from "../support/consumer-members.ts";
import { GroupBench } from "../support/group-bench.ts";

const LONGEST_MS = 30_000;

interface Beating {
  readonly member: Member;
  dueMs: number;
}

interface Settled {
  readonly afterMs: number;
  readonly beats: number;
  /** How often it was computed who is to have what. */
  readonly targets: number;
}

/** Members come at their times, and beat when they were told to, until the group is stable with all of them. */
async function settle(bench: GroupBench, joinsAtMs: readonly number[], beating: Beating[] = []): Promise<Settled> {
  const startMs = bench.clock.now();
  const joins = joinsAtMs.map((atMs, index) => ({ atMs: startMs + atMs, memberId: `m${beating.length + index}` }));
  const targetsBefore = targetsIn(bench);
  let beats = 0;
  while (bench.clock.now() - startMs < LONGEST_MS) {
    const nowMs = bench.clock.now();
    while ((joins[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      const member = await Member.joined(bench, joins.shift()?.memberId ?? "");
      beating.push({ member, dueMs: nowMs + member.intervalMs });
    }
    for (const each of beating) {
      if (each.dueMs > nowMs) continue;
      await each.member.beat();
      expect(each.member.errorCode).toBe(0);
      beats++;
      each.dueMs = nowMs + each.member.intervalMs;
    }
    if (joins.length === 0 && isStable(bench)) return { afterMs: nowMs - startMs, beats, targets: targetsIn(bench) - targetsBefore };
    await bench.clock.advance(Math.min(...beating.map(({ dueMs }) => dueMs), ...joins.map(({ atMs }) => atMs)) - nowMs);
  }
  throw new Error("the group does not become stable");
}

function isStable(bench: GroupBench): boolean {
  const group = bench.groups.summary("g");
  return typeof group !== "number" && group.state === "Stable";
}

function targetsIn(bench: GroupBench): number {
  return bench.lines.filter((line) => line.startsWith("computed a group's target assignment")).length;
}

const AS_KAFKA: SettingInputs = {
  "group.consumer.assignment.interval.ms": 1000,
  "odradek.group.consumer.change.heartbeat.interval.ms": -1,
};

test("two members that start together have their shares within half a second, as by Kafka within two heartbeats", async () => {
  expect((await settle(new GroupBench(), [0, 0])).afterMs).toBeLessThanOrEqual(500);
  expect((await settle(new GroupBench(), [0, 30])).afterMs).toBeLessThanOrEqual(500);
  expect((await settle(new GroupBench({ settings: AS_KAFKA }), [0, 0])).afterMs).toBeGreaterThanOrEqual(5000);
});

test("ten members that come within a second have their shares half a second after the last", async () => {
  const { afterMs } = await settle(new GroupBench({ topics: { t: 40 } }), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  expect(afterMs).toBeLessThanOrEqual(1400);
});

test("a member that comes later has its share within half a second, and at most a heartbeat of the others", async () => {
  const bench = new GroupBench();
  const beating: Beating[] = [];
  await settle(bench, [0], beating);
  await bench.clock.advance(100);
  expect((await settle(bench, [0], beating)).afterMs).toBeLessThanOrEqual(500);
});

test("a member that has nothing is heard of soon, for what it waits for may come in a moment", async () => {
  const bench = new GroupBench({ topics: {} });
  const member = await Member.joined(bench, "a");
  expect(member.intervalMs).toBeLessThanOrEqual(200);
});

test("a large group's targets are computed for many changes at a time", async () => {
  const bench = new GroupBench({ topics: { t: 900 } });
  const joins = Array.from({ length: 150 }, (_, index) => index);
  const { targets, afterMs } = await settle(bench, joins);
  // Of about a thousand members and partitions once in a hundred milliseconds.
  expect(targets).toBeGreaterThanOrEqual(2);
  expect(targets).toBeLessThanOrEqual(10);
  expect(afterMs).toBeLessThanOrEqual(5000);
});
