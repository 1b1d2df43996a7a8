// Settings of groups: each is changed and its effect seen. Also in ../coordinator: see the list in effects.test.ts.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { incrementalAlterConfigs } from "../../protocol/messages/index.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { GroupBench } from "../coordinator/support/group-bench.ts";
import { AskingBroker, GROUP } from "../support/asking-broker.ts";

const SET = 0;

function joinError(settings: SettingInputs, sessionTimeoutMs: number): number | undefined {
  return new GroupBench({ settings }).join({ sessionTimeoutMs }, { version: 3 }).value?.errorCode;
}

test("group.min.session.timeout.ms: a member may not ask for less", () => {
  expect(joinError({}, 5000)).toBe(Errors.INVALID_SESSION_TIMEOUT);
  expect(joinError({ "group.min.session.timeout.ms": 1000 }, 5000)).not.toBe(Errors.INVALID_SESSION_TIMEOUT);
});

test("group.max.session.timeout.ms: a member may not ask for more", () => {
  expect(joinError({}, 20_000)).not.toBe(Errors.INVALID_SESSION_TIMEOUT);
  expect(joinError({ "group.max.session.timeout.ms": 10_000 }, 20_000)).toBe(Errors.INVALID_SESSION_TIMEOUT);
});

test("offset.metadata.max.bytes: longer metadata is refused", async () => {
  const error = async (settings: SettingInputs) => {
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "twelve bytes" }];
    const whole = { generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "t", partitions }] };
    const answer = await new GroupBench({ settings }).commit(whole).done;
    return answer.topics[0]?.partitions[0]?.errorCode;
  };
  expect(await error({})).toBe(Errors.NONE);
  expect(await error({ "offset.metadata.max.bytes": 5 })).toBe(Errors.OFFSET_METADATA_TOO_LARGE);
});

test("offsets.commit.timeout.ms: a commit that does not become durable fails after that time", async () => {
  const isAnsweredIn2s = async (settings: SettingInputs) => {
    const bench = new GroupBench({ settings });
    for (const log of bench.logs) log.isDurableAtOnce = false;
    const answer = bench.commit({ generationIdOrMemberEpoch: -1, memberId: "" });
    await bench.clock.advance(2000);
    return answer.value !== undefined;
  };
  expect(await isAnsweredIn2s({})).toBe(false);
  expect(await isAnsweredIn2s({ "offsets.commit.timeout.ms": 1000 })).toBe(true);
});

/** A broker's limit, and a group's value that is permitted or refused only because of it. */
const LIMITS: readonly [limit: string, limited: number, setting: string, value: number, error: number][] = [
  ["group.consumer.min.heartbeat.interval.ms", 1000, "consumer.heartbeat.interval.ms", 2000, Errors.NONE],
  ["group.consumer.max.heartbeat.interval.ms", 10_000, "consumer.heartbeat.interval.ms", 12_000, Errors.INVALID_CONFIG],
  ["group.consumer.min.session.timeout.ms", 30_000, "consumer.session.timeout.ms", 40_000, Errors.NONE],
  ["group.consumer.max.session.timeout.ms", 50_000, "consumer.session.timeout.ms", 55_000, Errors.INVALID_CONFIG],
  ["group.consumer.min.assignment.interval.ms", 500, "consumer.assignment.interval.ms", 100, Errors.INVALID_CONFIG],
  ["group.consumer.max.assignment.interval.ms", 10_000, "consumer.assignment.interval.ms", 12_000, Errors.INVALID_CONFIG],
  ["group.share.min.heartbeat.interval.ms", 1000, "share.heartbeat.interval.ms", 2000, Errors.NONE],
  ["group.share.max.heartbeat.interval.ms", 10_000, "share.heartbeat.interval.ms", 12_000, Errors.INVALID_CONFIG],
  ["group.share.min.session.timeout.ms", 30_000, "share.session.timeout.ms", 40_000, Errors.NONE],
  ["group.share.max.session.timeout.ms", 50_000, "share.session.timeout.ms", 55_000, Errors.INVALID_CONFIG],
  ["group.share.min.record.lock.duration.ms", 20_000, "share.record.lock.duration.ms", 16_000, Errors.INVALID_CONFIG],
  ["group.share.max.record.lock.duration.ms", 50_000, "share.record.lock.duration.ms", 55_000, Errors.INVALID_CONFIG],
  ["group.share.min.delivery.count.limit", 3, "share.delivery.count.limit", 2, Errors.INVALID_CONFIG],
  ["group.share.max.delivery.count.limit", 8, "share.delivery.count.limit", 9, Errors.INVALID_CONFIG],
  ["group.share.min.partition.max.record.locks", 200, "share.partition.max.record.locks", 150, Errors.INVALID_CONFIG],
  ["group.share.max.partition.max.record.locks", 3000, "share.partition.max.record.locks", 3500, Errors.INVALID_CONFIG],
  ["group.share.min.assignment.interval.ms", 500, "share.assignment.interval.ms", 100, Errors.INVALID_CONFIG],
  ["group.share.max.assignment.interval.ms", 10_000, "share.assignment.interval.ms", 12_000, Errors.INVALID_CONFIG],
  ["group.streams.min.heartbeat.interval.ms", 1000, "streams.heartbeat.interval.ms", 2000, Errors.NONE],
  ["group.streams.max.heartbeat.interval.ms", 10_000, "streams.heartbeat.interval.ms", 12_000, Errors.INVALID_CONFIG],
  ["group.streams.min.session.timeout.ms", 30_000, "streams.session.timeout.ms", 40_000, Errors.NONE],
  ["group.streams.max.session.timeout.ms", 50_000, "streams.session.timeout.ms", 55_000, Errors.INVALID_CONFIG],
  ["group.streams.max.standby.replicas", 3, "streams.num.standby.replicas", 3, Errors.NONE],
  ["group.streams.min.assignment.interval.ms", 500, "streams.assignment.interval.ms", 100, Errors.INVALID_CONFIG],
  ["group.streams.max.assignment.interval.ms", 10_000, "streams.assignment.interval.ms", 12_000, Errors.INVALID_CONFIG],
];

test.each(LIMITS)("%s: with %i a group's %s of %i is judged otherwise", async (limit, limited, setting, value, error) => {
  const configs = [{ name: setting, configOperation: SET, value: String(value) }];
  const errors: (number | undefined)[] = [];
  for (const settings of [{}, { [limit]: limited }]) {
    const asking = await AskingBroker.start({ settings, like: "kafka" });
    const resources = [{ resourceType: GROUP, resourceName: "g", configs }];
    const { responses } = await asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
    errors.push(responses[0]?.errorCode);
    if (responses[0]?.errorMessage) expect(responses[0].errorMessage).toContain(limit);
    await asking.stop();
  }
  expect(errors).toEqual([error === Errors.NONE ? Errors.INVALID_CONFIG : Errors.NONE, error]);
});
