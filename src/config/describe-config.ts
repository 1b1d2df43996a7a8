// Settings as DescribeConfigs tells them. Every entry names the sources that have a value for it, the winning one first
// (its "synonyms", each under its own name): topic or group, then the broker's, altered while running, given at start, default.
//
// A quirk of Kafka's that clients may see: a default under another name than the first synonym's is left out, so a topic's
// retention.ms has no synonyms while only log.retention.hours is known.

import { ownValue } from "../base/foreign-names.ts";
import { runtimeOnlySettings } from "./altered-broker-settings.ts";
import { type BrokerConfig, type ConfigOrigin, listenerSettingsGiven, originsOf } from "./broker-config.ts";
import { type BrokerSettingName, brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
import { clientMetricsSettingTable } from "./client-metrics-settings.ts";
import { GROUP_SYNONYMS, groupSettingTable } from "./group-settings.ts";
import { listenerSettingBase } from "./listener-settings.ts";
import type { Setting, SettingTable, SettingType, SettingValue } from "./setting.ts";
import { parseSetting, printSetting } from "./setting-text.ts";
import { groupSettings, type Overrides, type Synonyms, topicSettings } from "./topic-config.ts";
import { TOPIC_SYNONYMS, topicSettingTable } from "./topic-settings.ts";
import { documentationOf } from "./without-effect.ts";

/** Codes on the wire. */
export const ConfigSources = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const;

/** Code on the wire of a setting whose type is not known. */
const UNKNOWN_TYPE = 0;

/** Codes on the wire. */
export const ConfigTypes: { readonly [Type in SettingType]: number } = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

export interface SettingSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

export interface DescribedSetting {
  readonly name: string;
  /** As Kafka prints it; null when there is none, or when it is secret. */
  readonly value: string | null;
  /** One of ConfigSources. */
  readonly source: number;
  readonly isSensitive: boolean;
  readonly isReadOnly: boolean;
  /** One of ConfigTypes. */
  readonly type: number;
  readonly documentation: string;
  readonly synonyms: readonly SettingSynonym[];
}

export function describeBrokerSettings(config: BrokerConfig): DescribedSetting[] {
  const table: SettingTable = brokerSettingTable;
  return brokerNames()
    .filter((name) => !isHidden(table, name) || originsOf(config, name).length > 1)
    .map((name) => describe(table, name, config[name], brokerSynonyms(config, siblingsOf(name), name)));
}

/**
 * What no table has: a listener's own settings, given at the start or altered, and, altered only, limits and names of plug-ins. `initial`: what
 * was given at the start, by name.
 */
export function describeUnlistedSettings({ cluster, broker, initial = {} }: AlteredTexts): DescribedSetting[] {
  const given = [broker, cluster, initial].flatMap((texts) => Object.keys(texts));
  const names = new Set(given.filter((name) => !isBrokerSetting(name)));
  return [...names].map((name) => {
    const own = unlistedSynonym(name, broker, ConfigSources.DYNAMIC_BROKER);
    const all = unlistedSynonym(name, cluster, ConfigSources.DYNAMIC_DEFAULT_BROKER);
    const first = unlistedSynonym(name, initial, ConfigSources.STATIC_BROKER);
    const base = listenerSettingBase(name);
    const inherited = base !== undefined && isBrokerSetting(base) ? defaultSynonym(base) : undefined;
    return unlisted(
      name,
      [own, all, first, inherited].filter((synonym) => synonym !== undefined),
    );
  });
}

/** What was altered for all brokers, and nothing else. */
export function describeClusterSettings(cluster: Readonly<Record<string, string>>): DescribedSetting[] {
  const table: SettingTable = brokerSettingTable;
  const listed = Object.entries(cluster).flatMap(([name, text]) => {
    const setting = isBrokerSetting(name) ? table[name] : undefined;
    if (setting === undefined) return [];
    const value = shown(table, name, parseSetting(name, setting, text));
    return [{ ...describe(table, name, null, [{ name, value, source: ConfigSources.DYNAMIC_DEFAULT_BROKER }]), value }];
  });
  return [...listed, ...describeUnlistedSettings({ cluster, broker: {} })];
}

/** Raises SettingError when a value does not fit. */
export function describeClientMetricsSettings(overrides: Overrides): DescribedSetting[] {
  const table: SettingTable = clientMetricsSettingTable;
  return Object.entries(table).map(([name, setting]) => {
    const text = overrides[name];
    const isSet = typeof text === "string";
    const value = isSet ? parseSetting(name, setting, text) : setting.default;
    const synonyms = isSet ? [{ name, value: shown(table, name, value), source: ConfigSources.CLIENT_METRICS }] : [];
    return { ...describe(table, name, value, synonyms), isReadOnly: false };
  });
}

export interface AlteredTexts {
  readonly cluster: Readonly<Record<string, string>>;
  readonly broker: Readonly<Record<string, string>>;
  readonly initial?: Readonly<Record<string, string>>;
}

/** Of one broker: what was given to its listeners at the start, beside what was altered. */
export function describeBrokersUnlisted(config: BrokerConfig, altered: AlteredTexts): DescribedSetting[] {
  return describeUnlistedSettings({ ...altered, initial: listenerSettingsGiven(config) });
}

function unlistedSynonym(name: string, values: Readonly<Record<string, string>>, source: number): SettingSynonym | undefined {
  const text = ownValue(values, name);
  if (text === undefined) return undefined;
  return { name, value: isShownUnlisted(name) ? text : null, source };
}

/** A value of which nothing is known may be a secret. */
function isShownUnlisted(name: string): boolean {
  const base = listenerSettingBase(name);
  if (base === undefined) return Object.hasOwn(runtimeOnlySettings, name);
  return isBrokerSetting(base) && brokerSettingTable[base].type !== "PASSWORD";
}

function defaultSynonym(name: BrokerSettingName): SettingSynonym | undefined {
  const table: SettingTable = brokerSettingTable;
  const value = shown(table, name, table[name]?.default ?? null);
  return value === null ? undefined : { name, value, source: ConfigSources.DEFAULT };
}

function unlisted(name: string, synonyms: readonly SettingSynonym[]): DescribedSetting {
  const base = listenerSettingBase(name);
  const setting = base === undefined ? ownValue(runtimeOnlySettings, name) : isBrokerSetting(base) ? brokerSettingTable[base] : undefined;
  return {
    name,
    value: synonyms[0]?.value ?? null,
    source: synonyms[0]?.source ?? ConfigSources.DEFAULT,
    isSensitive: !isShownUnlisted(name),
    isReadOnly: !Object.hasOwn(runtimeOnlySettings, name),
    type: setting === undefined ? UNKNOWN_TYPE : ConfigTypes[setting.type],
    documentation: setting === undefined ? "" : documentationOf(base ?? name, setting),
    synonyms,
  };
}

/** Raises SettingError when the overrides do not fit. */
export function describeTopicSettings(config: BrokerConfig, overrides: Overrides = {}): DescribedSetting[] {
  const question = { table: topicSettingTable, broker: TOPIC_SYNONYMS, source: ConfigSources.TOPIC, config, overrides };
  return describeOverridable(question, topicSettings(config, overrides));
}

/** Raises SettingError when the overrides do not fit. */
export function describeGroupSettings(config: BrokerConfig, overrides: Overrides = {}): DescribedSetting[] {
  const question = { table: groupSettingTable, broker: GROUP_SYNONYMS, source: ConfigSources.GROUP, config, overrides };
  return describeOverridable(question, groupSettings(config, overrides));
}

interface OverridableQuestion {
  readonly table: SettingTable;
  readonly broker: Synonyms;
  readonly source: number;
  readonly config: BrokerConfig;
  readonly overrides: Overrides;
}

function describeOverridable(question: OverridableQuestion, values: { readonly [name: string]: SettingValue }): DescribedSetting[] {
  const { table, broker, source, config, overrides } = question;
  const described: DescribedSetting[] = [];
  for (const [name, setting] of Object.entries(table)) {
    const value = values[name] ?? null;
    const isOverridden = typeof overrides[name] === "string";
    if (setting.rules.internal && !isOverridden) continue;
    const names = broker[name] ?? [];
    const synonyms = names[0] === undefined ? [] : brokerSynonyms(config, names, names[0]);
    if (isOverridden) synonyms.unshift({ name, value: shown(table, name, value), source });
    const isGroup = source === ConfigSources.GROUP;
    if (isGroup && names.length === 0) synonyms.push({ name, value: shown(table, name, setting.default), source: ConfigSources.DEFAULT });
    described.push({ ...describe(table, name, value, synonyms), isReadOnly: false });
  }
  return described;
}

function describe(table: SettingTable, name: string, value: SettingValue, synonyms: readonly SettingSynonym[]): DescribedSetting {
  const setting = table[name];
  const isKnown = setting !== undefined && setting.rules.unlisted !== true;
  return {
    name,
    value: shown(table, name, value),
    source: synonyms[0]?.source ?? ConfigSources.DEFAULT,
    isSensitive: isSecret(setting),
    isReadOnly: setting?.rules.dynamic === undefined,
    type: isKnown ? ConfigTypes[setting.type] : UNKNOWN_TYPE,
    documentation: isKnown ? documentationOf(name, setting) : "",
    synonyms,
  };
}

function shown(table: SettingTable, name: string, value: SettingValue): string | null {
  const setting = table[name];
  return setting === undefined || isSecret(setting) ? null : printSetting(setting, value);
}

/** To Kafka a value of which it knows nothing may be one. */
function isSecret(setting: Setting | undefined): boolean {
  return setting?.type === "PASSWORD" || setting?.rules.unlisted === true;
}

function isHidden(table: SettingTable, name: string): boolean {
  return table[name]?.rules.internal === true || table[name]?.rules.unlisted === true;
}

const RANKS: readonly number[] = [
  ConfigSources.DYNAMIC_BROKER,
  ConfigSources.DYNAMIC_DEFAULT_BROKER,
  ConfigSources.STATIC_BROKER,
  ConfigSources.DEFAULT,
];

/** Values under all the names, by source first, from the one that is called `first` on. */
function brokerSynonyms(config: BrokerConfig, names: readonly BrokerSettingName[], first: BrokerSettingName): SettingSynonym[] {
  const found: SettingSynonym[] = [];
  for (const rank of RANKS) {
    for (const name of names) {
      // Of file, environment and argument, which are one source to Kafka, the strongest counts.
      const origin = originsOf(config, name).find((candidate) => sourceOf(candidate.origin) === rank && candidate.value !== null);
      if (origin !== undefined) found.push({ name, value: shown(brokerSettingTable, name, origin.value), source: rank });
    }
  }
  const start = found.findIndex((synonym) => synonym.name === first);
  return start < 0 ? [] : found.slice(start);
}

function sourceOf(origin: ConfigOrigin | "default"): number {
  switch (origin) {
    case "default":
      return ConfigSources.DEFAULT;
    case "file":
    case "environment":
    case "argument":
      return ConfigSources.STATIC_BROKER;
    case "dynamic-cluster":
      return ConfigSources.DYNAMIC_DEFAULT_BROKER;
    case "dynamic-broker":
      return ConfigSources.DYNAMIC_BROKER;
  }
}

/** The names under which a broker knows the same thing, in order of precedence. */
function siblingsOf(name: BrokerSettingName): readonly BrokerSettingName[] {
  for (const names of Object.values(TOPIC_SYNONYMS)) if (names.length > 1 && names.includes(name)) return names;
  return [name];
}

function brokerNames(): BrokerSettingName[] {
  return Object.keys(brokerSettingTable).filter((name): name is BrokerSettingName => name in brokerSettingTable);
}
