// Settings of share groups that their coordinator obeys: each is changed and its effect seen.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { GroupBench, settle } from "../coordinator/support/group-bench.ts";

type Texts = Readonly<Record<string, string>>;

/** As Kafka has it: a group that has just changed asks for none sooner. */
const STEADY = { "odradek.group.share.change.heartbeat.interval.ms": -1 };

/** With the broker's settings, and what is set for the group "g". */
function benchWith(settings: SettingInputs, ofGroup: Texts = {}): GroupBench {
  const bench = new GroupBench({ settings: { ...STEADY, ...settings } });
  bench.groupConfigs.set("g", ofGroup);
  return bench;
}

test("group.share.heartbeat.interval.ms, share.heartbeat.interval.ms: members are told to be heard of that often", () => {
  const intervalMs = (settings: SettingInputs, ofGroup?: Texts) => benchWith(settings, ofGroup).beatShare({}).value?.heartbeatIntervalMs;
  expect(intervalMs({})).toBe(5000);
  expect(intervalMs({ "group.share.heartbeat.interval.ms": 6000 })).toBe(6000);
  expect(intervalMs({ "group.share.heartbeat.interval.ms": 6000 }, { "share.heartbeat.interval.ms": "7000" })).toBe(7000);
});

test("group.share.session.timeout.ms, share.session.timeout.ms: who is silent for longer is no member any more", async () => {
  const isMemberAfter = async (silentMs: number, settings: SettingInputs, ofGroup?: Texts) => {
    const bench = benchWith(settings, ofGroup);
    const epoch = bench.beatShare({}).value?.memberEpoch ?? 0;
    await bench.clock.advance(silentMs);
    return bench.beatShare({ memberEpoch: epoch }).value?.errorCode === Errors.NONE;
  };
  const shorter = { "group.share.min.session.timeout.ms": 10_000, "group.share.session.timeout.ms": 20_000 };
  expect([await isMemberAfter(44_000, {}), await isMemberAfter(46_000, {})]).toEqual([true, false]);
  expect([await isMemberAfter(19_000, shorter), await isMemberAfter(21_000, shorter)]).toEqual([true, false]);
  const longer = { "share.session.timeout.ms": "60000" };
  expect([await isMemberAfter(59_000, shorter, longer), await isMemberAfter(61_000, shorter, longer)]).toEqual([true, false]);
});

test("group.share.assignment.interval.ms, share.assignment.interval.ms: a target is computed that long after the one before", async () => {
  const isComputedAfter = async (laterMs: number, settings: SettingInputs, ofGroup?: Texts) => {
    const bench = benchWith(settings, ofGroup);
    bench.beatShare({});
    await settle(bench);
    await bench.clock.advance(laterMs);
    bench.beatShare({ memberId: "n" });
    const group = bench.describeShare().value?.groups[0];
    return group?.groupEpoch === group?.assignmentEpoch;
  };
  expect(await isComputedAfter(0, {})).toBe(true);
  const longer = { "group.share.assignment.interval.ms": 3000 };
  expect([await isComputedAfter(2000, longer), await isComputedAfter(3000, longer)]).toEqual([false, true]);
  const own = { "share.assignment.interval.ms": "6000" };
  expect([await isComputedAfter(5000, longer, own), await isComputedAfter(6000, longer, own)]).toEqual([false, true]);
});

test("group.share.max.size: one more than so many is not let in", () => {
  const errors = (settings: SettingInputs) => {
    const bench = benchWith(settings);
    return ["a", "b", "c"].map((memberId) => bench.beatShare({ memberId }).value?.errorCode);
  };
  expect(errors({})).toEqual([Errors.NONE, Errors.NONE, Errors.NONE]);
  expect(errors({ "group.share.max.size": 2 })).toEqual([Errors.NONE, Errors.NONE, Errors.GROUP_MAX_SIZE_REACHED]);
});

test("group.share.assignors: there is simple, and no other", () => {
  const assignorOf = (listed: string) => {
    const bench = benchWith({ "group.share.assignors": listed });
    bench.beatShare({});
    return bench.describeShare().value?.groups[0]?.assignorName;
  };
  expect([assignorOf("simple"), assignorOf("org.apache.kafka.coordinator.group.assignor.SimpleAssignor")]).toEqual(["simple", "simple"]);
  expect(() => assignorOf("uniform")).toThrow("Class uniform cannot be found");
});

test("odradek.group.share.change.heartbeat.interval.ms: who waits for partitions is asked to be heard of again after it", () => {
  const waitingMs = (settings: SettingInputs) => new GroupBench({ settings }).beatShare({}).value?.heartbeatIntervalMs;
  expect(waitingMs({})).toBe(200);
  expect(waitingMs({ "odradek.group.share.change.heartbeat.interval.ms": 700 })).toBe(700);
  expect(waitingMs({ "odradek.group.share.change.heartbeat.interval.ms": -1 })).toBe(5000);
});
