// What Kafka permits to alter of a running broker, and how: settings of its own, of one listener (`listener.name.<name>.…`), limits that
// are known only while running, and names that it does not know, which it stores for plug-ins. Messages are Kafka's.

import { ownValue } from "../base/foreign-names.ts";
import { alteredListenersFault } from "./altered-listeners.ts";
import { type BrokerConfig, withAltered } from "./broker-config.ts";
import { brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
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

const LISTENER_PREFIX = /^listener\.name\.[^.]+\./;

/** The broker's setting that a name with a listener's prefix is about; `undefined` for any other name. */
export function listenerSettingBase(name: string): string | undefined {
  return LISTENER_PREFIX.test(name) ? name.replace(LISTENER_PREFIX, "") : undefined;
}

export function isListSetting(name: string): boolean {
  return isBrokerSetting(name) && brokerSettingTable[name].type === "LIST";
}

export interface AlteredBroker {
  readonly config: BrokerConfig;
  /** All that is to be set on the broker, or on all brokers. */
  readonly values: Readonly<Record<string, string>>;
  readonly level: "broker" | "cluster";
}

/** Why settings may not be altered so. */
export function alteredBrokerFault({ config, values, level }: AlteredBroker): string | undefined {
  const names = Object.keys(values);
  const table: SettingTable = brokerSettingTable;
  const listed = (which: readonly string[]) => `[${which.join(", ")}]`;
  const readOnly = names.filter((name) => isBrokerSetting(name) && table[name]?.rules.dynamic === undefined);
  if (readOnly.length > 0) return `Cannot update these configs dynamically: ${listed(readOnly)}`;
  const perListener = names.filter((name) => PER_LISTENER.has(name));
  if (perListener.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: ${listed(perListener)}`;
  }
  const valueFault = firstValueFault(values);
  if (valueFault !== undefined) return valueFault;
  const perBroker = names.filter(
    (name) => ownValue(table, name)?.rules.dynamic === "per-broker" || listenerSettingBase(name) !== undefined,
  );
  if (level === "cluster" && perBroker.length > 0) {
    return `Cannot update these configs at default cluster level, broker id must be specified: ${listed(perBroker)}`;
  }
  return togetherFault({ config, values, level }) ?? threadCountFault(config, values);
}

/** Of key and trust stores: see Kafka's SslConfigs.RECONFIGURABLE_CONFIGS. */
const PER_LISTENER: ReadonlySet<string> = new Set([
  "ssl.key.password",
  "ssl.keystore.certificate.chain",
  "ssl.keystore.key",
  "ssl.keystore.location",
  "ssl.keystore.password",
  "ssl.keystore.type",
  "ssl.truststore.certificates",
  "ssl.truststore.location",
  "ssl.truststore.password",
  "ssl.truststore.type",
]);

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
  const known = Object.fromEntries(Object.entries(values).filter(([name]) => isBrokerSetting(name)));
  try {
    const altered = withAltered(config, { cluster: {}, broker: known });
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
