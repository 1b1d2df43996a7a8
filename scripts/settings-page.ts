// The README's page of settings, written from the tables of src/config.
//
//   node scripts/settings-page.ts     brings the README up to date

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brokerSettingTable } from "../src/config/broker-settings.ts";
import { characterDefaults } from "../src/config/character.ts";
import { clientMetricsSettingTable } from "../src/config/client-metrics-settings.ts";
import { groupSettingTable } from "../src/config/group-settings.ts";
import type { Setting, SettingTable, SettingValue } from "../src/config/setting.ts";
import { printSetting } from "../src/config/setting-text.ts";
import { topicSettingTable } from "../src/config/topic-settings.ts";
import { reasonWithoutEffect } from "../src/config/without-effect.ts";

const BEGIN = "<!-- settings -->";
const END = "<!-- /settings -->";
const LONGEST_DEFAULT = 40;

const README = join(import.meta.dirname, "../README.md");

const TABLES: readonly (readonly [title: string, table: SettingTable])[] = [
  ["Broker settings", brokerSettingTable],
  ["Topic settings", topicSettingTable],
  ["Group settings", groupSettingTable],
  ["Client metrics settings", clientMetricsSettingTable],
];

/** The README with its settings page as the tables have it. */
export function withSettingsPage(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n${settingsPage()}\n${readme.slice(end)}`;
}

function settingsPage(): string {
  const intro =
    "Sources, weakest first: defaults, `--config`, `KAFKA_…` variables as the apache/kafka and cp-kafka images read them, `--set`, what was\n" +
    "altered while running. `CLUSTER_ID` gives a cluster its id, `KAFKA_CREATE_TOPICS` (`orders:3:1,state:1:1:compact`) makes topics.\n\n" +
    "✓ is honoured: a test changes it and sees the effect. A – is accepted, checked and described without effect, for the reason given.\n" +
    "Where the default is not Apache Kafka's, that is given too; of those, `--like kafka` brings back the delays.";
  return [intro, ...TABLES.map(([title, table]) => section(title, table))].join("\n\n");
}

function section(title: string, table: SettingTable): string {
  const rows = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
  const honoured = rows.filter(([, { rules }]) => rules.honoured).length;
  const summary = `<summary>${title}: ${honoured} honoured, ${rows.length - honoured} accepted</summary>`;
  const head = "| name | default | | what it does |\n|---|---|---|---|";
  return `<details>\n${summary}\n\n${head}\n${rows.map(([name, setting]) => row(name, setting)).join("\n")}\n\n</details>`;
}

function row(name: string, setting: Setting): string {
  const { rules, documentation } = setting;
  const mark = rules.honoured ? "✓" : "–";
  const reason = rules.honoured ? "" : ` *No effect: ${reasonWithoutEffect(name)}.*`;
  return `| \`${name}\` | ${defaultOf(name, setting)} | ${mark} | ${cell(documentation + reason)} |`;
}

function defaultOf(name: string, setting: Setting): string {
  const own: { readonly [name: string]: SettingValue } = characterDefaults("kind");
  const kafkas = defaultText(setting, setting.default);
  return Object.hasOwn(own, name) ? `${defaultText(setting, own[name] ?? null)} (Kafka: ${kafkas})` : kafkas;
}

function defaultText(setting: Setting, value: SettingValue): string {
  const text = printSetting(setting, value);
  if (text === null) return "none";
  if (text === "") return "empty";
  return text.length > LONGEST_DEFAULT ? `\`…${cell(text.slice(1 - LONGEST_DEFAULT))}\`` : `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) writeFileSync(README, withSettingsPage(readFileSync(README, "utf8")));
