// A broker's settings, read once from all their sources, checked and frozen. The later source wins: default, file,
// environment, argument, then what clients altered while running (cluster-wide, then for this broker).
//
// A config also remembers where each value came from: the source, for DescribeConfigs, and the place in it, for what is said about it.

import { ownValue } from "../base/foreign-names.ts";
import { type BrokerSettingName, type BrokerSettingValues, brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
import { type Character, characterDefaults } from "./character.ts";
import { connectionOverridesFault } from "./connection-overrides.ts";
import { type GivenSettings, placeInWords } from "./given-settings.ts";
import { brokerGroupsFault } from "./group-limits.ts";
import { interBrokerFault } from "./inter-broker.ts";
import { listenersFault, saslListeners, tlsListeners } from "./listener-rules.ts";
import { isOfLogins, listenerOfSetting, listenerSettingBase, listenerSettingName, withoutMechanism } from "./listener-settings.ts";
import { boundedDefaults } from "./memory-shares.ts";
import { nearestName } from "./nearest-name.ts";
import { isPassedOver } from "./passed-over-settings.ts";
import { type Setting, SettingError, type SettingTable, type SettingValue } from "./setting.ts";
import { parseSetting, printSetting } from "./setting-text.ts";

/** Rising precedence. */
const ORIGINS = ["file", "environment", "argument", "dynamic-cluster", "dynamic-broker"] as const;
export type ConfigOrigin = (typeof ORIGINS)[number];

/** Settings by name: as text, or as values from code. */
export type SettingInputs = { readonly [name: string]: SettingValue | undefined };
export type ConfigSources = {
  readonly character?: Character;
  /** How many brokers share the memory of the process; default 1. */
  readonly sharers?: number;
} & { readonly [Origin in ConfigOrigin]?: SettingInputs | GivenSettings };

const provenance = Symbol("provenance");

interface Provenance {
  readonly defaults: BrokerSettingValues;
  readonly given: ReadonlyMap<ConfigOrigin, SettingTableValues>;
  /** Settings of single listeners, by their whole names. */
  readonly listeners: ReadonlyMap<ConfigOrigin, ReadonlyMap<string, SettingValue>>;
  /** Of what was given as text with its place. */
  readonly places: ReadonlyMap<ConfigOrigin, ReadonlyMap<string, string>>;
  /** What was given although no table has it. */
  readonly passedOver: readonly string[];
}
type SettingTableValues = ReadonlyMap<BrokerSettingName, SettingValue>;

/** Values by Kafka's names: `config["num.partitions"]`. */
export type BrokerConfig = BrokerSettingValues & { readonly [provenance]: Provenance };

/**
 * Raises SettingError: an unknown name (with the nearest known one), a value that does not fit, or several that contradict. The error says
 * where the value was given.
 */
export function brokerConfig(sources: ConfigSources = {}): BrokerConfig {
  const given = new Map<ConfigOrigin, SettingTableValues>();
  const listeners = new Map<ConfigOrigin, ReadonlyMap<string, SettingValue>>();
  const places = new Map<ConfigOrigin, ReadonlyMap<string, string>>();
  const passedOver: string[] = [];
  for (const origin of ORIGINS) {
    const inputs = inputsOf(sources[origin] ?? {});
    given.set(origin, parseInputs(inputs));
    listeners.set(origin, parseListenerInputs(inputs));
    places.set(origin, new Map(inputs.flatMap(({ name, place }) => (place === undefined ? [] : [[name, place] as const]))));
    passedOver.push(...inputs.map(({ name }) => name).filter(isPassedOver));
  }
  const defaults = defaultValues(sources.character ?? "kind", sources.sharers ?? 1, given);
  const from: Provenance = { defaults, given, listeners, places, passedOver };
  const config = assemble(from);
  checkListeners(config);
  checkAuthorizer(config);
  checkGroups(config);
  // Whoever gives access rules wants them to be in force.
  return config["odradek.acls"] === null ? config : withDecided(config, { "authorizer.class.name": STANDARD_AUTHORIZER });
}

/** What was altered while running: for all brokers, and for this one. */
export interface AlteredSettings {
  readonly cluster: SettingInputs;
  readonly broker: SettingInputs;
}

/** The same config with other values altered while running, in place of those that it had. Raises SettingError. */
export function withAltered(config: BrokerConfig, { cluster, broker }: AlteredSettings): BrokerConfig {
  const given = new Map(config[provenance].given);
  const listeners = new Map(config[provenance].listeners);
  for (const [origin, altered] of [["dynamic-cluster", inputsOf(cluster)] as const, ["dynamic-broker", inputsOf(broker)] as const]) {
    given.set(origin, parseInputs(altered));
    listeners.set(origin, parseListenerInputs(altered));
  }
  return assemble({ ...config[provenance], given, listeners });
}

/** The same config with what a start has decided where nothing was given: as if it had been an argument. Raises SettingError. */
export function withDecided(config: BrokerConfig, inputs: SettingInputs): BrokerConfig {
  const from = config[provenance];
  const decided = [...parseInputs(inputsOf(inputs))].filter(([name]) => originsOf(config, name).length === 1);
  const ofListeners = [...parseListenerInputs(inputsOf(inputs))].filter(
    ([name]) => !ORIGINS.some((each) => from.listeners.get(each)?.has(name)),
  );
  const withArguments = <Name>(
    all: ReadonlyMap<ConfigOrigin, ReadonlyMap<Name, SettingValue>>,
    more: readonly (readonly [Name, SettingValue])[],
  ) => new Map(all).set("argument", new Map([...(all.get("argument") ?? []), ...more]));
  return assemble({ ...from, given: withArguments(from.given, decided), listeners: withArguments(from.listeners, ofListeners) });
}

function assemble(from: Provenance): BrokerConfig {
  const values = { ...from.defaults };
  for (const origin of ORIGINS) Object.assign(values, Object.fromEntries(from.given.get(origin) ?? []));
  checkTogether(values, from);
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

/** Where the value that counts was given, in words that follow "given"; `undefined` for a default and for values from code. */
export function placeOf(config: BrokerConfig, name: BrokerSettingName): string | undefined {
  return placeIn(config[provenance], name);
}

function placeIn({ given, places }: Provenance, name: BrokerSettingName): string | undefined {
  const origin = ORIGINS.findLast((each) => given.get(each)?.has(name));
  return origin === undefined ? undefined : places.get(origin)?.get(name);
}

/** A value that holds, the name under which it was given, and where, in words that follow "given". */
export interface Held<Value> {
  readonly value: Value;
  readonly setting: string;
  readonly place: string | undefined;
}

/** What holds for one listener: what is set for it, else for all. */
export function heldByListener<Name extends BrokerSettingName>(
  config: BrokerConfig,
  listener: string,
  name: Name,
): Held<BrokerSettingValues[Name]> {
  return (
    givenForListener(config, listenerSettingName(listener, name), name) ?? {
      value: config[name],
      setting: name,
      place: placeOf(config, name),
    }
  );
}

/** What holds for a SASL mechanism on one listener: what is set for it there, else for the listener, else for all. */
export function heldByMechanism<Name extends BrokerSettingName>(
  config: BrokerConfig,
  { listener, mechanism, name }: { readonly listener: string; readonly mechanism: string; readonly name: Name },
): Held<BrokerSettingValues[Name]> {
  const own = listenerSettingName(listener, `${mechanism.toLowerCase()}.${name}`);
  return givenForListener(config, own, name) ?? heldByListener(config, listener, name);
}

function givenForListener<Name extends BrokerSettingName>(
  config: BrokerConfig,
  setting: string,
  _: Name,
): Held<BrokerSettingValues[Name]> | undefined {
  const { listeners, places } = config[provenance];
  const origin = ORIGINS.findLast((each) => listeners.get(each)?.has(setting));
  if (origin === undefined) return undefined;
  // Parsed by the row of the table that the name is about.
  const value = listeners.get(origin)?.get(setting) as BrokerSettingValues[Name];
  return { value, setting, place: places.get(origin)?.get(setting) };
}

/** What was given at the start for single listeners, as text by whole name. */
export function listenerSettingsGiven(config: BrokerConfig): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const origin of ORIGINS) {
    if (origin.startsWith("dynamic")) continue;
    for (const [name, value] of config[provenance].listeners.get(origin) ?? []) {
      const setting = settingOfListener(name);
      found[name] = (setting === undefined ? String(value) : printSetting(setting, value)) ?? "";
    }
  }
  return found;
}

