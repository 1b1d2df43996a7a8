// Our answers beside those that Apache Kafka 4.3.1 gave with the same settings (test/facts/described-configs.json): name, value, source,
// read only, sensitive, synonyms as [name, value, source].

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { brokerConfig } from "../../src/config/broker-config.ts";
import {
  ConfigSources,
  type DescribedSetting,
  describeBrokerSettings,
  describeGroupSettings,
  describeTopicSettings,
} from "../../src/config/describe-config.ts";

type Synonym = [name: string, value: string | null, source: number];
type Entry = [name: string, value: string | null, source: number, isReadOnly: boolean, isSensitive: boolean, synonyms: Synonym[]];

const kafka: { readonly [resource: string]: readonly Entry[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../facts/described-configs.json"), "utf8"),
);

/** What that broker was started with. */
const given = Object.fromEntries(
  (kafka["broker"] ?? []).filter(([, , source]) => source === ConfigSources.STATIC_BROKER).map(([name, value]) => [name, value]),
);
const config = brokerConfig({ character: "kafka", file: given });

/** Where we differ on purpose: the defaults of a single node, and no cluster-wide min.insync.replicas that nobody set. */
const DIFFERENT = new Set([
  "min.insync.replicas",
  "node.id",
  "broker.id",
  "offsets.topic.replication.factor",
  "transaction.state.log.replication.factor",
  "transaction.state.log.min.isr",
  "share.coordinator.state.topic.replication.factor",
  "share.coordinator.state.topic.min.isr",
]);

test.each<[string, () => DescribedSetting[]]>([
  ["broker", () => describeBrokerSettings(config)],
  ["topic", () => describeTopicSettings(config)],
  ["overriddenTopic", () => describeTopicSettings(config, { "retention.ms": "1000", "cleanup.policy": "compact,delete" })],
  ["group", () => describeGroupSettings(config)],
])("a %s is described as Kafka describes it", (resource, describe) => {
  const ours = describe().filter(({ name }) => !/^(?:odradek|diskless)\./.test(name));
  expect(comparable(ours.map(entryOf))).toEqual(comparable(kafka[resource] ?? []));
  expect(ours.map(({ name }) => name).sort()).toEqual((kafka[resource] ?? []).map(([name]) => name).sort());
});

test("a setting altered while running comes before what was given at start", () => {
  const altered = brokerConfig({ file: { "log.segment.bytes": "2000000" }, "dynamic-cluster": { "log.segment.bytes": "3000000" } });
  const described = describeTopicSettings(altered).find(({ name }) => name === "segment.bytes");
  expect(described?.value).toBe("3000000");
  expect(described?.source).toBe(ConfigSources.DYNAMIC_DEFAULT_BROKER);
  expect(described?.synonyms.map(({ value }) => value)).toEqual(["3000000", "2000000", "1073741824"]);
});

test("a secret is sensitive and has no value", () => {
  const secret = brokerConfig({ file: { "ssl.keystore.password": "hunter2" } });
  const described = describeBrokerSettings(secret).find(({ name }) => name === "ssl.keystore.password");
  expect(described).toMatchObject({ value: null, isSensitive: true });
  expect(JSON.stringify(describeBrokerSettings(secret))).not.toContain("hunter2");
});

test("the documentation of a setting without effect says why it has none", () => {
  const documentation = (name: string) => describeBrokerSettings(config).find((setting) => setting.name === name)?.documentation;
  expect(documentation("num.partitions")).toBe("Partitions of topics made automatically or without a given number.");
  expect(documentation("num.io.threads")).toBe("Threads that handle requests. Accepted without effect: one thread does all the work.");
});

function entryOf({ name, value, source, isReadOnly, isSensitive, synonyms }: DescribedSetting): Entry {
  return [name, value, source, isReadOnly, isSensitive, synonyms.map((synonym) => [synonym.name, synonym.value, synonym.source])];
}

function comparable(entries: readonly Entry[]): { readonly [name: string]: Entry } {
  return Object.fromEntries(entries.filter(([name]) => !DIFFERENT.has(name)).map((entry) => [entry[0], entry]));
}
