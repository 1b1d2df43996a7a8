// Settings of groups of the consumer protocol: each is changed and its effect seen. That of the broker's limits is in effects-groups.test.ts,
// and that of the policy of migration in ../coordinator: see the list in effects.test.ts.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { consumerGroupHeartbeat, findCoordinator, incrementalAlterConfigs } from "../../protocol/messages/index.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { Member } from "../coordinator/support/consumer-members.ts";
import { GroupBench, settle, topicId } from "../coordinator/support/group-bench.ts";
import { GROUP } from "../support/asking-broker.ts";
import { EffectBench } from "./effect-bench.ts";

type Texts = Readonly<Record<string, string>>;

/** With the broker's settings, and what is set for the group "g". */
function benchWith(settings: SettingInputs, ofGroup: Texts = {}): GroupBench {
  const bench = new GroupBench({ settings });
  bench.groupConfigs.set("g", ofGroup);
  return bench;
}

/** As Kafka has it: a group that has just changed asks for none sooner. */
const STEADY = { "odradek.group.consumer.change.heartbeat.interval.ms": -1 };

async function intervalMs(settings: SettingInputs, ofGroup?: Texts): Promise<number> {
  return (await Member.joined(benchWith({ ...STEADY, ...settings }, ofGroup), "a")).intervalMs;
}

test("group.consumer.heartbeat.interval.ms, consumer.heartbeat.interval.ms: members are told to be heard of that often", async () => {
  expect(await intervalMs({})).toBe(5000);
  expect(await intervalMs({ "group.consumer.heartbeat.interval.ms": 6000 })).toBe(6000);
  expect(await intervalMs({ "group.consumer.heartbeat.interval.ms": 6000 }, { "consumer.heartbeat.interval.ms": "7000" })).toBe(7000);
});

async function isMemberAfter(silentMs: number, settings: SettingInputs, ofGroup?: Texts): Promise<boolean> {
  const bench = benchWith(settings, ofGroup);
  const member = await Member.joined(bench, "a");
  await bench.clock.advance(silentMs);
  await member.say();
  return member.errorCode === Errors.NONE;
}

test("group.consumer.session.timeout.ms, consumer.session.timeout.ms: who is silent for longer is no member any more", async () => {
  const shorter = { "group.consumer.min.session.timeout.ms": 10_000, "group.consumer.session.timeout.ms": 20_000 };
  expect([await isMemberAfter(44_000, {}), await isMemberAfter(46_000, {})]).toEqual([true, false]);
  expect([await isMemberAfter(19_000, shorter), await isMemberAfter(21_000, shorter)]).toEqual([true, false]);
  const longer = { "consumer.session.timeout.ms": "60000" };
  expect([await isMemberAfter(59_000, shorter, longer), await isMemberAfter(61_000, shorter, longer)]).toEqual([true, false]);
});

/** Whether there is a new target when somebody comes so long after another came. */
async function isComputedAfter(laterMs: number, settings: SettingInputs, ofGroup?: Texts): Promise<boolean> {
  const bench = benchWith(settings, ofGroup);
  await Member.joined(bench, "a");
  await bench.clock.advance(20_000);
  await Member.joined(bench, "b");
  await bench.clock.advance(laterMs);
  await Member.joined(bench, "c");
  const [group] = (await bench.describeConsumer(["g"]).done).groups;
  return group?.groupEpoch === group?.assignmentEpoch;
}

test("group.consumer.assignment.interval.ms, consumer.assignment.interval.ms: targets are that far apart", async () => {
  const longer = { "group.consumer.assignment.interval.ms": 3000 };
  expect(await isComputedAfter(0, {})).toBe(true);
  expect([await isComputedAfter(2900, longer), await isComputedAfter(3100, longer)]).toEqual([false, true]);
  expect(await isComputedAfter(0, longer, { "consumer.assignment.interval.ms": "0" })).toBe(true);
});

test("group.consumer.assignors: the first one is a group's where members name none, and no other may be named", async () => {
  const seen = async (settings: SettingInputs) => {
    const bench = benchWith(settings);
    await Member.joined(bench, "a");
    const [group] = (await bench.describeConsumer(["g"]).done).groups;
    const { errorCode, errorMessage } = await bench.beat({ groupId: "h", memberId: "b", serverAssignor: "uniform" }).done;
    return [group?.assignorName, errorCode, errorMessage];
  };
  expect(await seen({})).toEqual(["uniform", Errors.NONE, null]);
  expect(await seen({ "group.consumer.assignors": "range,uniform" })).toEqual(["range", Errors.NONE, null]);
  expect(await seen({ "group.consumer.assignors": "org.apache.kafka.coordinator.group.assignor.RangeAssignor" })).toEqual([
    "range",
    Errors.UNSUPPORTED_ASSIGNOR,
    "ServerAssignor uniform is not supported. Supported assignors: range.",
  ]);
});

