// What `odradek start` says once, when a produce would succeed: for people, or as one line of JSON.

import { VERSION } from "../base/version.ts";
import type { UnknownVariable } from "../config/environment.ts";
import { isTlsProtocol } from "../config/listener-rules.ts";
import { type ClientFacts, type IssuingAuthority, javaProperties, kafkajsLine, librdkafkaProperties } from "./client-lines.ts";
import { shortPath } from "./short-path.ts";
import type { EnvironmentInEffect, VariableInEffect } from "./start-sources.ts";
import type { Paint } from "./terminal.ts";

/** A broker of a cluster of machines. */
export interface MachineFacts {
  readonly brokerId: number;
  /** Of the other brokers that are there. */
  readonly otherIds: readonly number[];
  /** s3://bucket/prefix */
  readonly objects: string;
  /** Without a password. */
  readonly database: string;
  /** Where clients are sent on to. */
  readonly advertised: readonly string[];
}

export interface ReadyFacts extends ClientFacts {
  /** Where clients are sent on to, where that was given. */
  readonly advertised: readonly string[];
  readonly clusterId: string;
  /** An absolute path, or "memory". */
  readonly data: string;
  /** None: no bound. */
  readonly maxMemoryBytes: number | null;
  readonly environment: EnvironmentInEffect;
  /** Then there is no data of this process. */
  readonly machine?: MachineFacts | undefined;
  /** Where HTTP is answered, if it is. */
  readonly httpUrl?: string | undefined;
  readonly registryUrl?: string | undefined;
  /** Access rules are in force. */
  readonly hasRules: boolean;
  readonly tookMs: number;
}

/** Names of variables in one line: a shell may be full of them. */
const MOST_NAMES = 8;
const NAME_WIDTH = 8;
const MIB = 1024 * 1024;

export function banner(facts: ReadyFacts, paint: Paint): string {
  const { bootstrapServers, advertised, clusterId, machine, environment, users, hasRules, authority, httpUrl, registryUrl, tookMs } = facts;
  const java = propertyLines("java", javaProperties(facts));
  const librdkafka = propertyLines("librdkafka", librdkafkaProperties(facts));
  const width = librdkafka.length === 0 ? NAME_WIDTH : "librdkafka".length;
  const line = (name: string, text: string) => `  ${paint("dim", name.padEnd(width))} ${text}\n`;
  const isElsewhere = advertised.length > 0 && advertised.join(",") !== bootstrapServers;
  return [
    `\n  ${paint("bold", "Odradek")} ${VERSION} is ready on ${paint("cyan", bootstrapServers)} ${paint("dim", `after ${Math.round(tookMs)} ms`)}\n\n`,
    line("data", dataText(facts)),
    line("cluster", clusterId),
    ...(facts.maxMemoryBytes === null
      ? []
      : [line("memory", `at most ${Math.round(facts.maxMemoryBytes / MIB)} MiB; clients are slowed down before`)]),
    ...(machine === undefined ? [] : [line("broker", memberText(machine))]),
    ...(isElsewhere
      ? [line("clients", `are sent on to ${advertised.join(", ")}${machine === undefined ? " by advertised.listeners" : ""}`)]
      : []),
    ...environmentLines(environment).map(([name, text]) => line(name, text)),
    ...(users.length === 0 ? [] : [line("users", `${listed(users)}: clients log in by SASL, PLAIN or SCRAM`)]),
    ...(hasRules ? [line("rules", "clients may do what access rules allow them, and nothing else")] : []),
    ...(authority === undefined ? [] : [line("tls", trustedText(authority))]),
    ...(httpUrl === undefined ? [] : [line("http", `${httpUrl} has a console, metrics and a schema registry`)]),
    ...(registryUrl === undefined || registryUrl === httpUrl ? [] : [line("registry", `${registryUrl} is the schema registry`)]),
    line("kafkajs", kafkajsLine(facts)),
    ...[...java, ...librdkafka].map(([name, text]) => line(name, text)),
    line("stop", "Ctrl-C"),
    "\n",
  ].join("");
}

function dataText({ data, machine }: ReadyFacts): string {
  if (machine !== undefined) return `${machine.objects}, in the order that ${machine.database} keeps`;
  return data === "memory" ? "in memory, gone when it stops" : shortPath(data);
}

function memberText({ brokerId, otherIds }: MachineFacts): string {
  return `${brokerId}, ${otherIds.length === 0 ? "the only one so far" : `beside ${otherIds.join(", ")}`}`;
}

function trustedText({ pem, file }: IssuingAuthority): string {
  if (file !== undefined) return `clients trust ${shortPath(file)}, whose certificates the brokers show`;
  return `clients trust this authority, which is gone when the broker stops; save it as ca.pem:\n\n${pem}`;
}

/** One below the other. */
function propertyLines(name: string, properties: Readonly<Record<string, string>> = {}): (readonly [string, string])[] {
  return Object.entries(properties).map(([key, value], index) => [index === 0 ? name : "", `${key}=${value}`] as const);
}

function environmentLines({ variables, unknown }: EnvironmentInEffect): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  if (variables.length > 0) lines.push(["env", listed(variables.map(printVariable))]);
  if (areClients(variables)) lines.push(["", "clients have settings of that name, too: unset what was not meant for the broker"]);
  if (unknown.length > 0) lines.push(["ignored", `${listed(unknown.map(printUnknown))}: no settings of a broker`]);
  return lines;
}

export function printVariable({ variable, value }: VariableInEffect): string {
  return `${variable}=${value}`;
}

/** Where nothing else says that the environment was made for a broker. */
function areClients(variables: readonly VariableInEffect[]): boolean {
  return variables.length > 0 && variables.every(({ isClients }) => isClients);
}

function printUnknown({ variable, nearest }: UnknownVariable): string {
  return nearest === undefined ? variable : `${variable} (${nearest}?)`;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

export function readyLine(facts: ReadyFacts): string {
  const { bootstrapServers, protocol, authority, advertised, clusterId, machine, environment, httpUrl, registryUrl } = facts;
  const { variables, unknown } = environment;
  const java = javaProperties(facts);
  return `${JSON.stringify({
    event: "ready",
    bootstrapServers,
    ...(isTlsProtocol(protocol) ? { tls: true } : {}),
    ...(authority === undefined ? {} : { ca: authority.pem, ...(authority.file === undefined ? {} : { caFile: authority.file }) }),
    ...(java === undefined ? {} : { clients: { kafkajs: kafkajsLine(facts), java, librdkafka: librdkafkaProperties(facts) } }),
    ...(advertised.length === 0 ? {} : { advertised }),
    ...(httpUrl === undefined ? {} : { http: httpUrl }),
    ...(registryUrl === undefined ? {} : { registry: registryUrl }),
    clusterId,
    data: machine === undefined ? facts.data : machine.objects,
    ...(machine === undefined ? {} : { broker: machine.brokerId, otherBrokers: machine.otherIds, database: machine.database }),
    ...(variables.length === 0 ? {} : { environment: Object.fromEntries(variables.map(({ variable, value }) => [variable, value])) }),
    ...(unknown.length === 0 ? {} : { ignoredVariables: unknown.map(({ variable }) => variable) }),
    pid: process.pid,
    version: VERSION,
  })}\n`;
}
