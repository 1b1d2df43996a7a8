// What `odradek start` was asked for, made of its arguments, the settings file and the environment: pure, nothing is touched.
// An argument wins over the environment, that over the file, that over the defaults.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { topicNameFault } from "../cluster/topic-name.ts";
import { type BrokerConfig, brokerConfig, type ConfigSources, originsOf, settingsWithoutEffect } from "../config/broker-config.ts";
import {
  type Environment,
  environmentClusterId,
  environmentSettings,
  environmentTopics,
  environmentVariable,
} from "../config/environment.ts";
import { parseListeners, securityProtocolOf } from "../config/listeners.ts";
import { parseProperties } from "../config/properties-file.ts";
import { SettingError } from "../config/setting.ts";
import type { BrokerPlace } from "../node.ts";
import type { WorkerPlace } from "../workers/workers.ts";
import { defaultsFor, ownSettings, planBrokers, workerCount, workerSettings } from "./cluster-plan.ts";
import { messageOf, usageError } from "./command-error.ts";
import type { LogLevel } from "./command-logger.ts";
import { parseTopicOption, type TopicOption } from "./topic-option.ts";

/** As commander gives them. */
export interface StartArguments {
  readonly port?: string;
  readonly host?: string;
  readonly brokers?: string;
  readonly workers?: string;
  readonly rack?: string;
  readonly data?: string;
  readonly memory?: boolean;
  readonly topic?: readonly string[];
  readonly set?: readonly string[];
  readonly config?: string;
  readonly like?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: LogLevel;
  readonly portsFile?: string;
}

export interface StartPlan {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  /** An absolute path, or "memory". */
  readonly data: string;
  /** The data folder was not named, so it is ours to hide from git. */
  readonly isDefaultData: boolean;
  readonly config: BrokerConfig;
  /** The brokers of a cluster beside the first. */
  readonly others: readonly BrokerPlace[];
  /** Brokers in threads of their own, beside the first. */
  readonly workers: readonly WorkerPlace[];
  readonly topics: readonly TopicOption[];
  readonly withoutEffect: readonly string[];
  /** Given by CLUSTER_ID. */
  readonly clusterId: string | undefined;
}

const DEFAULT_DATA = ".odradek";
const DEFAULT_HOST = "localhost";

/** Raises a usage error. */
export function planStart(given: StartArguments, environment: Environment): StartPlan {
  if (given.memory && given.data !== undefined) throw usageError("--memory and --data contradict each other; give one of them");
  const sources = readSources(given, environment);
  const isDataNamed = given.data !== undefined || isGiven(sources, "log.dirs") || isGiven(sources, "log.dir");
  const argument: Record<string, string> = { ...sources.argument };
  if (given.data !== undefined || !isDataNamed) argument["log.dirs"] = given.data ?? DEFAULT_DATA;
  const ports = given.port === undefined ? undefined : parsePorts(given.port);
  const workers = workerCount(given.workers);
  refuseContradictions(given, workers);
  const planned = planBrokers(workers > 1 ? String(workers) : given.brokers, ports ?? [], given.rack?.split(",") ?? []);
  const brokers = workers > 1 ? planned.slice(0, 1) : planned;
  const file = { ...defaultsFor(brokers, sources.character ?? "kind"), ...sources.file };
  if (ports !== undefined || given.host !== undefined) {
    argument["listeners"] = `PLAINTEXT://${inUrl(given.host ?? DEFAULT_HOST)}:${ports?.[0] ?? 9092}`;
  }
  const host = inUrl(given.host ?? DEFAULT_HOST);
  const configOf = (index: number, first?: BrokerConfig) => {
    const broker = brokers[index];
    const own = broker === undefined ? {} : ownSettings(broker, first, index, host);
    return readConfig({ ...sources, file, argument: { ...argument, ...own } }, given);
  };
  const config = configOf(0);
  const others = brokers
    .slice(1)
    .map(({ port }, index) => ({ config: configOf(index + 1, config), host: given.host ?? DEFAULT_HOST, port }));
  const workerPlace = (index: number): WorkerPlace => {
    const listed = ports?.[index] === undefined ? {} : { listeners: `PLAINTEXT://${host}:${ports[index]}` };
    const own = { ...workerSettings(config, index), ...listed };
    const ofWorker = { ...sources, file, argument: { ...argument, ...own } };
    const { "node.id": id, listeners } = readConfig(ofWorker, given);
    return {
      id,
      sources: ofWorker,
      host: given.host ?? DEFAULT_HOST,
      port: asUsage(() => parseListeners("listeners", listeners))[0]?.port ?? 0,
    };
  };
  return {
    ...asUsage(() => listenerOf(config)),
    data: given.memory ? "memory" : resolve(config["log.dirs"]?.[0] ?? config["log.dir"][0] ?? DEFAULT_DATA),
    isDefaultData: !given.memory && !isDataNamed,
    config,
    others,
    workers: planned.slice(brokers.length).map((_, index) => workerPlace(index + 1)),
    topics: [...asUsage(() => topicsOf(environment)), ...(given.topic ?? []).map((text) => parseTopicOption(text, config))],
    withoutEffect: settingsWithoutEffect(config),
    clusterId: environmentClusterId(environment),
  };
}

