// What `odradek start` was asked for, made of its arguments, the settings file and the environment: pure, nothing is touched.
// An argument wins over the environment, that over the file, that over the defaults.

import { resolve } from "node:path";
import { givenAcls } from "../broker/given-acls.ts";
import { type BrokerConfig, type ConfigSources, originsOf, placeOf, settingsWithoutEffect } from "../config/broker-config.ts";
import { type Environment, environmentClusterId } from "../config/environment.ts";
import type { Given, GivenSettings } from "../config/given-settings.ts";
import { clientListeners, defaultProtocol } from "../config/listener-rules.ts";
import { hostInUrl, isHost } from "../config/listeners.ts";
import { parseMemorySize } from "../config/memory-shares.ts";
import { SettingError } from "../config/setting.ts";
import type { BrokerPlace } from "../node.ts";
import { printAcls } from "../security/acl-notation.ts";
import { printUsers } from "../security/sasl-users.ts";
import type { WorkerPlace } from "../workers/workers.ts";
import { checkPorts, defaultsFor, memberSettings, parsePort, parsePorts, parseRacks, planBrokers, workerCount } from "./cluster-plan.ts";
import { usageError } from "./command-error.ts";
import type { LogLevel } from "./log-level.ts";
import { type MachinePlan, planMachine } from "./machine-plan.ts";
import {
  type EnvironmentInEffect,
  environmentInEffect,
  isGiven,
  isTurnedOn,
  readConfig,
  readSources,
  type StartSources,
  settingUsageError,
} from "./start-sources.ts";
import { planTopics, type TopicOption } from "./topic-option.ts";

/** As commander gives them. */
export interface StartArguments {
  readonly port?: string;
  readonly host?: string;
  readonly brokers?: string;
  readonly workers?: string;
  readonly rack?: string;
  /** The database, and the object store, of a cluster of machines. */
  readonly cluster?: string;
  readonly objects?: string;
  readonly nodeId?: string;
  readonly data?: string;
  readonly memory?: boolean;
  /** With a unit, as "512m". */
  readonly maxMemory?: string;
  readonly topic?: readonly string[];
  /** NAME:PASSWORD each. */
  readonly user?: readonly string[];
  readonly tls?: boolean;
  /** False with --no-http. */
  readonly http?: boolean;
  readonly httpPort?: string;
  readonly registryPort?: string;
  /** A sentence each. */
  readonly acl?: readonly string[];
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
  /** Of all brokers, the first one first. */
  readonly configs: readonly BrokerConfig[];
  /** The brokers of a cluster beside the first. */
  readonly others: readonly BrokerPlace[];
  /** Brokers in threads of their own, beside the first. */
  readonly workers: readonly WorkerPlace[];
  readonly topics: readonly TopicOption[];
  readonly withoutEffect: readonly string[];
  readonly environment: EnvironmentInEffect;
  /** It is one broker of a cluster of machines, and has no data of its own. */
  readonly machine: MachinePlan | undefined;
  /** Given by CLUSTER_ID. */
  readonly clusterId: string | undefined;
}

const DEFAULT_DATA = ".odradek";
/** Coordinators move while members live, who may take longer to find the next one than who develops would wait for a dead one. */
const MACHINE_DEFAULTS: GivenSettings = new Map([
  ["odradek.group.disconnected.member.timeout.ms", { value: "-1", place: "by default to a cluster of machines" }],
]);
const DEFAULT_HOST = "localhost";
const DEFAULT_PORT = 9092;

