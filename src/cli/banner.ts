// What `odradek start` says once, when a produce would succeed: for people, or as one line of JSON.

import { relative } from "node:path";
import { VERSION } from "../base/version.ts";
import type { UnknownVariable } from "../config/environment.ts";
import type { EnvironmentInEffect, VariableInEffect } from "./start-sources.ts";
import type { Paint } from "./terminal.ts";

export interface ReadyFacts {
  /** `host:port`, several joined by commas. */
  readonly bootstrapServers: string;
  readonly speaksTls: boolean;
  /** Where clients are sent on to, where that was given. */
  readonly advertised: readonly string[];
  readonly clusterId: string;
  /** An absolute path, or "memory". */
  readonly data: string;
  readonly environment: EnvironmentInEffect;
  /** Who may log in, where clients have to: those that the start was given. */
  readonly users: readonly string[];
  readonly tookMs: number;
}

/** Names of variables in one line: a shell may be full of them. */
const MOST_NAMES = 8;

export function banner(facts: ReadyFacts, paint: Paint): string {
  const { bootstrapServers, speaksTls, advertised, clusterId, data, environment, users, tookMs } = facts;
  const line = (name: string, text: string) => `  ${paint("dim", name.padEnd(8))} ${text}\n`;
  const brokers = bootstrapServers
    .split(",")
    .map((server) => JSON.stringify(server))
    .join(", ");
  const isElsewhere = advertised.length > 0 && advertised.join(",") !== bootstrapServers;
  return [
    `\n  ${paint("bold", "Odradek")} ${VERSION} is ready on ${paint("cyan", bootstrapServers)} ${paint("dim", `after ${Math.round(tookMs)} ms`)}\n\n`,
    line("data", data === "memory" ? "in memory, gone when it stops" : shortPath(data)),
    line("cluster", clusterId),
    ...(isElsewhere ? [line("clients", `are sent on to ${advertised.join(", ")} by advertised.listeners`)] : []),
    ...environmentLines(environment).map(([name, text]) => line(name, text)),
    ...(users.length === 0 ? [] : [line("users", `${listed(users)}: clients log in by SASL, PLAIN or SCRAM`)]),
    line("kafkajs", `new Kafka({ brokers: [${brokers}]${speaksTls ? ", ssl: true" : ""}${loginOf(users)} })`),
    line("stop", "Ctrl-C"),
    "\n",
  ].join("");
}

function loginOf([user]: readonly string[]): string {
  return user === undefined ? "" : `, sasl: { mechanism: "plain", username: ${JSON.stringify(user)}, password: "…" }`;
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

export function readyLine({ bootstrapServers, speaksTls, advertised, clusterId, data, environment }: ReadyFacts): string {
  const { variables, unknown } = environment;
  return `${JSON.stringify({
    event: "ready",
    bootstrapServers,
    ...(speaksTls ? { tls: true } : {}),
    ...(advertised.length === 0 ? {} : { advertised }),
    clusterId,
    data,
    ...(variables.length === 0 ? {} : { environment: Object.fromEntries(variables.map(({ variable, value }) => [variable, value])) }),
    ...(unknown.length === 0 ? {} : { ignoredVariables: unknown.map(({ variable }) => variable) }),
    pid: process.pid,
    version: VERSION,
  })}\n`;
}

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== "" && !fromHere.startsWith("..") ? fromHere : path;
}
