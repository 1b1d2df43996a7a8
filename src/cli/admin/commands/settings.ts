// `odradek settings [PATTERN]`: every setting that there is, from the same tables as all else about settings. No broker is needed.

import type { Command } from "commander";
import { brokerSettingTable } from "../../../config/broker-settings.ts";
import { characterDefaults } from "../../../config/character.ts";
import { clientMetricsSettingTable } from "../../../config/client-metrics-settings.ts";
import { groupSettingTable } from "../../../config/group-settings.ts";
import { nearestName } from "../../../config/nearest-name.ts";
import type { Setting, SettingRules, SettingTable, SettingValue } from "../../../config/setting.ts";
import { printSetting } from "../../../config/setting-text.ts";
import { topicSettingTable } from "../../../config/topic-settings.ts";
import { reasonWithoutEffect } from "../../../config/without-effect.ts";
import { CommandError } from "../../command-error.ts";
import { painter } from "../../terminal.ts";
import type { Admin } from "../command-group.ts";
import { printRows, type Row } from "../table.ts";

const TABLES: readonly (readonly [of: string, table: SettingTable])[] = [
  ["broker", brokerSettingTable],
  ["topic", topicSettingTable],
  ["group", groupSettingTable],
  ["client-metrics", clientMetricsSettingTable],
];
/** So many are explained, more are listed. */
const MOST_EXPLAINED = 4;
const LONGEST_DEFAULT = 32;

interface Given {
  readonly json?: boolean;
  readonly honoured?: boolean;
}

interface Listed {
  readonly of: string;
  readonly name: string;
  readonly setting: Setting;
}

export function addSettings(program: Command, { terminal }: Admin): void {
  program
    .command("settings")
    .description("list the settings of brokers, topics, groups and client metrics, or explain some")
    .argument("[pattern]", "a name, a part of one, or a pattern with *")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .option("--json", "print JSON")
    .option("--honoured", "only those that have effect here")
    .action((pattern: string | undefined, { json, honoured }: Given) => {
      const found = matching(pattern).filter(({ setting }) => honoured !== true || setting.rules.honoured === true);
      if (found.length === 0) throw new CommandError(nothingFound(pattern ?? "*"));
      if (json === true) printRows(terminal, found.map(explained), { isJson: true, nothing: "" });
      else if (found.length > MOST_EXPLAINED) printRows(terminal, found.map(brief), { isJson: false, nothing: "" });
      else terminal.out(found.map((listed) => page(listed, painter(terminal))).join("\n"));
    });
}

/** A whole name wins over those of which it is a part. */
function matching(pattern: string | undefined): Listed[] {
  const all = TABLES.flatMap(([of, table]) => Object.entries(table).map(([name, setting]) => ({ of, name, setting })));
  all.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  if (pattern === undefined) return all;
  const exact = all.filter(({ name }) => name === pattern);
  if (exact.length > 0) return exact;
  const expression = new RegExp(pattern.split("*").map(escaped).join(".*"), "i");
  const whole = pattern.includes("*") ? new RegExp(`^${expression.source}$`, "i") : expression;
  return all.filter(({ name }) => whole.test(name));
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
}

function nothingFound(pattern: string): string {
  const names = TABLES.flatMap(([, table]) => Object.keys(table));
  const nearest = nearestName(pattern, names);
  return `There is no setting ${pattern}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

function brief({ of, name, setting }: Listed): Row {
  const value = defaultText(setting, ownDefault(name, of) ?? setting.default);
  const shown = value.length > LONGEST_DEFAULT ? `${value.slice(0, LONGEST_DEFAULT - 1)}…` : value;
  return { setting: name, of, type: typeText(setting), default: shown, effect: setting.rules.honoured ? "yes" : "none" };
}

function explained({ of, name, setting }: Listed): Row {
  return {
    setting: name,
    of,
    type: typeText(setting),
    default: printSetting(setting, ownDefault(name, of) ?? setting.default),
    "kafka default": printSetting(setting, setting.default),
    permitted: permittedText(setting.rules),
    altered: alteredText(of, setting.rules),
    honoured: setting.rules.honoured === true,
    reason: setting.rules.honoured ? null : (reasonWithoutEffect(name) ?? null),
    documentation: setting.documentation,
  };
}

function page(listed: Listed, paint: ReturnType<typeof painter>): string {
  const { of, name, setting } = listed;
  const own = ownDefault(name, of);
  const kafkas = defaultText(setting, setting.default);
  const permitted = permittedText(setting.rules);
  const rows: (readonly [string, string])[] = [
    ["type", typeText(setting)],
    ["default", own === undefined ? kafkas : `${defaultText(setting, own)} (Kafka: ${kafkas})`],
    ...(permitted === null ? [] : [["permitted", permitted] as const]),
    ["altered", alteredText(of, setting.rules)],
    ["effect", setting.rules.honoured ? "honoured" : `none: ${reasonWithoutEffect(name) ?? "there is nothing here that it would change"}`],
  ];
  const lines = rows.map(([title, text]) => `  ${title.padEnd(10)}${text}`);
  return `${paint("bold", name)} (${of})\n  ${setting.documentation}\n${lines.join("\n")}\n`;
}

function typeText({ type }: Setting): string {
  return type.toLowerCase();
}

function defaultText(setting: Setting, value: SettingValue): string {
  const text = printSetting(setting, value);
  if (text === null) return "none";
  return text === "" ? "empty" : text;
}

/** Where it is not Kafka's. */
function ownDefault(name: string, of: string): SettingValue | undefined {
  const own: { readonly [name: string]: SettingValue } = characterDefaults("kind");
  return of === "broker" && Object.hasOwn(own, name) ? own[name] : undefined;
}

function permittedText({ min, max, or, oneOf, nonEmpty }: SettingRules): string | null {
  const parts: string[] = [];
  if (oneOf !== undefined) parts.push(oneOf.join(", "));
  if (min !== undefined && max !== undefined) parts.push(`${min} to ${max}`);
  else if (min !== undefined) parts.push(`at least ${min}`);
  else if (max !== undefined) parts.push(`at most ${max}`);
  if (or !== undefined) parts.push(`or ${or}`);
  if (nonEmpty === true) parts.push("not empty");
  return parts.length === 0 ? null : parts.join(", ");
}

function alteredText(of: string, { dynamic }: SettingRules): string {
  if (of !== "broker") return "while the broker runs";
  if (dynamic === undefined) return "at the start only";
  return dynamic === "per-broker" ? "while the broker runs, for each or for all" : "while the broker runs, for all brokers";
}
