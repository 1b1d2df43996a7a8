// Settings of streams groups: each is changed and its effect seen. That of the broker's limits is in effects-groups.test.ts.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { GroupBench, streamsTopology } from "../coordinator/support/group-bench.ts";

type Texts = Readonly<Record<string, string>>;

/** As Kafka has it: a group that has just changed asks for none sooner. */
const STEADY = { "odradek.group.streams.change.heartbeat.interval.ms": -1 };
const NO_DELAY = { "group.streams.initial.rebalance.delay.ms": 0 };

/** With the broker's settings, and what is set for the group "g". */
function benchWith(settings: SettingInputs, ofGroup: Texts = {}): GroupBench {
  const bench = new GroupBench({ settings });
  bench.groupConfigs.set("g", ofGroup);
  return bench;
}

async function intervalMs(settings: SettingInputs, ofGroup?: Texts): Promise<number> {
  return (await benchWith({ ...STEADY, ...settings }, ofGroup).streamsBeat({ memberId: "a" }).done).heartbeatIntervalMs;
}

test("group.streams.heartbeat.interval.ms, streams.heartbeat.interval.ms: members are told to be heard of that often", async () => {
  expect(await intervalMs({})).toBe(5000);
  expect(await intervalMs({ "group.streams.heartbeat.interval.ms": 6000 })).toBe(6000);
  expect(await intervalMs({ "group.streams.heartbeat.interval.ms": 6000 }, { "streams.heartbeat.interval.ms": "7000" })).toBe(7000);
});

async function isMemberAfter(silentMs: number, settings: SettingInputs, ofGroup?: Texts): Promise<boolean> {
  const bench = benchWith({ ...NO_DELAY, ...settings }, ofGroup);
  const { memberEpoch } = await bench.streamsBeat({ memberId: "a" }).done;
  await bench.clock.advance(silentMs);
  return (await bench.streamsBeat({ memberId: "a", memberEpoch }).done).errorCode === Errors.NONE;
}

test("group.streams.session.timeout.ms, streams.session.timeout.ms: who is silent for longer is no member any more", async () => {
  const shorter = { "group.streams.min.session.timeout.ms": 10_000, "group.streams.session.timeout.ms": 20_000 };
  expect([await isMemberAfter(44_000, {}), await isMemberAfter(46_000, {})]).toEqual([true, false]);
  expect([await isMemberAfter(19_000, shorter), await isMemberAfter(21_000, shorter)]).toEqual([true, false]);
  const longer = { "streams.session.timeout.ms": "60000" };
  expect([await isMemberAfter(59_000, shorter, longer), await isMemberAfter(61_000, shorter, longer)]).toEqual([true, false]);
});

async function isAssignedAfter(laterMs: number, settings: SettingInputs, ofGroup?: Texts): Promise<boolean> {
  const bench = benchWith(settings, ofGroup);
  const { memberEpoch } = await bench.streamsBeat({ memberId: "a" }).done;
  await bench.clock.advance(laterMs);
  const { activeTasks } = await bench.streamsBeat({ memberId: "a", memberEpoch }).done;
  return activeTasks !== null && activeTasks.length > 0;
}

test("group.streams.initial.rebalance.delay.ms, streams.initial.rebalance.delay.ms: so long a new group waits for more members", async () => {
  const LONG = { "group.streams.initial.rebalance.delay.ms": 3000 };
  const LONGER = { "group.streams.initial.rebalance.delay.ms": 9000 };
  expect([await isAssignedAfter(2500, LONG), await isAssignedAfter(3500, LONG)]).toEqual([false, true]);
  expect([await isAssignedAfter(8500, LONGER), await isAssignedAfter(9500, LONGER)]).toEqual([false, true]);
  const shorter = { "streams.initial.rebalance.delay.ms": "500" };
  expect([await isAssignedAfter(400, LONGER, shorter), await isAssignedAfter(600, LONGER, shorter)]).toEqual([false, true]);
});

/** Whether there is a new target when somebody comes so long after another came. */
async function isComputedAfter(laterMs: number, settings: SettingInputs, ofGroup?: Texts): Promise<boolean> {
  const bench = benchWith({ ...NO_DELAY, ...settings }, ofGroup);
  await bench.streamsBeat({ memberId: "a" }).done;
  await bench.clock.advance(laterMs);
  await bench.streamsBeat({ memberId: "b" }).done;
  const [group] = (await bench.describeStreams(["g"]).done).groups;
  return group?.groupEpoch === group?.assignmentEpoch;
}

test("group.streams.assignment.interval.ms, streams.assignment.interval.ms: no target is computed sooner after another", async () => {
  const usual = { "group.streams.assignment.interval.ms": 1000 };
  const longer = { "group.streams.assignment.interval.ms": 5000 };
  expect([await isComputedAfter(900, usual), await isComputedAfter(1100, usual)]).toEqual([false, true]);
  expect([await isComputedAfter(4900, longer), await isComputedAfter(5100, longer)]).toEqual([false, true]);
  expect(await isComputedAfter(0, longer, { "streams.assignment.interval.ms": "0" })).toBe(true);
});

async function standbyCount(settings: SettingInputs, ofGroup?: Texts): Promise<number> {
  const bench = benchWith({ ...NO_DELAY, "group.streams.assignment.interval.ms": 0, ...settings }, ofGroup);
  bench.make("store", 4);
  const topology = streamsTopology(["t"], ["store"]);
  for (const memberId of ["a", "b", "c"]) await bench.streamsBeat({ memberId, topology }).done;
  const [group] = (await bench.describeStreams(["g"]).done).groups;
  const standbys = (group?.members ?? []).flatMap(({ targetAssignment }) => targetAssignment.standbyTasks);
  return standbys.reduce((sum, { partitions }) => sum + partitions.length, 0);
}

test("group.streams.num.standby.replicas, streams.num.standby.replicas: tasks with state have so many standbys", async () => {
  expect(await standbyCount({})).toBe(0);
  expect(await standbyCount({ "group.streams.num.standby.replicas": 1 })).toBe(4);
  expect(await standbyCount({ "group.streams.num.standby.replicas": 1 }, { "streams.num.standby.replicas": "2" })).toBe(8);
});

test("group.streams.max.size: a group takes no more members", async () => {
  const errorOfSecond = async (settings: SettingInputs) => {
    const bench = benchWith(settings);
    await bench.streamsBeat({ memberId: "a" }).done;
    return (await bench.streamsBeat({ memberId: "b" }).done).errorCode;
  };
  expect(await errorOfSecond({})).toBe(Errors.NONE);
  expect(await errorOfSecond({ "group.streams.max.size": 1 })).toBe(Errors.GROUP_MAX_SIZE_REACHED);
});

test("odradek.group.streams.change.heartbeat.interval.ms: who must wait for others is asked to be heard of again after it", async () => {
  const waitingMs = async (settings: SettingInputs) => {
    const bench = benchWith({ ...NO_DELAY, ...settings });
    await bench.streamsBeat({ memberId: "a" }).done;
    await bench.clock.advance(20_000);
    const second = await bench.streamsBeat({ memberId: "b" }).done;
    expect(second.activeTasks).toEqual([]);
    return second.heartbeatIntervalMs;
  };
  expect(await waitingMs({})).toBe(200);
  expect(await waitingMs({ "odradek.group.streams.change.heartbeat.interval.ms": 700 })).toBe(700);
  expect(await waitingMs({ "odradek.group.streams.change.heartbeat.interval.ms": -1 })).toBe(5000);
});
