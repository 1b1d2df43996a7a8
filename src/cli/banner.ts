// What `odradek start` says once, when a produce would succeed: for people, or as one line of JSON.

import { relative } from "node:path";
import type { Paint } from "./terminal.ts";
import { VERSION } from "./version.ts";

export interface ReadyFacts {
  /** `host:port`, several joined by commas. */
  readonly bootstrapServers: string;
  readonly clusterId: string;
  /** An absolute path, or "memory". */
  readonly data: string;
  readonly tookMs: number;
}

export function banner({ bootstrapServers, clusterId, data, tookMs }: ReadyFacts, paint: Paint): string {
  const line = (name: string, text: string) => `  ${paint("dim", name.padEnd(8))} ${text}\n`;
  const brokers = bootstrapServers
    .split(",")
    .map((server) => JSON.stringify(server))
    .join(", ");
  return [
    `\n  ${paint("bold", "Odradek")} ${VERSION} is ready on ${paint("cyan", bootstrapServers)} ${paint("dim", `after ${Math.round(tookMs)} ms`)}\n\n`,
    line("data", data === "memory" ? "in memory, gone when it stops" : shortPath(data)),
    line("cluster", clusterId),
    line("kafkajs", `new Kafka({ brokers: [${brokers}] })`),
    line("stop", "Ctrl-C"),
    "\n",
  ].join("");
}

export function readyLine({ bootstrapServers, clusterId, data }: ReadyFacts): string {
  return `${JSON.stringify({ event: "ready", bootstrapServers, clusterId, data, pid: process.pid, version: VERSION })}\n`;
}

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== "" && !fromHere.startsWith("..") ? fromHere : path;
}