test("group.consumer.max.size: beyond it nobody joins", async () => {
  const second = async (settings: SettingInputs) => {
    const bench = benchWith(settings);
    await Member.joined(bench, "a");
    return (await bench.beat({ memberId: "b" }).done).errorCode;
  };
  expect(await second({})).toBe(Errors.NONE);
  expect(await second({ "group.consumer.max.size": 1 })).toBe(Errors.GROUP_MAX_SIZE_REACHED);
});

test("group.consumer.regex.refresh.interval.ms: an expression is resolved anew that often, even if nobody says that topics have come", async () => {
  const isFoundAfter = async (waitMs: number, settings: SettingInputs) => {
    const bench = benchWith(settings);
    const turn = async () => {
      await settle(bench);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const member = await Member.joined(bench, "a", { subscribedTopicNames: null, subscribedTopicRegex: "t.*" });
    await bench.clock.advance(1000);
    await member.beat();
    await turn();
    bench.topics.set("t2", { id: topicId("t2"), partitionCount: 1 });
    for (let passedMs = 0; passedMs < waitMs; passedMs += 5000) {
      await bench.clock.advance(5000);
      await member.beat();
    }
    await turn();
    await member.beat();
    return member.owned.includes("t2-0");
  };
  const shortest = { "group.consumer.regex.refresh.interval.ms": 10_000 };
  expect([await isFoundAfter(5000, shortest), await isFoundAfter(15_000, shortest)]).toEqual([false, true]);
  expect([await isFoundAfter(15_000, {}), await isFoundAfter(605_000, {})]).toEqual([false, true]);
});

test("group.coordinator.rebalance.protocols: without consumer its requests are not served", async () => {
  const errors = async (settings: SettingInputs) => {
    const bench = benchWith(settings);
    const joined = await bench.beat({ memberId: "a" }).done;
    const described = await bench.describeConsumer(["g"]).done;
    return [joined.errorCode, described.groups[0]?.errorCode];
  };
  expect(await errors({})).toEqual([Errors.NONE, Errors.NONE]);
  const unserved = { "group.coordinator.rebalance.protocols": "classic,streams" };
  expect(await errors(unserved)).toEqual([Errors.UNSUPPORTED_VERSION, Errors.UNSUPPORTED_VERSION]);
});

test("odradek.group.consumer.change.heartbeat.interval.ms: who must wait for others is asked to be heard of again after it", async () => {
  const waitingMs = async (settings: SettingInputs) => {
    const bench = benchWith(settings);
    await Member.joined(bench, "a");
    await bench.clock.advance(20_000);
    const second = await Member.joined(bench, "b");
    expect(second.owned).toEqual([]);
    return second.intervalMs;
  };
  expect(await waitingMs({})).toBe(200);
  expect(await waitingMs({ "odradek.group.consumer.change.heartbeat.interval.ms": 700 })).toBe(700);
  expect(await waitingMs({ "odradek.group.consumer.change.heartbeat.interval.ms": -1 })).toBe(5000);
});

test("settings of groups, and the broker's that may be altered, are heeded at once", async () => {
  await using bench = await EffectBench.start({ topic: {}, settings: STEADY });
  const { asking } = bench;
  await asking.ask(findCoordinator, { keyType: 0, coordinatorKeys: ["g"] });
  const joins = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ["t"], topicPartitions: [] };
  const beat = (memberEpoch: number) =>
    asking.ask(consumerGroupHeartbeat, { groupId: "g", memberId: "a", memberEpoch, ...(memberEpoch === 0 ? joins : {}) });
  const first = await beat(0);
  expect(first).toMatchObject({ errorCode: 0, heartbeatIntervalMs: 5000 });
  const intervals: number[] = [];
  for (const configOperation of [0, 1]) {
    const configs = [{ name: "consumer.heartbeat.interval.ms", configOperation, value: configOperation === 0 ? "9000" : null }];
    const resources = [{ resourceType: GROUP, resourceName: "g", configs }];
    expect((await asking.ask(incrementalAlterConfigs, { resources, validateOnly: false })).responses[0]?.errorCode).toBe(0);
    intervals.push((await beat(first.memberEpoch)).heartbeatIntervalMs);
  }
  expect(intervals).toEqual([9000, 5000]);
});
