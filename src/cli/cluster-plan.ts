// The brokers that `--brokers 3`, `--port 9092,9095,9098` and `--rack a,b` ask for: one is the usual case, several are a cluster in one
// process. Broker ids count up from the node id of the first; ports that are not given follow the last one that is. `--workers 4` is the
// same with a thread for each of them, which is for speed: nobody is to notice that there are several but by their ports.

import { availableParallelism } from "node:os";
import type { BrokerConfig } from "../config/broker-config.ts";
import { originsOf } from "../config/broker-config.ts";
import { parseListeners } from "../config/listeners.ts";
import { clusterDefaults } from "../embed/start.ts";
import { usageError } from "./command-error.ts";

export interface PlannedBroker {
  readonly port: number;
  readonly rack: string | undefined;
}

const DEFAULT_PORT = 9092;

/** How many there are to be, and where. */
export function planBrokers(brokers: string | undefined, ports: readonly number[], racks: readonly string[]): readonly PlannedBroker[] {
  const count = brokers === undefined ? Math.max(1, ports.length) : Number(brokers);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw usageError(`--brokers ${brokers}: a cluster has from 1 to 100 brokers`);
  if (ports.length > count) throw usageError(`--port names ${ports.length} ports, and there are ${count} brokers`);
  const last = ports.at(-1) ?? DEFAULT_PORT;
  return Array.from({ length: count }, (_, index) => ({
    port: ports[index] ?? (last === 0 ? 0 : last + index - Math.max(0, ports.length - 1)),
    rack: racks.length === 0 ? undefined : racks[index % racks.length],
  }));
}

/** How many threads `--workers` asks for; 1 without it. */
export function workerCount(workers: string | undefined): number {
  const count = workers === undefined ? 1 : workers === "auto" ? availableParallelism() : Number(workers);
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw usageError(`--workers ${workers}: from 1 to 64 threads, or auto for one a core`);
  return count;
}

/** The settings that only one worker has: its id, and ports that follow those of the first broker, which has index 0. */
export function workerSettings(first: BrokerConfig, index: number): Record<string, string> {
  const isGiven = (setting: "listeners" | "advertised.listeners") => originsOf(first, setting).length > 1;
  const counted = (setting: "listeners" | "advertised.listeners") =>
    parseListeners(setting, first[setting] ?? [])
      .map(({ name, host, port }) => `${name}://${host.includes(":") ? `[${host}]` : host}:${port === 0 ? 0 : port + index}`)
      .join(",");
  return {
    "node.id": String(first["node.id"] + index),
    listeners: isGiven("listeners") ? counted("listeners") : `PLAINTEXT://localhost:${DEFAULT_PORT + index}`,
    ...(isGiven("advertised.listeners") ? { "advertised.listeners": counted("advertised.listeners") } : {}),
  };
}

/** What a cluster of that many has by default: weaker than everything that was asked for. */
export function defaultsFor(brokers: readonly PlannedBroker[], character: "kind" | "kafka"): Record<string, string> {
  if (brokers.length === 1) return {};
  const known = brokers.map(({ rack }) => (rack === undefined ? {} : { rack }));
  return Object.fromEntries(Object.entries(clusterDefaults(known, character)).map(([name, value]) => [name, String(value)]));
}

/** The settings that only one broker of the cluster has. */
export function ownSettings(broker: PlannedBroker, first: BrokerConfig | undefined, index: number, host: string): Record<string, string> {
  return {
    ...(broker.rack === undefined ? {} : { "broker.rack": broker.rack }),
    ...(first === undefined ? {} : { "node.id": String(first["node.id"] + index), listeners: `PLAINTEXT://${host}:${broker.port}` }),
  };
}
