// What a broker may be started with for groups, in Kafka's words (asked of Apache Kafka 4.3.1), and what then holds for each group.

import { describe, expect, test } from "vitest";
import { SettingsOfGroups } from "../../src/broker/settings-of-groups.ts";
import { applyChanges, type Change, emptyImage } from "../../src/cluster/image.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { listedAssignors } from "../../src/config/group-protocols.ts";
import { LiveConfig } from "../../src/config/live-config.ts";

const CLASSES = "org.apache.kafka.coordinator.group.assignor";

describe("a broker is not started", () => {
  const refused: readonly [SettingInputs, string][] = [
    [{ "heartbeat.interval.ms": 20_000 }, "heartbeat.interval.ms must be less than or equal to max.heartbeat.interval.ms"],
    [{ "heartbeat.interval.ms": 100 }, "heartbeat.interval.ms must be greater than or equal to min.heartbeat.interval.ms"],
    [{ "min.heartbeat.interval.ms": 20_000 }, "max.heartbeat.interval.ms must be greater than or equal to min.heartbeat.interval.ms"],
    [{ "session.timeout.ms": 1000 }, "session.timeout.ms must be greater than or equal to min.session.timeout.ms"],
    [{ "session.timeout.ms": 100_000 }, "session.timeout.ms must be less than or equal to max.session.timeout.ms"],
    [{ "max.session.timeout.ms": 1000 }, "max.session.timeout.ms must be greater than or equal to min.session.timeout.ms"],
    [{ "assignment.interval.ms": 20_000 }, "assignment.interval.ms must be less than or equal to max.assignment.interval.ms"],
    [{ "min.assignment.interval.ms": 2000 }, "assignment.interval.ms must be greater than or equal to min.assignment.interval.ms"],
    [
      { "heartbeat.interval.ms": 45_000, "max.heartbeat.interval.ms": 45_000 },
      "heartbeat.interval.ms must be less than session.timeout.ms",
    ],
  ];
  test.each(refused)("with %o of groups", (settings, message) => {
    const inFull = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`group.consumer.${name}`, value]));
    const withPrefix = message.replace(/[a-z.]+\.ms/g, "group.consumer.$&");
    expect(() => brokerConfig({ argument: inFull })).toThrow(withPrefix);
  });

  test.each([
    ["group.coordinator.rebalance.protocols", "consumer", "Disabling the 'classic' protocol is not supported."],
    [
      "group.coordinator.rebalance.protocols",
      "",
      "Configuration 'group.coordinator.rebalance.protocols' must not be empty. Valid values include: [consumer, classic, share, streams]",
    ],
    [
      "group.coordinator.rebalance.protocols",
      "classic,Consumer",
      "Invalid value Consumer for configuration group.coordinator.rebalance.protocols: String must be one of: consumer, classic, share, streams",
    ],
    ["group.consumer.assignors", "uniform,nope", "Class nope cannot be found"],
    ["group.share.assignors", "simple,uniform", "Class uniform cannot be found"],
    ["group.consumer.assignors", "UNIFORM", "Class UNIFORM cannot be found"],
    [
      "group.consumer.assignors",
      "",
      "Configuration 'group.consumer.assignors' must not be empty. Valid values include: any non-empty value",
    ],
    [
      "group.consumer.migration.policy",
      "Nope",
      "Invalid value Nope for configuration group.consumer.migration.policy: String must be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL",
    ],
    ["group.consumer.max.size", "0", "Invalid value 0 for configuration group.consumer.max.size: Value must be at least 1"],
    [
      "group.consumer.regex.refresh.interval.ms",
      "9999",
      "Invalid value 9999 for configuration group.consumer.regex.refresh.interval.ms: Value must be at least 10000",
    ],
  ])("with %s=%s", (name, value, message) => {
    expect(() => brokerConfig({ argument: { [name]: value } })).toThrow(message);
  });
});

test("assignors are named by their names or by Kafka's classes, and count once", () => {
  const listed = [`${CLASSES}.RangeAssignor`, "uniform", "range", `${CLASSES}.UniformAssignor`];
  expect(brokerConfig({ argument: { "group.consumer.assignors": listed } })["group.consumer.assignors"]).toEqual(listed);
  expect(listedAssignors(listed)).toEqual(["range", "uniform"]);
  expect(listedAssignors(["uniform", "range"])).toEqual(["uniform", "range"]);
});

describe("what holds for a group", () => {
  const live = new LiveConfig(brokerConfig({ argument: { "group.consumer.max.session.timeout.ms": 50_000 } }));
  let image = emptyImage("c");
  const settings = new SettingsOfGroups(live.values, () => image);
  const alter = (name: string, values: Readonly<Record<string, string>>) => {
    const change: Change = { type: "settings", kind: "group", name, values };
    image = applyChanges(image, [change]);
    settings.forget();
  };

  test("is the broker's, where nothing was set for it, and one object for all such groups", () => {
    expect(settings.of("g")).toMatchObject({ "consumer.session.timeout.ms": 45_000, "consumer.heartbeat.interval.ms": 5000 });
    expect(settings.of("g")).toBe(settings.of("h"));
  });

  test("is its own until that is taken back, and what is beyond the broker's limits is cut to them", () => {
    alter("g", { "consumer.session.timeout.ms": "60000", "consumer.heartbeat.interval.ms": "8000" });
    expect(settings.of("g")).toMatchObject({ "consumer.session.timeout.ms": 50_000, "consumer.heartbeat.interval.ms": 8000 });
    expect(settings.of("g")).toBe(settings.of("g"));
    expect(settings.of("h")).toMatchObject({ "consumer.session.timeout.ms": 45_000 });
    alter("g", {});
    expect(settings.of("g")).toMatchObject({ "consumer.session.timeout.ms": 45_000 });
  });

  test("follows what is altered of the broker, cut to the limits too", () => {
    const assignmentIntervalMs = (given: string) => {
      expect(live.alter({ cluster: { "group.consumer.assignment.interval.ms": given }, broker: {} })).toEqual([]);
      settings.forget();
      return settings.of("g")["consumer.assignment.interval.ms"];
    };
    expect([assignmentIntervalMs("3000"), assignmentIntervalMs("20000")]).toEqual([3000, 15_000]);
  });
});
