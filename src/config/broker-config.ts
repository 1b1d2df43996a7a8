// A broker's settings, read once from all their sources, checked and frozen. The later source wins: default, file,
// environment, argument, then what clients altered while running (cluster-wide, then for this broker).
//
// A config also remembers where each value came from, for DescribeConfigs.

import { type BrokerSettingName, type BrokerSettingValues, brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
import { type Character, characterDefaults } from "./character.ts";
import { nearestName } from "./nearest-name.ts";
import { isPassedOver } from "./passed-over-settings.ts";
import { SettingError, type SettingTable, type SettingValue } from "./setting.ts";
import { parseSetting, printSetting } from "./setting-text.ts";

/** Rising precedence. */
const ORIGINS = ["file", "environment", "argument", "dynamic-cluster", "dynamic-broker"] as const;
export type ConfigOrigin = (typeof ORIGINS)[number];

/** Settings by name: as text, or as values from code. */
export type SettingInputs = { readonly [name: string]: SettingValue | undefined };
export type ConfigSources = { readonly character?: Character } & { readonly [Origin in ConfigOrigin]?: SettingInputs };

const provenance = Symbol("provenance");

interface Provenance {
  readonly defaults: BrokerSettingValues;
  readonly given: ReadonlyMap<ConfigOrigin, SettingTableValues>;
  /** What was given although no table has it. */
  readonly passedOver: readonly string[];
}
type SettingTableValues = ReadonlyMap<BrokerSettingName, SettingValue>;

/** Values by Kafka's names: `config["num.partitions"]`. */
export type BrokerConfig = BrokerSettingValues & { readonly [provenance]: Provenance };

/** Raises SettingError: an unknown name (with the nearest known one), a value that does not fit, or two that contradict. */
export function brokerConfig(sources: ConfigSources = {}): BrokerConfig {
  const given = new Map<ConfigOrigin, SettingTableValues>();
  for (const origin of ORIGINS) given.set(origin, parseInputs(sources[origin] ?? {}));
  const passedOver = ORIGINS.flatMap((origin) => Object.keys(sources[origin] ?? {}).filter(isPassedOver));
  return assemble({ defaults: defaultValues(sources.character ?? "kind"), given, passedOver });
}

/** What was altered while running: for all brokers, and for this one. */
export interface AlteredSettings {
  readonly cluster: SettingInputs;
  readonly broker: SettingInputs;
}

/** The same config with other values altered while running, in place of those that it had. Raises SettingError. */
export function withAltered(config: BrokerConfig, { cluster, broker }: AlteredSettings): BrokerConfig {
  const given = new Map(config[provenance].given);
  given.set("dynamic-cluster", parseInputs(cluster)).set("dynamic-broker", parseInputs(broker));
  return assemble({ ...config[provenance], given });
}

/** The same config with what a start has decided where nothing was given: as if it had been an argument. Raises SettingError. */
export function withDecided(config: BrokerConfig, inputs: SettingInputs): BrokerConfig {
  const decided = [...parseInputs(inputs)].filter(([name]) => originsOf(config, name).length === 1);
  const given = new Map(config[provenance].given);
  given.set("argument", new Map([...(given.get("argument") ?? []), ...decided]));
  return assemble({ ...config[provenance], given });
}

function assemble(from: Provenance): BrokerConfig {
  const values = { ...from.defaults };
  for (const origin of ORIGINS) Object.assign(values, Object.fromEntries(from.given.get(origin) ?? []));
  checkTogether(values);
  return Object.freeze({ ...values, [provenance]: from });
}

/** The value before any source, and the values given by each, highest precedence first. */
export function originsOf(config: BrokerConfig, name: BrokerSettingName): { origin: ConfigOrigin | "default"; value: SettingValue }[] {
  const { defaults, given } = config[provenance];
  const found: { origin: ConfigOrigin | "default"; value: SettingValue }[] = [];
  for (const origin of ORIGINS.toReversed()) {
    const value = given.get(origin)?.get(name);
    if (value !== undefined) found.push({ origin, value });
  }
  found.push({ origin: "default", value: defaults[name] });
  return found;
}

/** Whether access rules may be made: with Kafka, an authorizer would heed them. */
export function hasAuthorizer(config: BrokerConfig): boolean {
  return config["authorizer.class.name"] !== "";
}

/** What was set and changes nothing, by name; worth a line at the start. */
export function settingsWithoutEffect(config: BrokerConfig): string[] {
  const table: SettingTable = brokerSettingTable;
  const names = new Set<string>(config[provenance].passedOver);
  for (const values of config[provenance].given.values()) for (const name of values.keys()) names.add(name);
  return [...names].filter((name) => !table[name]?.rules.honoured).sort();
}

function defaultValues(character: Character): BrokerSettingValues {
  const table: SettingTable = brokerSettingTable;
  const own: { readonly [name: string]: SettingValue } = characterDefaults(character);
  const values: Record<string, SettingValue> = {};
  for (const name in table) values[name] = own[name] ?? table[name]?.default ?? null;
  // The table's own names and defaults: exactly what ValuesOf says of it.
  return values as BrokerSettingValues;
}

function parseInputs(inputs: SettingInputs): Map<BrokerSettingName, SettingValue> {
  const parsed = new Map<BrokerSettingName, SettingValue>();
  for (const [name, input] of Object.entries(inputs)) {
    if (input === undefined || input === null || isPassedOver(name)) continue;
    if (!isBrokerSetting(name)) throw unknownSetting(name);
    const setting = brokerSettingTable[name];
    parsed.set(name, parseSetting(name, setting, typeof input === "string" ? input : (printSetting(setting, input) ?? "")));
  }
  // Kafka takes either name of a node's number for both.
  const nodeId = parsed.get("node.id") ?? parsed.get("broker.id");
  if (nodeId !== undefined) parsed.set("node.id", nodeId).set("broker.id", nodeId);
  return parsed;
}

function unknownSetting(name: string): SettingError {
  const nearest = nearestName(name, Object.keys(brokerSettingTable));
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return new SettingError("UNKNOWN_SETTING", name, `Unknown setting ${name}${hint}`);
}

/** Pairs of settings that must not contradict each other: the first at most the second. */
const ORDERED: readonly (readonly [BrokerSettingName, BrokerSettingName])[] = [
  ["group.min.session.timeout.ms", "group.max.session.timeout.ms"],
  ["group.consumer.min.session.timeout.ms", "group.consumer.session.timeout.ms"],
  ["group.consumer.session.timeout.ms", "group.consumer.max.session.timeout.ms"],
  ["group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"],
  ["group.consumer.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"],
  ["group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms"],
  ["log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"],
];

function checkTogether(values: BrokerSettingValues): void {
  for (const [less, more] of ORDERED) {
    if (Number(values[less]) <= Number(values[more])) continue;
    throw new SettingError("CONFLICT", less, `${less} (${values[less]}) must not be greater than ${more} (${values[more]})`);
  }
  const listeners = values.listeners;
  if (listeners.length === 0)
    throw new SettingError(
      "INVALID_VALUE",
      "listeners",
      "Configuration 'listeners' must not be empty. Valid values include: any non-empty value",
    );
}