/** For an error about several settings: the places of those that were given. */
function placesIn(from: Provenance, names: readonly BrokerSettingName[]): string | undefined {
  const found = new Set(names.flatMap((name) => placeIn(from, name) ?? []));
  return found.size === 0 ? undefined : [...found].join(", and ");
}

/** The one authorizer there is. */
const STANDARD_AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

/** Whether access rules may be made, and are in force. */
export function hasAuthorizer(config: BrokerConfig): boolean {
  return config["authorizer.class.name"] !== "";
}

const NOBODY: ReadonlySet<string> = new Set();

/** What was set and changes nothing, by name; worth a line at the start. */
export function settingsWithoutEffect(config: BrokerConfig): string[] {
  const table: SettingTable = brokerSettingTable;
  const names = new Set<string>(config[provenance].passedOver);
  for (const values of config[provenance].given.values()) for (const name of values.keys()) names.add(name);
  for (const values of config[provenance].listeners.values()) for (const name of values.keys()) names.add(name);
  const inLowerCase = (listeners: readonly string[]) => new Set(listeners.map((listener) => listener.toLowerCase()));
  const [secured, asking] = [inLowerCase(tlsListeners(config)), inLowerCase(saslListeners(config))];
  const isHonoured = (name: string) => {
    const base = listenerSettingBase(name);
    if (base === undefined) {
      const rules = ownValue(table, name)?.rules;
      // What only an authorizer reads needs one.
      return rules?.honoured === true && (rules.unlisted !== true || hasAuthorizer(config));
    }
    // Of what may be given for one listener, TLS and logins alone are heeded.
    const heeding = base.startsWith("ssl.") ? secured : isOfLogins(base) ? asking : NOBODY;
    return heeding.has(listenerOfSetting(name)) && ownValue(table, withoutMechanism(base))?.rules.honoured === true;
  };
  return [...names].filter((name) => !isHonoured(name)).sort();
}

