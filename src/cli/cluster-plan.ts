// The brokers that `--brokers 3`, `--port 9092,9095,9098` and `--rack a,b` ask for: one is the usual case, several are a cluster in one
// process. Broker ids count up from the node id of the first; ports that are not given follow the last one that is.

import type { BrokerConfig } from "../config/broker-config.ts";
import { clusterDefaults } from "../embed/start.ts";
import { usageError } from "./command-error.ts";

export interface PlannedBroker {
  readonly port: number;
  readonly rack: string | undefined;
}

/** How many there are to be, and where. */
export function planBrokers(brokers: string | undefined, ports: readonly number[], racks: readonly string[]): readonly PlannedBroker[] {
  const count = brokers === undefined ? Math.max(1, ports.length) : Number(brokers);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw usageError(`--brokers ${brokers}: a cluster has from 1 to 100 brokers`);
  if (ports.length > count) throw usageError(`--port names ${ports.length} ports, and there are ${count} brokers`);
  const last = ports.at(-1) ?? 9092;
  return Array.from({ length: count }, (_, index) => ({
    port: ports[index] ?? (last === 0 ? 0 : last + index - Math.max(0, ports.length - 1)),
    rack: racks.length === 0 ? undefined : racks[index % racks.length],
  }));
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