function refuseContradictions({ brokers, rack, memory }: StartArguments, workers: number): void {
  if (workers === 1) return;
  if (brokers !== undefined)
    throw usageError("--workers and --brokers contradict each other: the first is for speed, the second for tests");
  if (rack !== undefined) throw usageError("--rack is for --brokers; workers are all in one place");
  if (memory) throw usageError("--workers needs a data folder, which its threads share; give one with --data, or leave --memory");
}

/** Several ports are several brokers. */
export function parsePorts(text: string): number[] {
  return text.split(",").map((port) => {
    if (port === "auto") return 0;
    const number = Number(port);
    if (/^\d+$/.test(port) && number <= 65_535) return number;
    throw usageError(`--port ${text}: a port is a number from 0 to 65535, or auto for a free one`);
  });
}

/** Of the replicas that they ask for there are as many as there are brokers here. */
function topicsOf(environment: Environment): TopicOption[] {
  return environmentTopics(environment).map(({ name, partitions, cleanupPolicy }) => {
    const fault = topicNameFault(name);
    if (fault !== undefined) throw usageError(`KAFKA_CREATE_TOPICS: ${fault}`);
    return { name, partitions, configs: cleanupPolicy === undefined ? {} : { "cleanup.policy": cleanupPolicy } };
  });
}

type Inputs = Readonly<Record<string, string>>;
interface Sources extends ConfigSources {
  readonly file: Inputs;
  readonly environment: Inputs;
  readonly argument: Inputs;
}

function readSources(given: StartArguments, environment: Environment): Sources {
  if (given.like !== undefined && given.like !== "kafka") throw usageError(`--like ${given.like}: the one to be like is kafka`);
  const file = given.config === undefined ? {} : readSettingsFile(given.config);
  return {
    character: given.like === "kafka" ? "kafka" : "kind",
    file,
    environment: environmentSettings(environment, file),
    argument: parseSettings(given.set ?? []),
  };
}

function isGiven({ file, environment, argument }: Sources, name: string): boolean {
  return [file, environment, argument].some((inputs) => Object.hasOwn(inputs, name));
}

function parseSettings(pairs: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw usageError(`--set ${pair}: a setting must be written key=value`);
    settings[pair.slice(0, at).trim()] = pair.slice(at + 1);
  }
  return settings;
}

function readSettingsFile(path: string): Record<string, string> {
  try {
    return parseProperties(readFileSync(path, "utf8"));
  } catch (error) {
    throw usageError(`--config ${path}: ${messageOf(error)}`);
  }
}

function asUsage<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof SettingError ? usageError(error.message) : error;
  }
}

function readConfig(sources: Sources, given: StartArguments): BrokerConfig {
  try {
    return brokerConfig(sources);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const hint = error.code === "UNKNOWN_SETTING" ? '; "odradek settings" lists them all' : "";
    throw usageError(`${error.message} (${whereFrom(error.setting, sources, given)})${hint}`);
  }
}

function whereFrom(name: string, { argument, environment }: Sources, given: StartArguments): string {
  if (Object.hasOwn(argument, name)) return `given with --set ${name}=${argument[name]}`;
  if (Object.hasOwn(environment, name)) return `given by the environment variable ${environmentVariable(name)}`;
  return given.config === undefined ? "by default" : `given in ${given.config}`;
}

/** The first listener that is not the controller's. */
function listenerOf(config: BrokerConfig): { readonly host: string; readonly port: number } {
  const controllers = config["controller.listener.names"] ?? [];
  for (const { name, host, port } of parseListeners("listeners", config.listeners)) {
    if (controllers.includes(name)) continue;
    const protocol = securityProtocolOf(config["listener.security.protocol.map"], name);
    if (protocol !== "PLAINTEXT") throw usageError(`listeners: ${name} asks for ${protocol}; only PLAINTEXT is available yet`);
    const isDefault = originsOf(config, "listeners").length === 1;
    return { host: host === "" && isDefault ? DEFAULT_HOST : host, port };
  }
  throw usageError("listeners: all of them are the controller's; name one for clients");
}

function inUrl(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
