// The tables against Apache Kafka 4.3.1's own declarations (test/facts/configs.json).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { brokerSettingTable } from "../../src/config/broker-settings.ts";
import { clientMetricsSettingTable } from "../../src/config/client-metrics-settings.ts";
import { groupSettingTable } from "../../src/config/group-settings.ts";
import type { Setting, SettingTable } from "../../src/config/setting.ts";
import { parseSetting, printSetting } from "../../src/config/setting-text.ts";
import { topicSettingTable } from "../../src/config/topic-settings.ts";

interface Fact {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
  readonly valid: string | null;
  readonly internal?: boolean;
}
type Facts = { readonly [table: string]: readonly Fact[] } & { readonly brokerDynamicUpdateMode: { readonly [name: string]: string } };

const facts: Facts = JSON.parse(readFileSync(join(import.meta.dirname, "../facts/configs.json"), "utf8"));

/** Where a single node needs another default in the table itself: Kafka has none and demands that it is set. */
const OTHER_DEFAULTS: { readonly [name: string]: string } = { "node.id": "1" };

const tables: [string, SettingTable][] = [
  ["broker", brokerSettingTable],
  ["topic", topicSettingTable],
  ["group", groupSettingTable],
  ["client-metrics", clientMetricsSettingTable],
];

test.each(tables)("every %s setting of Kafka's is declared, and nothing else but our own", (name, table) => {
  const ours = Object.keys(table).filter((setting) => !/^(?:odradek|diskless)\./.test(setting) && table[setting]?.rules.unlisted !== true);
  expect(ours.sort()).toEqual((facts[name] ?? []).map((fact) => fact.name).sort());
});

test.each(tables)("%s settings have Kafka's types, defaults, bounds and permitted values", (name, table) => {
  for (const fact of facts[name] ?? []) {
    const setting = table[fact.name];
    expect(setting, fact.name).toBeDefined();
    if (setting === undefined) continue;
    expect([fact.name, setting.type, printSetting(setting, setting.default)]).toEqual([
      fact.name,
      fact.type,
      OTHER_DEFAULTS[fact.name] ?? fact.default,
    ]);
    expect([fact.name, setting.rules.internal ?? false]).toEqual([fact.name, fact.internal ?? false]);
    expect([fact.name, boundsOf(setting)]).toEqual([fact.name, expectedBounds(fact)]);
  }
});

test("broker settings change while running where Kafka lets them", () => {
  const table: SettingTable = brokerSettingTable;
  for (const { name } of facts["broker"] ?? []) {
    expect([name, table[name]?.rules.dynamic]).toEqual([name, facts.brokerDynamicUpdateMode[name]]);
  }
});

test.each(tables)("every default of a %s setting passes its own rules", (_, table) => {
  for (const [name, setting] of Object.entries(table)) {
    const text = printSetting(setting, setting.default);
    if (text !== null) expect(parseSetting(name, setting, text), name).toEqual(setting.default);
  }
});

test("every setting is documented in one sentence", () => {
  for (const [, table] of tables) {
    for (const [name, { documentation }] of Object.entries(table)) {
      expect([name, documentation]).toEqual([name, expect.stringMatching(/^[A-Z]((?!\. ).)+\.$/)]);
    }
  }
});

function boundsOf({ type, rules }: Setting): object {
  if (type === "STRING" || type === "LIST") return { oneOf: rules.oneOf ?? [], hasRule: rules.check !== undefined };
  return { min: rules.min, max: rules.max, or: rules.or };
}

function expectedBounds({ type, valid }: Fact): object {
  if (type === "STRING" || type === "LIST") {
    const isRule = valid !== null && /by_duration|partitionId/.test(valid);
    const listed = isRule ? undefined : /\[(.*)\]/.exec(valid ?? "")?.[1];
    return { oneOf: listed === undefined ? [] : listed.split(", "), hasRule: isRule };
  }
  const [, min, max, or] = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\](?: or (-?\d+))?$/.exec(valid ?? "") ?? [];
  return { min: numberOf(min), max: numberOf(max), or: numberOf(or) };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : text === "9223372036854775807" ? MAX_INT64 : Number(text);
}
