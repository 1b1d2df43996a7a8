import { expect, test } from "vitest";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { groupSettings, type Overrides, topicSettings } from "../../src/config/topic-config.ts";

test("a topic without overrides has Kafka's defaults", () => {
  const settings = topicSettings(brokerConfig());
  expect(settings["retention.ms"]).toBe(604_800_000);
  expect(settings["segment.ms"]).toBe(604_800_000);
  expect(settings["flush.ms"]).toBe(MAX_INT64);
  expect(settings["cleanup.policy"]).toEqual(["delete"]);
});

test.each<[SettingInputs, number]>([
  [{ "log.retention.hours": 1 }, 3_600_000],
  [{ "log.retention.hours": 1, "log.retention.minutes": 2 }, 120_000],
  [{ "log.retention.minutes": 2, "log.retention.ms": 3 }, 3],
  [{ "log.retention.minutes": -1 }, -1],
  [{ "log.retention.ms": -1 }, -1],
])("of the broker's retention times the finest wins: %o is %i ms", (argument, retentionMs) => {
  expect(topicSettings(brokerConfig({ argument }))["retention.ms"]).toBe(retentionMs);
});

test("an override wins over the broker; null is none", () => {
  const config = brokerConfig({ argument: { "log.segment.bytes": 2_000_000 } });
  expect(topicSettings(config, { "segment.bytes": "3000000" })["segment.bytes"]).toBe(3_000_000);
  expect(topicSettings(config, { "segment.bytes": null })["segment.bytes"]).toBe(2_000_000);
});

test.each<[Overrides, string]>([
  [{ foo: "1" }, "Unknown topic config name: foo"],
  [{ "message.format.version": "2.8" }, "Unknown topic config name: message.format.version"],
  [{ "retention.ms": "-2" }, "Invalid value -2 for configuration retention.ms: Value must be at least -1"],
  [{ "cleanup.policy": "foo" }, "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete"],
  [
    { "min.compaction.lag.ms": "50", "max.compaction.lag.ms": "1" },
    "conflict topic config setting min.compaction.lag.ms (50) > max.compaction.lag.ms (1)",
  ],
  [
    { "remote.storage.enable": "true" },
    "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
  ],
  [
    { "follower.replication.throttled.replicas": "a" },
    "Invalid value [a] for configuration follower.replication.throttled.replicas: follower.replication.throttled.replicas must be the literal '*' " +
      "or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  ],
])("%o is refused in Kafka's words", (overrides, message) => {
  expect(() => topicSettings(brokerConfig(), overrides)).toThrow(message);
});

test("a group takes the broker's settings where it has none of its own", () => {
  const config = brokerConfig({ argument: { "group.consumer.session.timeout.ms": 50_000 } });
  expect(groupSettings(config)["consumer.session.timeout.ms"]).toBe(50_000);
  expect(groupSettings(config, { "consumer.session.timeout.ms": "55000" })["consumer.session.timeout.ms"]).toBe(55_000);
  expect(groupSettings(config)["share.auto.offset.reset"]).toBe("latest");
});

test.each([
  ["latest", true],
  ["by_duration:PT1H30M", true],
  ["by_duration:P1D", true],
  ["by_duration:P", false],
  ["by_duration:PT", false],
  ["sometimes", false],
])("where a share group begins may be %s: %s", (reset, isPermitted) => {
  const read = () => groupSettings(brokerConfig(), { "share.auto.offset.reset": reset });
  if (isPermitted) expect(read()["share.auto.offset.reset"]).toBe(reset);
  else expect(read).toThrow("share.auto.offset.reset");
});
