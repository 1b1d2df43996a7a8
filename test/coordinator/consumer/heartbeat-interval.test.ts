// How soon members of the consumer protocol are to be heard of again.

import { expect, it } from "vitest";
import { Member, owning } from "../support/consumer-members.ts";
import { GroupBench } from "../support/group-bench.ts";

const SHORTEST_MS = 200;
const USUAL_MS = 5000;

it("asks for heartbeats soon after a change, and then ever more rarely, until its interval is reached", async () => {
  const bench = new GroupBench();
  const a = await Member.joined(bench, "a");
  const intervals: number[] = [];
  for (const waitMs of [0, 1000, 3000, 8000, 8000]) {
    await bench.clock.advance(waitMs);
    await a.say();
    intervals.push(a.intervalMs);
  }
  expect(intervals).toEqual([SHORTEST_MS, 250, 1000, 3000, USUAL_MS]);
});

it("asks for them soon again when there is a target that members have yet to hear of", async () => {
  const bench = new GroupBench({ settings: { "group.consumer.assignment.interval.ms": 1000 } });
  const a = await Member.joined(bench, "a");
  // Too soon after the first target for another.
  const b = await Member.joined(bench, "b");
  await bench.clock.advance(950);
  await b.say();
  expect([b.epoch, b.intervalMs]).toEqual([2, 237]);
  await bench.clock.advance(50);
  await b.say();
  expect([b.epoch, b.intervalMs]).toEqual([3, SHORTEST_MS]);
  await a.beat();
  await a.beat({ topicPartitions: owning(a.owned) });
  expect([a.epoch, a.owned.length, a.intervalMs]).toEqual([3, 2, SHORTEST_MS]);
});

it("asks the members of a large group no sooner than five can be heard of in a millisecond", async () => {
  const bench = new GroupBench({ settings: { "odradek.group.consumer.change.heartbeat.interval.ms": 1 } });
  const members: Member[] = [];
  for (let index = 0; index < 100; index++) members.push(await Member.joined(bench, `m${index}`));
  expect(members.at(-1)?.intervalMs).toBe(20);
});

it("asks the members of a group that was stable before a restart no sooner than usual", async () => {
  const bench = new GroupBench();
  const a = await Member.joined(bench, "a");
  const restarted = bench.restarted();
  const answer = await restarted.beat({ memberId: "a", memberEpoch: a.epoch }).done;
  expect(answer.heartbeatIntervalMs).toBe(USUAL_MS);
});