/** Raises a usage error. */
export function planStart(given: StartArguments, environment: Environment): StartPlan {
  const workers = workerCount(given.workers);
  refuseContradictions(given, workers);
  refuseUnusable(given);
  const sources = readSources(given, environment);
  const isMachine = given.cluster !== undefined || isGiven(sources, "diskless.cluster");
  const ports = given.port === undefined ? undefined : parsePorts(given.port);
  const racks = given.rack === undefined ? [] : parseRacks(given.rack);
  const [first, ...further] = planBrokers(workers > 1 ? String(workers) : given.brokers, ports ?? [], racks);
  // Workers are several brokers for speed only: what they hold is not replicated.
  const cluster = workers > 1 ? [] : [...(first === undefined ? [] : [first]), ...further];
  const file = merged(isMachine ? MACHINE_DEFAULTS : defaultsFor(cluster, sources.character ?? "kind"), sources.file);
  const sharers = 1 + further.length;
  const sourcesWith = (own: GivenSettings): ConfigSources => ({ ...sources, sharers, file, argument: merged(sources.argument, own) });
  const isHostOpen = isMachine && given.host === undefined && !isGiven(sources, "listeners");
  const ofAll = argumentsOf(given, isHostOpen ? undefined : ports?.[0], { sources, isMachine });
  const rack: GivenSettings =
    first?.rack === undefined ? new Map() : new Map([["broker.rack", { value: first.rack, place: "with --rack" }]]);
  const config = readConfig(sourcesWith(merged(ofAll, rack)));
  const members = further.map((broker, index) => {
    const own = memberSettings(config, { index: index + 1, broker, firstPort: ports?.[0], host: given.host ?? DEFAULT_HOST });
    const ofMember = sourcesWith(merged(ofAll, own));
    const itsConfig = readConfig(ofMember);
    return { id: itsConfig["node.id"], sources: ofMember, config: itsConfig, ...listenerOf(itsConfig) };
  });
  const configs = [config, ...members.map((member) => member.config)];
  checkPorts(configs);
  checkAcls(config);
  const machine = planMachine(config, given, { isHostOpen, brokerCount: configs.length });
  const listener = listenerOf(config);
  return {
    ...(isHostOpen && ports?.[0] !== undefined ? { ...listener, port: ports[0] } : listener),
    machine,
    data: given.memory ? "memory" : resolve(config["log.dirs"]?.[0] ?? config["log.dir"][0] ?? DEFAULT_DATA),
    isDefaultData: !given.memory && !isMachine && !isDataNamed(given, sources),
    config,
    configs,
    others: workers > 1 ? [] : members.map(({ config: ofMember, host, port }) => ({ config: ofMember, host, port })),
    workers: workers > 1 ? members.map(({ id, sources: ofMember, host, port }) => ({ id, sources: ofMember, host, port })) : [],
    topics: planTopics(given.topic ?? [], environment, config),
    withoutEffect: settingsWithoutEffect(config),
    environment: environmentInEffect(config, environment, sources.file),
    clusterId: environmentClusterId(environment),
  };
}

function refuseContradictions({ brokers, rack, memory, data, http, httpPort }: StartArguments, workers: number): void {
  if (http === false && httpPort !== undefined) throw usageError("--no-http and --http-port contradict each other; give one of them");
  if (memory && data !== undefined) throw usageError("--memory and --data contradict each other; give one of them");
  if (workers === 1) return;
  if (brokers !== undefined)
    throw usageError("--workers and --brokers contradict each other: the first is for speed, the second for tests");
  if (rack !== undefined) throw usageError("--rack is for --brokers; workers are all in one place");
  if (memory) throw usageError("--workers needs a data folder, which its threads share; give one with --data, or leave --memory");
}

/** What no machine could have. An empty one is an unset variable of a script, and would be every interface, or the folder that we are in. */
function refuseUnusable({ host, data, config, portsFile }: StartArguments): void {
  if (host !== undefined && !isHost(host))
    throw usageError(`--host ${host}: a host is a name or an IP address; 0.0.0.0 or :: is every one`);
  for (const [option, path] of Object.entries({ "--data": data, "--config": config, "--ports-file": portsFile })) {
    if (path === undefined) continue;
    if (path.trim() === "" || path.includes("\0")) throw usageError(`${option} ${JSON.stringify(path)} names nothing`);
  }
}

