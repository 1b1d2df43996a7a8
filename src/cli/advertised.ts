// Where clients are sent on to, when advertised.listeners says so, and whether clients on this machine can follow. Newcomers meet this most:
// a client reaches the broker, is told "kafka:9092" by it, and hangs there.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Logger } from "../base/logger.ts";
import { type BrokerConfig, placeOf } from "../config/broker-config.ts";
import { hostInUrl, isLoopback, type ListenerAddress, parseListeners } from "../config/listeners.ts";

export interface Names {
  /** The IP addresses of a host; rejects when there are none. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Of this machine. */
  readonly own: () => readonly string[];
}

export const systemNames: Names = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  own: () => Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []),
};

/** What the brokers tell; empty where nothing was given, and clients are told the address that they came to. */
export function advertisedAddresses(configs: readonly BrokerConfig[]): ListenerAddress[] {
  return configs
    .flatMap((config) => parseListeners("advertised.listeners", config["advertised.listeners"] ?? []))
    .filter(({ host }) => host !== "");
}

export function printAddress({ host, port }: Pick<ListenerAddress, "host" | "port">): string {
  return `${hostInUrl(host)}:${port}`;
}

/** Says in the log what clients here cannot follow, one line a host. Never rejects, and may take as long as names take to resolve. */
export async function warnOfUnreachable(configs: readonly BrokerConfig[], logger: Logger, names: Names): Promise<void> {
  const [first] = configs;
  const given = first === undefined ? undefined : placeOf(first, "advertised.listeners");
  const byHost = Map.groupBy(advertisedAddresses(configs), ({ host }) => host);
  for (const [host, addresses] of byHost) {
    const wrong = await whatIsWrong(host, names);
    const facts = { advertised: addresses.map(printAddress), ...(given === undefined ? {} : { given }) };
    if (wrong !== undefined) logger.warn(facts, wrong);
  }
}

async function whatIsWrong(host: string, { resolve, own }: Names): Promise<string | undefined> {
  if (isLoopback(host)) return undefined;
  try {
    const known = isIP(host) === 0 ? await resolve(host) : [host];
    const here = new Set(own());
    if (known.some((address) => isLoopback(address) || here.has(address))) return undefined;
    return "clients are sent on to an address that is not this machine's";
  } catch {
    return "clients here cannot follow where they are sent on to: the host does not resolve";
  }
}
