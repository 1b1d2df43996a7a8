// What holds for one topic or one group: its overrides over the broker's settings. Refusals are worded as Kafka words them,
// since they reach clients with INVALID_CONFIG.

import type { BrokerConfig } from "./broker-config.ts";
import type { BrokerSettingName } from "./broker-settings.ts";
import { GROUP_SYNONYMS, type GroupSettings, groupSettingTable } from "./group-settings.ts";
import { SettingError, type SettingTable, type SettingValue } from "./setting.ts";
import { parseSetting } from "./setting-text.ts";
import { TOPIC_SYNONYMS, type TopicSettings, topicSettingTable } from "./topic-settings.ts";

/** Overrides by name, as text; null and undefined mean "not overridden". */
export type Overrides = { readonly [name: string]: string | null | undefined };
export type Synonyms = { readonly [name: string]: readonly BrokerSettingName[] | undefined };

/** Raises SettingError. */
export function topicSettings(config: BrokerConfig, overrides: Overrides = {}): TopicSettings {
  const values = effectiveValues({ table: topicSettingTable, synonyms: TOPIC_SYNONYMS, kind: "topic", config, overrides });
  // One value per name of the table, parsed by its own declaration.
  const settings = values as TopicSettings;
  checkTopic(settings);
  return Object.freeze(settings);
}

/** As they were given, which is not yet what is effective: see withinLimits. Raises SettingError. */
export function groupSettings(config: BrokerConfig, overrides: Overrides = {}): GroupSettings {
  const values = effectiveValues({ table: groupSettingTable, synonyms: GROUP_SYNONYMS, kind: "group", config, overrides });
  return Object.freeze(values as GroupSettings);
}

/** The first synonym that has a value, in the unit of the topic's setting; `undefined` when none has. */
export function inheritedValue(config: BrokerConfig, synonyms: readonly BrokerSettingName[]): SettingValue | undefined {
  for (const synonym of synonyms) {
    const value = config[synonym];
    if (value !== null) return typeof value === "number" ? inMilliseconds(synonym, value) : value;
  }
  return undefined;
}

interface Question {
  readonly table: SettingTable;
  readonly synonyms: Synonyms;
  readonly kind: "topic" | "group";
  readonly config: BrokerConfig;
  readonly overrides: Overrides;
}

function effectiveValues({ table, synonyms, kind, config, overrides }: Question): object {
  for (const [name, text] of Object.entries(overrides)) {
    if (text === null || text === undefined || Object.hasOwn(table, name)) continue;
    throw new SettingError("UNKNOWN_SETTING", name, `Unknown ${kind} config name: ${name}`);
  }
  const values: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(table)) {
    const text = overrides[name];
    const isOverridden = text !== null && text !== undefined;
    values[name] = isOverridden ? parseSetting(name, setting, text) : (inheritedValue(config, synonyms[name] ?? []) ?? setting.default);
  }
  return values;
}

const UNITS_MS: readonly (readonly [string, number])[] = [
  [".hours", 3_600_000],
  [".minutes", 60_000],
];

function inMilliseconds(name: BrokerSettingName, value: number): number {
  for (const [suffix, unitMs] of UNITS_MS) {
    // Any negative time means "no limit".
    if (name.endsWith(suffix)) return value < 0 ? -1 : value * unitMs;
  }
  return name === "log.retention.ms" && value < 0 ? -1 : value;
}

function checkTopic(settings: TopicSettings): void {
  const least = settings["min.compaction.lag.ms"];
  const most = settings["max.compaction.lag.ms"];
  if (least > most) {
    const message = `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`;
    throw new SettingError("CONFLICT", "min.compaction.lag.ms", message);
  }
  if (settings["remote.storage.enable"]) {
    const message = "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.";
    throw new SettingError("CONFLICT", "remote.storage.enable", message);
  }
}