/** The settings that options stand for. */
function argumentsOf(
  given: StartArguments,
  port: number | undefined,
  { sources, isMachine }: { readonly sources: StartSources; readonly isMachine: boolean },
): GivenSettings {
  const settings = new Map<string, Given>();
  if (given.data !== undefined) settings.set("log.dirs", { value: listElement(given.data), place: "with --data" });
  else if (!isMachine && !isDataNamed(given, sources)) settings.set("log.dirs", { value: DEFAULT_DATA, place: "by default" });
  if (given.maxMemory !== undefined) {
    const bytes = parseMemorySize(given.maxMemory);
    if (bytes === undefined) throw usageError(`--max-memory ${given.maxMemory}: give a size, as 512m or 2g`);
    settings.set("odradek.max.memory.bytes", { value: String(bytes), place: "with --max-memory" });
  }
  if (port !== undefined || given.host !== undefined) {
    const options = [...(port === undefined ? [] : ["--port"]), ...(given.host === undefined ? [] : ["--host"])];
    const hasUsers = given.user !== undefined || isGiven(sources, "odradek.users");
    const hasTls = given.tls === true || isTurnedOn(sources, "odradek.tls");
    const protocol = defaultProtocol({ "odradek.users": hasUsers ? "" : null, "odradek.tls": hasTls });
    const value = `${protocol}://${hostInUrl(given.host ?? DEFAULT_HOST)}:${port ?? DEFAULT_PORT}`;
    settings.set("listeners", { value, place: `with ${options.join(" and ")}` });
  }
  if (given.user !== undefined) settings.set("odradek.users", { value: printUsers(parseUserOptions(given.user)), place: "with --user" });
  if (given.acl !== undefined) settings.set("odradek.acls", { value: printAcls(given.acl), place: "with --acl" });
  if (given.tls === true) settings.set("odradek.tls", { value: "true", place: "with --tls" });
  if (given.http === false) settings.set("odradek.http", { value: "false", place: "with --no-http" });
  if (given.httpPort !== undefined)
    settings.set("odradek.http.port", { value: String(parsePort("--http-port", given.httpPort)), place: "with --http-port" });
  if (given.registryPort !== undefined)
    settings.set("odradek.registry.port", {
      value: String(parsePort("--registry-port", given.registryPort)),
      place: "with --registry-port",
    });
  if (given.cluster !== undefined) settings.set("diskless.cluster", { value: given.cluster, place: "with --cluster" });
  if (given.objects !== undefined) settings.set("diskless.objects", { value: given.objects, place: "with --objects" });
  if (given.nodeId !== undefined) settings.set("node.id", { value: given.nodeId, place: "with --node-id" });
  return settings;
}

/** Raises a usage error, which shows no password. */
function parseUserOptions(options: readonly string[]): Record<string, string> {
  const users: Record<string, string> = {};
  for (const option of options) {
    const at = option.indexOf(":");
    if (at < 1 || at === option.length - 1) throw usageError("--user: a user is written NAME:PASSWORD, as in alice:secret");
    const name = option.slice(0, at);
    if (Object.hasOwn(users, name)) throw usageError(`--user ${name}: that user was given before`);
    users[name] = option.slice(at + 1);
  }
  return users;
}

/** A folder with a comma in its name would be two. */
function listElement(path: string): string {
  if (path.includes(",")) throw usageError(`--data ${path}: a folder whose name has a comma cannot be used`);
  return path;
}

function isDataNamed(given: StartArguments, sources: StartSources): boolean {
  return given.data !== undefined || isGiven(sources, "log.dirs") || isGiven(sources, "log.dir");
}

/** The later one wins. */
function merged(...settings: readonly GivenSettings[]): GivenSettings {
  return new Map(settings.flatMap((each) => [...each]));
}

/** Raises a usage error for a rule that is none. */
function checkAcls(config: BrokerConfig): void {
  try {
    givenAcls(config);
  } catch (error) {
    throw error instanceof SettingError ? settingUsageError(error) : error;
  }
}

/** The first listener that is not the controller's. */
function listenerOf(config: BrokerConfig): { readonly host: string; readonly port: number } {
  const [first] = clientListeners(config);
  if (first === undefined) {
    const message = `listeners: all of them (${config.listeners.join(", ")}) are the controller's; name one for clients`;
    throw settingUsageError(new SettingError("CONFLICT", "listeners", message, placeOf(config, "listeners")));
  }
  const isDefault = originsOf(config, "listeners").length === 1;
  return { host: first.host === "" && isDefault ? DEFAULT_HOST : first.host, port: first.port };
}