function defaultValues(character: Character, sharers: number, given: Provenance["given"]): BrokerSettingValues {
  const table: SettingTable = brokerSettingTable;
  const limits = Object.assign({}, ...ORIGINS.map((origin) => Object.fromEntries(given.get(origin) ?? [])));
  const own: { readonly [name: string]: SettingValue } = {
    ...characterDefaults(character, limits),
    ...boundedDefaults(limits["odradek.max.memory.bytes"] ?? null, sharers),
  };
  const values: Record<string, SettingValue> = {};
  for (const name in table) values[name] = own[name] ?? table[name]?.default ?? null;
  // The table's own names and defaults: exactly what ValuesOf says of it.
  return values as BrokerSettingValues;
}

interface Input {
  readonly name: string;
  readonly input: SettingValue | undefined;
  readonly place: string | undefined;
}

function inputsOf(source: SettingInputs | GivenSettings): Input[] {
  if (!isGivenAsText(source)) return Object.entries(source).map(([name, input]) => ({ name, input, place: undefined }));
  return [...source].map(([name, given]) => ({ name, input: given.value, place: placeInWords(given) }));
}

function isGivenAsText(source: SettingInputs | GivenSettings): source is GivenSettings {
  return source instanceof Map;
}

function parseInputs(inputs: readonly Input[]): Map<BrokerSettingName, SettingValue> {
  const parsed = new Map<BrokerSettingName, SettingValue>();
  for (const { name, input, place } of inputs) {
    if (input === undefined || input === null || isPassedOver(name) || listenerSettingBase(name) !== undefined) continue;
    if (!isBrokerSetting(name)) throw unknownSetting(name).at(place);
    parsed.set(name, parseInput(name, brokerSettingTable[name], input, place));
  }
  // Kafka takes either name of a node's number for both.
  const [nodeId, brokerId] = [parsed.get("node.id"), parsed.get("broker.id")];
  if (nodeId !== undefined && brokerId !== undefined && nodeId !== brokerId) {
    const place = inputs.find(({ name }) => name === "node.id")?.place;
    throw new SettingError("CONFLICT", "node.id", "You must set `node.id` to the same value as `broker.id`.", place);
  }
  const id = nodeId ?? brokerId;
  if (id !== undefined) parsed.set("node.id", id).set("broker.id", id);
  return parsed;
}

