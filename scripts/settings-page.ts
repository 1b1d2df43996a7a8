// The page of settings, src/config/README.md, written from the tables of src/config.
//
//   node scripts/settings-page.ts     brings the page up to date

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

const PAGE = join(import.meta.dirname, "../src/config/README.md");

const TABLES: readonly (readonly [title: string, table: SettingTable])[] = [
  ["Broker settings", brokerSettingTable],
  ["Topic settings", topicSettingTable],
  ["Group settings", groupSettingTable],
  ["Client metrics settings", clientMetricsSettingTable],
];

/** The page with its settings as the tables have them. */
export function withSettings(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page of settings has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${settings()}\n${page.slice(end)}`;
}

function settings(): string {
  return [...TABLES.map(([title, table]) => section(title, table)), withoutEffect()].join("\n\n");
}

/** What is honoured: a test changes it and sees the effect. */
function section(title: string, table: SettingTable): string {
  const rows = sorted(table).filter(([, { rules }]) => rules.honoured);
  const head = "| name | default | what it does |\n|---|---|---|";
  return `## ${title}\n\n${head}\n${rows.map(([name, setting]) => row(name, setting)).join("\n")}`;
}

/** One line a reason, most names first. */
function withoutEffect(): string {
  const namesByReason = new Map<string, Set<string>>();
  for (const [name, { rules }] of TABLES.flatMap(([, table]) => sorted(table))) {
    if (rules.honoured) continue;
    const reason = reasonWithoutEffect(name) ?? "it is not supported";
    namesByReason.set(reason, (namesByReason.get(reason) ?? new Set()).add(name));
  }
  const lines = [...namesByReason]
    .sort(([, a], [, b]) => b.size - a.size)
    .map(([reason, names]) => `- **${reason}**: ${[...names].map((name) => `\`${name}\``).join(", ")}`);
  const intro = "Accepted, checked and described, so that files written for Kafka are taken as they are; each without effect because";
  return `## Settings without effect\n\n${intro}\n\n${lines.join("\n")}`;
}

function sorted(table: SettingTable): [string, Setting][] {
  return Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
}

function row(name: string, setting: Setting): string {
  return `| \`${name}\` | ${defaultOf(name, setting)} | ${cell(setting.documentation)} |`;
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

if (import.meta.main) writeFileSync(PAGE, withSettings(readFileSync(PAGE, "utf8")));
