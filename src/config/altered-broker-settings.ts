// What Kafka permits to alter of a running broker, and how: settings of its own, of one listener (`listener.name.<name>.…`), limits that
// are known only while running, and names that it does not know, which it stores for plug-ins. Messages are Kafka's.

import { ownValue } from "../base/foreign-names.ts";
import { alteredListenersFault } from "./altered-listeners.ts";
import { type BrokerConfig, withAltered } from "./broker-config.ts";
import { brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
import { connectionOverridesFault } from "./connection-overrides.ts";
import { tlsListeners } from "./listener-rules.ts";
import { isOfKeyAddress, isStoreSetting, listenerSettingBase } from "./listener-settings.ts";
import { long, type Setting, SettingError, type SettingTable } from "./setting.ts";
import { parseSetting } from "./setting-text.ts";

/** Settings that exist only once they are set on a running broker. */
export const runtimeOnlySettings: SettingTable = {
  "follower.replication.throttled.rate": long(0, "Bytes a second that throttled replicas may follow with.", {
    dynamic: "per-broker",
    min: 0,
  }),
  "leader.replication.throttled.rate": long(0, "Bytes a second that throttled replicas may be read with.", {
    dynamic: "per-broker",
    min: 0,
  }),
  "replica.alter.log.dirs.io.max.bytes.per.second": long(0, "Bytes a second for moves between log directories.", {
    dynamic: "per-broker",
    min: 0,
  }),
};

export function isListSetting(name: string): boolean {
  return isBrokerSetting(name) && brokerSettingTable[name].type === "LIST";
}

export interface AlteredBroker {
  readonly config: BrokerConfig;
  /** All that is to be set on the broker, or on all brokers. */
  readonly values: Readonly<Record<string, string>>;
  readonly level: "broker" | "cluster";
}

/** What of altered values a config takes in: settings of the broker's and of its listeners. */
export function knownSettings(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => isBrokerSetting(name) || listenerSettingBase(name) !== undefined));
}

/** Why settings may not be altered so. */
export function alteredBrokerFault({ config, values, level }: AlteredBroker): string | undefined {
  const names = Object.keys(values);
  const table: SettingTable = brokerSettingTable;
  const listed = (which: readonly string[]) => `[${which.join(", ")}]`;
  const readOnly = names.filter((name) => (isBrokerSetting(name) && table[name]?.rules.dynamic === undefined) || isOfKeyAddress(name));
  if (readOnly.length > 0) return `Cannot update these configs dynamically: ${listed(readOnly)}`;
  const perListener = names.filter((name) => isStoreSetting(name));
  if (perListener.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: ${listed(perListener)}`;
  }
  const fixed = fixedSecurityFault(config, names);
  if (fixed !== undefined) return fixed;
  const valueFault = connectionLimitFault(values) ?? firstValueFault(values);
  if (valueFault !== undefined) return valueFault;
  const perBroker = names.filter(
    (name) => ownValue(table, name)?.rules.dynamic === "per-broker" || isOfOneBroker(listenerSettingBase(name)),
  );
  if (level === "cluster" && perBroker.length > 0) {
    return `Cannot update these configs at default cluster level, broker id must be specified: ${listed(perBroker)}`;
  }
  return togetherFault({ config, values, level }) ?? threadCountFault(config, values);
}

/** What listeners that speak TLS have in common holds for as long as they are open. */
function fixedSecurityFault(config: BrokerConfig, names: readonly string[]): string | undefined {
  if (!names.some((name) => name.startsWith("ssl.") && isBrokerSetting(name))) return undefined;
  const [secured] = tlsListeners(config);
  if (secured === undefined) return undefined;
  return `Invalid value org.apache.kafka.common.config.ConfigException: Configs cannot be updated dynamically for existing listener ListenerName(${secured}), restart broker or create a new listener for update for configuration Invalid dynamic configuration`;
}

/** What of listeners may be set for all brokers at once: see Kafka's DynamicBrokerConfig.ClusterLevelListenerConfigs. */
const CONNECTION_LIMITS = ["max.connections", "max.connection.creation.rate"];

/** Of a setting of a listener's, without the prefix; `undefined`: of any other. */
function isOfOneBroker(base: string | undefined): boolean {
  return base !== undefined && !CONNECTION_LIMITS.includes(base);
}

/** A running broker is not left without connections, although one may be started so. */
function connectionLimitFault(values: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(values)) {
    const base = listenerSettingBase(name) ?? name;
    if (base === "max.connections.per.ip.overrides") return connectionOverridesFault(text);
    if (CONNECTION_LIMITS.includes(base) && Number(text) === 0)
      return `Invalid value org.apache.kafka.common.config.ConfigException: Invalid ${base} 0 for configuration Invalid dynamic configuration`;
  }
  return undefined;
}

function firstValueFault(values: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(values)) {
    const setting = settingOf(listenerSettingBase(name) ?? name);
    if (setting === undefined) continue;
    try {
      parseSetting(name, setting, text);
    } catch (error) {
      if (error instanceof SettingError) return error.message;
      throw error;
    }
  }
  return undefined;
}

function settingOf(name: string): Setting | undefined {
  return isBrokerSetting(name) ? brokerSettingTable[name] : ownValue(runtimeOnlySettings, name);
}

function togetherFault({ config, values, level }: AlteredBroker): string | undefined {
  try {
    const altered = withAltered(config, { cluster: {}, broker: knownSettings(values) });
    return level === "broker" ? alteredListenersFault(config, altered) : undefined;
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
}

const THREAD_COUNTS = [
  "num.io.threads",
  "num.network.threads",
  "num.replica.fetchers",
  "num.recovery.threads.per.data.dir",
  "background.threads",
] as const;

/** Nothing here runs on those threads; scripts that rely on the rule find it kept. */
function threadCountFault(config: BrokerConfig, values: Readonly<Record<string, string>>): string | undefined {
  for (const name of THREAD_COUNTS) {
    const count = Number(values[name] ?? config[name]);
    const current = config[name];
    const failed = (why: string) =>
      `Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed for ${name}=${count}, ${why} the current value ${current} for configuration Invalid dynamic configuration`;
    if (count < Math.trunc(current / 2)) return failed("value should be at least half");
    if (count > current * 2) return failed("value should not be greater than double");
  }
  return undefined;
}