/** Of single listeners, by whole name. What no table has stays text: it may be a mechanism's or a plug-in's. */
function parseListenerInputs(inputs: readonly Input[]): Map<string, SettingValue> {
  const parsed = new Map<string, SettingValue>();
  for (const { name, input, place } of inputs) {
    if (input === undefined || input === null || listenerSettingBase(name) === undefined) continue;
    const setting = settingOfListener(name);
    parsed.set(name, setting === undefined ? input : parseInput(name, setting, input, place));
  }
  return parsed;
}

function settingOfListener(name: string): Setting | undefined {
  const base = withoutMechanism(listenerSettingBase(name) ?? "");
  return isBrokerSetting(base) ? brokerSettingTable[base] : undefined;
}

function parseInput(name: string, setting: Setting, input: SettingValue, place: string | undefined): SettingValue {
  try {
    return parseSetting(name, setting, typeof input === "string" ? input : (printSetting(setting, input) ?? ""));
  } catch (error) {
    throw error instanceof SettingError ? error.at(place) : error;
  }
}

function unknownSetting(name: string): SettingError {
  const nearest = nearestName(name, Object.keys(brokerSettingTable));
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return new SettingError("UNKNOWN_SETTING", name, `Unknown setting ${name}${hint}`);
}

/** Pairs of settings that must not contradict each other: the first at most the second. */
const ORDERED: readonly (readonly [BrokerSettingName, BrokerSettingName])[] = [
  ["group.min.session.timeout.ms", "group.max.session.timeout.ms"],
  ["log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"],
];

function checkTogether(values: BrokerSettingValues, from: Provenance): void {
  for (const [less, more] of ORDERED) {
    if (Number(values[less]) <= Number(values[more])) continue;
    const message = `${less} (${values[less]}) must not be greater than ${more} (${values[more]})`;
    throw new SettingError("CONFLICT", less, message, placesIn(from, [less, more]));
  }
  const name = "max.connections.per.ip.overrides";
  if (connectionOverridesFault(values[name]) === undefined) return;
  const message = `Invalid value ${values[name]} for configuration ${name}: it lists hosts with counts, as in 127.0.0.1:100,crawler.example:5`;
  throw new SettingError("INVALID_VALUE", name, message, placeIn(from, name));
}

/** When a broker starts; what may be altered of its listeners while it runs has rules of its own. */
function checkListeners(config: BrokerConfig): void {
  const from = config[provenance];
  try {
    const fault =
      listenersFault(config) ??
      interBrokerFault(config, {
        isGiven: (name) => originsOf(config, name).length > 1,
        mechanismsOf: (listener) => heldByListener(config, listener, "sasl.enabled.mechanisms").value,
      });
    if (fault === undefined) return;
    throw new SettingError("CONFLICT", fault.settings[0] ?? "", fault.message, placesIn(from, fault.settings));
  } catch (error) {
    if (!(error instanceof SettingError) || error.place !== undefined || !isBrokerSetting(error.setting)) throw error;
    throw error.at(placeIn(from, error.setting));
  }
}

/** When a broker starts; what is altered while it runs is cut to the limits where it is read. */
function checkGroups(config: BrokerConfig): void {
  const fault = brokerGroupsFault(config);
  if (fault === undefined) return;
  const { message, settings } = fault;
  const code = settings.length > 1 ? "CONFLICT" : "INVALID_VALUE";
  throw new SettingError(code, settings[0] ?? "", message, placesIn(config[provenance], settings));
}

function checkAuthorizer(config: BrokerConfig): void {
  const name = "authorizer.class.name";
  if (!hasAuthorizer(config) || config[name] === STANDARD_AUTHORIZER) return;
  const message = `There is no authorizer ${config[name]}: leave ${name} empty, or set it to ${STANDARD_AUTHORIZER}.`;
  throw new SettingError("INVALID_VALUE", name, message, placeOf(config, name));
}
