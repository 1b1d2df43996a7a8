// The brokers that `--brokers 3`, `--port 9092,9095,9098` and `--rack a,b` ask for: one is the usual case, several are a cluster in one
// process. What only one of them has is counted up from the first: its id, the ports of its listeners, and those that clients are told.
// `--workers 4` is the same with a thread for each of them, which is for speed: nobody is to notice that there are several but by their
// ports.

import { availableParallelism } from "node:os";
import { type BrokerConfig, originsOf, placeOf } from "../config/broker-config.ts";
import type { Given, GivenSettings } from "../config/given-settings.ts";
import { defaultProtocol } from "../config/listener-rules.ts";
import { hostInUrl, type ListenerAddress, type ListenerSetting, parseListeners, printListeners } from "../config/listeners.ts";
import { clusterDefaults } from "../embed/start.ts";
import { usageError } from "./command-error.ts";

export interface PlannedBroker {
  readonly port: number;
  /** It is one of those that --port lists. */
  readonly isPortListed: boolean;
  readonly rack: string | undefined;
}

const DEFAULT_PORT = 9092;
const MOST_PORT = 65_535;
const MOST_BROKERS = 100;
const MOST_WORKERS = 64;

/** How many there are to be, and where. Raises a usage error. */
export function planBrokers(brokers: string | undefined, ports: readonly number[], racks: readonly string[]): readonly PlannedBroker[] {
  const count = brokers === undefined ? Math.max(1, ports.length) : wholeNumber(brokers);
  if (!(count >= 1 && count <= MOST_BROKERS)) throw usageError(`--brokers ${brokers}: a cluster has from 1 to ${MOST_BROKERS} brokers`);
  if (ports.length > count) throw usageError(`--port names ${ports.length} ports, and there are ${count} brokers`);
  const last = ports.at(-1) ?? DEFAULT_PORT;
  return Array.from({ length: count }, (_, index) => ({
    isPortListed: index < ports.length,
    port: ports[index] ?? (last === 0 ? 0 : last + index - Math.max(0, ports.length - 1)),
    rack: racks.length === 0 ? undefined : racks[index % racks.length],
  }));
}

/** How many threads `--workers` asks for; 1 without it. Raises a usage error. */
export function workerCount(workers: string | undefined): number {
  const count = workers === undefined ? 1 : workers === "auto" ? availableParallelism() : wholeNumber(workers);
  if (count >= 1 && count <= MOST_WORKERS) return count;
  throw usageError(`--workers ${workers}: from 1 to ${MOST_WORKERS} threads, or auto for one a core`);
}

/** NaN for what is none. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** What a cluster of that many has by default: weaker than everything that was asked for. */
export function defaultsFor(brokers: readonly PlannedBroker[], character: "kind" | "kafka"): GivenSettings {
  if (brokers.length <= 1) return new Map();
  const known = brokers.map(({ rack }) => (rack === undefined ? {} : { rack }));
  const place = `by default to a cluster of ${brokers.length} brokers`;
  return new Map(Object.entries(clusterDefaults(known, character)).map(([name, value]) => [name, { value: String(value), place }]));
}

export interface Member {
  /** From 1: the first broker is the one that is counted from. */
  readonly index: number;
  readonly broker: PlannedBroker;
  /** Where the first one is with --port; `undefined` where its listeners decide. */
  readonly firstPort: number | undefined;
  readonly host: string;
}

/** Ports of HTTP alone. */
const OWN_PORTS = ["odradek.http.port", "odradek.registry.port"] as const;

/** The settings that only one further broker has. */
export function memberSettings(first: BrokerConfig, { index, broker, firstPort, host }: Member): GivenSettings {
  const isGiven = (setting: ListenerSetting) => originsOf(first, setting).length > 1;
  const settings = new Map<string, Given>();
  const countUp = (name: "node.id" | (typeof OWN_PORTS)[number] | ListenerSetting, value: string) => {
    settings.set(name, { value, place: `${placeOf(first, name) ?? "by default"}, counted up for broker ${index + 1}` });
  };
  const shifted = (setting: ListenerSetting, by: number) =>
    printListeners(parseListeners(setting, first[setting] ?? []).map((address) => ({ ...address, port: shift(address, by) })));
  countUp("node.id", String(first["node.id"] + index));
  const isCounted = firstPort === undefined && isGiven("listeners");
  const own = `${defaultProtocol(first)}://${hostInUrl(host)}:${broker.port}`;
  if (broker.isPortListed) settings.set("listeners", { value: own, place: "with --port" });
  else countUp("listeners", isCounted ? shifted("listeners", index) : own);
  if (isGiven("advertised.listeners")) {
    const areKnown = firstPort !== undefined && firstPort !== 0 && broker.port !== 0;
    countUp("advertised.listeners", shifted("advertised.listeners", areKnown ? broker.port - firstPort : index));
  }
  for (const setting of OWN_PORTS) {
    const port = first[setting];
    if (port !== null && port !== 0) countUp(setting, String(port + index));
  }
  if (broker.rack !== undefined) settings.set("broker.rack", { value: broker.rack, place: "with --rack" });
  return settings;
}

/** Port 0 stays any free one. */
function shift({ port }: ListenerAddress, by: number): number {
  return port === 0 ? 0 : port + by;
}

/** Raises a usage error where two of the brokers would have one port, or one a port that there is not. */
export function checkPorts(configs: readonly BrokerConfig[]): void {
  const taken = new Map<number, number>();
  for (const [index, config] of configs.entries()) {
    const ofListeners = parseListeners("listeners", config.listeners).map(({ port }) => ({ port, setting: "listeners" as const }));
    const ofHttp = OWN_PORTS.filter((setting) => config["odradek.http"] || setting !== "odradek.http.port").map((setting) => ({
      port: config[setting] ?? 0,
      setting,
    }));
    for (const { port, setting } of [...ofListeners, ...ofHttp]) {
      const other = port === 0 ? undefined : taken.get(port);
      taken.set(port, index);
      if (other === undefined || (other === index && setting === "listeners")) continue;
      const place = placeOf(config, setting);
      if (other === index)
        throw usageError(
          setting === "odradek.http.port"
            ? `HTTP cannot have port ${port} for itself, where a listener is; leave --http-port for one port`
            : `The schema registry cannot have port ${port} for itself; leave --registry-port for one port`,
        );
      const from = place === undefined ? "" : ` (given ${place})`;
      throw usageError(`Brokers ${other + 1} and ${index + 1} cannot both have port ${port}${from}; leave room between the ports`);
    }
  }
}

/** Raises a usage error. */
export function parsePorts(text: string): number[] {
  return text.split(",").map((port) => parsePort("--port", port, text));
}

/** Raises a usage error. @param shown all that the option was given */
export function parsePort(option: string, port: string, shown = port): number {
  if (port === "auto") return 0;
  const number = wholeNumber(port);
  if (number <= MOST_PORT) return number;
  throw usageError(`${option} ${shown}: a port is a number from 0 to ${MOST_PORT}, or auto for a free one`);
}

/** Raises a usage error. */
export function parseRacks(text: string): string[] {
  const racks = text.split(",").map((rack) => rack.trim());
  if (racks.includes("")) throw usageError(`--rack ${text}: racks are names with commas in between`);
  return racks;
}
