// A mark is a promise: what is marked as honoured is read by the source, and what the source reads is marked.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { brokerSettingTable } from "../../src/config/broker-settings.ts";
import { clientMetricsSettingTable } from "../../src/config/client-metrics-settings.ts";
import { groupLimitSettings } from "../../src/config/group-limits.ts";
import { GROUP_SYNONYMS, groupSettingTable } from "../../src/config/group-settings.ts";
import type { SettingTable } from "../../src/config/setting.ts";
import type { Synonyms } from "../../src/config/topic-config.ts";
import { TOPIC_SYNONYMS, topicSettingTable } from "../../src/config/topic-settings.ts";
import { namesWithReasons, reasonWithoutEffect } from "../../src/config/without-effect.ts";

const root = join(import.meta.dirname, "../..");

/** Where names are those of clients' settings, and not a broker's. */
const OF_CLIENTS = /^(?:cli\/kafka\/|embed\/connection\.ts$|security\/client-tls\.ts$)/;

/** All that the source outside of the tables asks a record of a broker's settings for. */
const words = new Set(
  readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && !name.startsWith("config/") && !OF_CLIENTS.test(name))
    .flatMap((name) => [
      ...readFileSync(join(root, "src", name), "utf8").matchAll(
        /\["([a-z][a-z0-9.]*)"\]|\bconfig\.([a-z]+)\b|"((?:ssl|sasl|connections?|odradek)\.[a-z.]+)"/g,
      ),
    ])
    .map(([, quoted, property, ofListener]) => quoted ?? property ?? ofListener ?? ""),
);

/** Read by src/config for all others. */
const READ_IN_CONFIG = new Set([
  "broker.id",
  "log.dir",
  "authorizer.class.name",
  "controller.listener.names",
  "inter.broker.listener.name",
  "security.inter.broker.protocol",
  "group.coordinator.rebalance.protocols",
  "group.share.assignors",
  ...groupLimitSettings(),
]);

test.each<[string, SettingTable, Synonyms]>([
  ["topic", topicSettingTable, TOPIC_SYNONYMS],
  ["group", groupSettingTable, GROUP_SYNONYMS],
])("a %s setting is honoured exactly when it is read, and so are the broker's settings that it is inherited from", (_, table, synonyms) => {
  const brokerTable: SettingTable = brokerSettingTable;
  const honoured = Object.keys(table).filter((name) => table[name]?.rules.honoured);
  expect(honoured).toEqual(Object.keys(table).filter((name) => words.has(name)));
  const inherited = honoured.flatMap((name) => synonyms[name] ?? []).filter((name) => !brokerTable[name]?.rules.honoured);
  expect(inherited).toEqual([]);
});

test("a broker setting is honoured exactly when it is read, or a topic or group inherits it", () => {
  const table: SettingTable = brokerSettingTable;
  const inherited = new Set<string>();
  for (const [settings, synonyms] of [
    [topicSettingTable, TOPIC_SYNONYMS],
    [groupSettingTable, GROUP_SYNONYMS],
  ] as const) {
    const all: Synonyms = synonyms;
    for (const name of Object.keys(settings)) if (words.has(name)) for (const synonym of all[name] ?? []) inherited.add(synonym);
  }
  const isRead = (name: string) => words.has(name) || inherited.has(name) || READ_IN_CONFIG.has(name);
  expect(Object.keys(table).filter((name) => table[name]?.rules.honoured)).toEqual(Object.keys(table).filter(isRead));
});

test("what is accepted without effect has a reason, and every reason is one of something", () => {
  const accepted = [brokerSettingTable, topicSettingTable, groupSettingTable, clientMetricsSettingTable].flatMap((table: SettingTable) =>
    Object.keys(table).filter((name) => !table[name]?.rules.honoured),
  );
  expect(accepted.filter((name) => reasonWithoutEffect(name) === undefined)).toEqual([]);
  const isUsed = (name: string) => accepted.some((each) => each === name || (name.endsWith(".") && each.startsWith(name)));
  expect(namesWithReasons().filter((name) => !isUsed(name))).toEqual([]);
});
