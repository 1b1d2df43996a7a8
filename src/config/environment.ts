// Settings from the environment, named as Kafka's container images name them. KAFKA_LOG_RETENTION_HOURS is log.retention.hours, with `__`
// for an underscore and `___` for a dash (apache/kafka, Confluent's cp-kafka, wurstmeister's); Bitnami's image writes KAFKA_CFG_ before
// the name. Where both are there, the shorter one counts, as in Bitnami's image.
//
// Beside settings there is the cluster's id, with which those images format their data, and KAFKA_CREATE_TOPICS of wurstmeister's. What
// only the images and clients know is in foreign-variables.ts.

import { brokerSettingTable, isBrokerSetting } from "./broker-settings.ts";
import { isForeignVariable, isServiceLink } from "./foreign-variables.ts";
import type { Given, GivenSettings } from "./given-settings.ts";
import { listenerSettingBase } from "./listener-settings.ts";
import { nearestName } from "./nearest-name.ts";
import { isPassedOver } from "./passed-over-settings.ts";
import { SettingError } from "./setting.ts";

export type Environment = { readonly [name: string]: string | undefined };

/** The longer one first: it begins with the other. */
const PREFIXES = ["KAFKA_CFG_", "KAFKA_"] as const;
const CREATE_TOPICS = "KAFKA_CREATE_TOPICS";
const CREATE_TOPICS_SEPARATOR = "KAFKA_CREATE_TOPICS_SEPARATOR";
/** Of apache/kafka's and Confluent's image, and of Bitnami's. */
const CLUSTER_IDS = ["CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID"];
const ADVERTISED_HOST = "KAFKA_ADVERTISED_HOST_NAME";
const DEFAULT_PORT = "9092";

export interface EnvironmentSetting extends Given {
  readonly variable: string;
}

export interface UnknownVariable {
  readonly variable: string;
  /** The one that may have been meant. */
  readonly nearest: string | undefined;
}

export interface EnvironmentReading {
  /** By setting. */
  readonly settings: ReadonlyMap<string, EnvironmentSetting>;
  /** Named like settings of a broker, which they are not. */
  readonly unknown: readonly UnknownVariable[];
}

/** @param file what a settings file says besides */
export function readEnvironment(environment: Environment, file: GivenSettings = new Map()): EnvironmentReading {
  const settings = new Map<string, EnvironmentSetting>();
  const unknown: UnknownVariable[] = [];
  for (const prefix of PREFIXES) {
    for (const [variable, value] of Object.entries(environment)) {
      if (value === undefined || PREFIXES.find((each) => variable.startsWith(each)) !== prefix) continue;
      const name = settingName(variable.slice(prefix.length));
      if (isServiceLink(variable, value)) continue;
      if (isBrokerSetting(name) || listenerSettingBase(name) !== undefined || isPassedOver(name))
        settings.set(name, environmentSetting(variable, value));
      else if (!isForeignVariable(variable)) unknown.push({ variable, nearest: nearestVariable(name, prefix) });
    }
  }
  addDerived(settings, environment, file);
  return { settings, unknown };
}

/** The id that the cluster's data is to have, in Kafka's form of 22 characters; anything else is another program's variable. */
export function environmentClusterId(environment: Environment): string | undefined {
  return CLUSTER_IDS.map((variable) => environment[variable]).find((id) => id !== undefined && /^[A-Za-z0-9_-]{22}$/.test(id));
}

function environmentSetting(variable: string, value: string): EnvironmentSetting {
  return { variable, value, place: `by the environment variable ${variable}` };
}

/** What images make of other variables. */
function addDerived(settings: Map<string, EnvironmentSetting>, environment: Environment, file: GivenSettings): void {
  const host = environment[ADVERTISED_HOST];
  // The oldest form, which Kafka itself had before 3.0: one listener, one address.
  if (host !== undefined && !settings.has("advertised.listeners") && !file.has("advertised.listeners")) {
    const port = environment["KAFKA_PORT"] ?? DEFAULT_PORT;
    const advertised = `PLAINTEXT://${host}:${environment["KAFKA_ADVERTISED_PORT"] ?? port}`;
    for (const name of ["advertised.host.name", "advertised.port", "host.name", "port"]) settings.delete(name);
    settings.set("advertised.listeners", environmentSetting(ADVERTISED_HOST, advertised));
    addListeners(settings, file, environmentSetting(ADVERTISED_HOST, `PLAINTEXT://0.0.0.0:${port}`));
    return;
  }
  // As Confluent's image has it: who says only where clients find the broker means those ports, on every interface.
  const advertised = settings.get("advertised.listeners");
  if (advertised !== undefined) addListeners(settings, file, { ...advertised, value: onEveryInterface(advertised.value) });
}

function addListeners(settings: Map<string, EnvironmentSetting>, file: GivenSettings, listeners: EnvironmentSetting): void {
  if (!file.has("listeners") && !settings.has("listeners")) settings.set("listeners", listeners);
}

function onEveryInterface(listeners: string): string {
  return listeners.replace(/:\/\/(\[[^\]]*\]|[^:,]*):/g, "://0.0.0.0:");
}

function nearestVariable(name: string, prefix: string): string | undefined {
  const nearest = nearestName(name, Object.keys(brokerSettingTable));
  return nearest === undefined ? undefined : prefix + variableName(nearest);
}

function variableName(setting: string): string {
  return setting.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase();
}

function settingName(variable: string): string {
  return variable.toLowerCase().replace(/_{1,3}/g, (run) => (run === "_" ? "." : run === "__" ? "_" : "-"));
}

export interface EnvironmentTopic {
  /** As it was written. */
  readonly text: string;
  readonly name: string;
  readonly partitions: string;
  readonly cleanupPolicy: string | undefined;
}

/** `name:partitions:replicas[:cleanup policy]`, separated by commas or by what KAFKA_CREATE_TOPICS_SEPARATOR says. Raises SettingError. */
export function environmentTopics(environment: Environment): EnvironmentTopic[] {
  const separator = environment[CREATE_TOPICS_SEPARATOR] || ",";
  const wanted = (environment[CREATE_TOPICS] ?? "").split(separator === "$'\\n'" ? "\n" : separator).map((text) => text.trim());
  return wanted.filter((text) => text !== "").map(parseTopic);
}

function parseTopic(text: string): EnvironmentTopic {
  const [, name, partitions, replicas, cleanupPolicy] = /^([^:]+):(\d+):(\d+)(?::([^:]+))?$/.exec(text) ?? [];
  if (name === undefined || partitions === undefined || Number(replicas) < 1) {
    const message = `${CREATE_TOPICS}: "${text}" is not of the form name:partitions:replicas or name:partitions:replicas:cleanup.policy`;
    throw new SettingError("INVALID_VALUE", CREATE_TOPICS, message);
  }
  return { text, name, partitions, cleanupPolicy };
}
