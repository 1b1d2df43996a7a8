// Settings from the environment, named as Kafka's container images name them: KAFKA_LOG_RETENTION_HOURS is log.retention.hours;
// `__` stands for an underscore and `___` for a dash. Other KAFKA_… variables (KAFKA_OPTS, those of applications) are passed over.
//
// Beside settings there is CLUSTER_ID, with which those images format their data, and KAFKA_CREATE_TOPICS.

import { isBrokerSetting } from "./broker-settings.ts";
import { isPassedOver } from "./passed-over-settings.ts";
import { SettingError } from "./setting.ts";

export type Environment = { readonly [name: string]: string | undefined };

const PREFIX = "KAFKA_";
const CREATE_TOPICS = "KAFKA_CREATE_TOPICS";
const CREATE_TOPICS_SEPARATOR = "KAFKA_CREATE_TOPICS_SEPARATOR";
const CLUSTER_ID = "CLUSTER_ID";

/** @param file what a settings file says besides */
export function environmentSettings(environment: Environment, file: Readonly<Record<string, string>> = {}): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(PREFIX)) continue;
    const name = settingName(variable);
    if (isBrokerSetting(name) || isPassedOver(name)) settings[name] = value;
  }
  // As Confluent's image has it: who says only where clients find the broker means those ports, on every interface.
  const advertised = settings["advertised.listeners"];
  if (advertised !== undefined && !Object.hasOwn(file, "listeners")) settings["listeners"] ??= onEveryInterface(advertised);
  return settings;
}

function onEveryInterface(listeners: string): string {
  return listeners.replace(/:\/\/(\[[^\]]*\]|[^:,]*):/g, "://0.0.0.0:");
}

/** The variable that gives a setting, for messages. */
export function environmentVariable(setting: string): string {
  return PREFIX + setting.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase();
}

function settingName(variable: string): string {
  return variable
    .slice(PREFIX.length)
    .toLowerCase()
    .replace(/_{1,3}/g, (run) => (run === "_" ? "." : run === "__" ? "_" : "-"));
}

/** Kafka's form of an id, 22 characters; anything else is another program's variable. */
export function environmentClusterId(environment: Environment): string | undefined {
  const id = environment[CLUSTER_ID];
  return id !== undefined && /^[A-Za-z0-9_-]{22}$/.test(id) ? id : undefined;
}

export interface EnvironmentTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly cleanupPolicy?: string;
}

/** `name:partitions:replicas[:cleanup policy]`, separated by commas or by what KAFKA_CREATE_TOPICS_SEPARATOR says. Raises SettingError. */
export function environmentTopics(environment: Environment): EnvironmentTopic[] {
  const separator = environment[CREATE_TOPICS_SEPARATOR] || ",";
  const wanted = (environment[CREATE_TOPICS] ?? "").split(separator === "$'\\n'" ? "\n" : separator).map((text) => text.trim());
  return wanted.filter((text) => text !== "").map(parseTopic);
}

function parseTopic(text: string): EnvironmentTopic {
  const match = /^([^:]+):(\d+):(\d+)(?::([^:]+))?$/.exec(text);
  const [, name = "", partitions, replicas, cleanupPolicy] = match ?? [];
  if (match === null || Number(partitions) < 1 || Number(replicas) < 1) {
    const message = `${CREATE_TOPICS}: "${text}" is not of the form name:partitions:replicas or name:partitions:replicas:cleanup.policy`;
    throw new SettingError("INVALID_VALUE", CREATE_TOPICS, message);
  }
  const topic = { name, partitions: Number(partitions), replicationFactor: Number(replicas) };
  return cleanupPolicy === undefined ? topic : { ...topic, cleanupPolicy };
}
