import { expect, test } from "vitest";
import { type BrokerConfig, brokerConfig, originsOf, type SettingInputs, settingsWithoutEffect } from "../../src/config/broker-config.ts";

test("values are read by Kafka's names, typed, and frozen", () => {
  const config = brokerConfig();
  expect(config["socket.request.max.bytes"]).toBe(104_857_600);
  expect(config["auto.create.topics.enable"]).toBe(true);
  expect(config["log.cleanup.policy"]).toEqual(["delete"]);
  expect(config["log.retention.ms"]).toBeNull();
  expect(Object.isFrozen(config)).toBe(true);
});

test("the default character is kind, and --like kafka has Kafka's delays", () => {
  const delays = (config: BrokerConfig) => [
    config["group.initial.rebalance.delay.ms"],
    config["odradek.group.disconnected.member.timeout.ms"],
    config["odradek.auto.create.after.deletion.ms"],
    config["odradek.auto.create.answers.created"],
  ];
  expect(delays(brokerConfig())).toEqual([0, 1000, 1000, true]);
  expect(delays(brokerConfig({ character: "kafka" }))).toEqual([3000, -1, 0, false]);
});

test("a default that is kinder than Kafka's gives way to a limit that is given", () => {
  for (const protocol of ["consumer", "streams"] as const) {
    const intervalMs = (file: SettingInputs = {}) => brokerConfig({ file })[`group.${protocol}.assignment.interval.ms`];
    expect([intervalMs(), intervalMs({ [`group.${protocol}.min.assignment.interval.ms`]: "500" })]).toEqual([0, 500]);
    expect(brokerConfig({ character: "kafka" })[`group.${protocol}.assignment.interval.ms`]).toBe(1000);
    expect(() => intervalMs({ [`group.${protocol}.min.assignment.interval.ms`]: "2000" })).toThrow("must be greater than or equal to");
  }
});

test("internal topics get one replica in either character, since there is one node", () => {
  for (const character of ["kind", "kafka"] as const) {
    expect(brokerConfig({ character })["offsets.topic.replication.factor"]).toBe(1);
    expect(brokerConfig({ character })["transaction.state.log.min.isr"]).toBe(1);
  }
});

test("an argument wins over the environment, that over the file, and all are remembered", () => {
  const config = brokerConfig({
    file: { "num.partitions": "2", "num.io.threads": "4" },
    environment: { "num.partitions": "3" },
    argument: { "num.partitions": 5 },
  });
  expect(config["num.partitions"]).toBe(5);
  expect(originsOf(config, "num.partitions")).toEqual([
    { origin: "argument", value: 5 },
    { origin: "environment", value: 3 },
    { origin: "file", value: 2 },
    { origin: "default", value: 1 },
  ]);
  expect(originsOf(config, "num.network.threads")).toEqual([{ origin: "default", value: 3 }]);
});

test("either name of a node's number sets both", () => {
  const config = brokerConfig({ file: { "broker.id": "7" } });
  expect([config["node.id"], config["broker.id"]]).toEqual([7, 7]);
});

test("an unknown setting is refused with the nearest known one", () => {
  expect(() => brokerConfig({ argument: { "num.partitons": "1" } })).toThrow("Unknown setting num.partitons; did you mean num.partitions?");
  expect(() => brokerConfig({ argument: { "quite.something.else": "1" } })).toThrow(/^Unknown setting quite.something.else$/);
});

test("settings that Kafka 4 dropped are passed over", () => {
  expect(() => brokerConfig({ file: { "zookeeper.connect": "localhost:2181", "inter.broker.protocol.version": "3.3" } })).not.toThrow();
});

test("settings that contradict each other are refused", () => {
  expect(() => brokerConfig({ argument: { "group.min.session.timeout.ms": "10", "group.max.session.timeout.ms": "5" } })).toThrow(
    "group.min.session.timeout.ms (10) must not be greater than group.max.session.timeout.ms (5)",
  );
});

test("what was set and changes nothing is known", () => {
  const config = brokerConfig({ file: { "num.io.threads": "4", "num.partitions": "2" } });
  expect(settingsWithoutEffect(config)).toEqual(["num.io.threads"]);
});

test("another authorizer than Kafka's own, and super users that are no principals, are an error with their place", () => {
  expect(() => brokerConfig({ argument: { "authorizer.class.name": "com.example.Mine" } })).toThrow(
    "There is no authorizer com.example.Mine: leave authorizer.class.name empty, or set it to org.apache.kafka.metadata.authorizer.StandardAuthorizer.",
  );
  expect(() => brokerConfig({ argument: { "super.users": "User:alice;bob" } })).toThrow(
    "Invalid value User:alice;bob for configuration super.users: expected a string in format principalType:principalName but got bob",
  );
});
