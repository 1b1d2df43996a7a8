// What a broker's `listeners`, `advertised.listeners` and `listener.security.protocol.map` must be together. The first part holds whenever
// they are read; what may be altered of them while it runs is in altered-listeners.ts. Messages are Kafka's where Kafka has the rule.

import { isIPv4, isIPv6 } from "node:net";
import type { BrokerSettingName, BrokerSettingValues } from "./broker-settings.ts";
import { type ListenerAddress, parseListeners, securityProtocolOf } from "./listeners.ts";

export const PLAIN_PROTOCOL = "PLAINTEXT";
const PROTOCOLS: readonly string[] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

export function isSaslProtocol(protocol: string): boolean {
  return protocol === "SASL_PLAINTEXT" || protocol === "SASL_SSL";
}

/** What a listener speaks that is given no more than its address: users are there to log in. */
export function defaultProtocol(values: Pick<BrokerSettingValues, "odradek.users" | "odradek.tls">): string {
  if (values["odradek.tls"]) return values["odradek.users"] === null ? "SSL" : "SASL_SSL";
  return values["odradek.users"] === null ? PLAIN_PROTOCOL : "SASL_PLAINTEXT";
}

export function isTlsProtocol(protocol: string): boolean {
  return protocol === "SSL" || protocol === "SASL_SSL";
}

export interface ListenerFault {
  /** Which of them it is about, the culprit first. */
  readonly settings: readonly BrokerSettingName[];
  readonly message: string;
}

const DEFAULT_LISTENERS = "PLAINTEXT://:9092";
const MAP = "listener.security.protocol.map";

/** Why a broker cannot start so. Throws SettingError for an address that is none. */
export function listenersFault(values: BrokerSettingValues): ListenerFault | undefined {
  const protocols = protocolsOf(values[MAP]);
  if (typeof protocols === "string") return { settings: [MAP], message: protocols };
  const listeners = parseListeners("listeners", values.listeners);
  const advertised = parseListeners("advertised.listeners", values["advertised.listeners"] ?? []);
  for (const [setting, addresses] of [["listeners", listeners] as const, ["advertised.listeners", advertised] as const]) {
    const shown = `[${(values[setting] ?? []).join(", ")}]`;
    const message = namesFault(addresses, shown) ?? (setting === "listeners" ? portFault(addresses, shown) : undefined);
    if (message !== undefined) return { settings: [setting], message: `Error creating broker listeners from '${shown}': ${message}` };
  }
  return servedFault(values, protocols) ?? advertisedFault(advertised, listeners);
}

/** Whether `listeners` is what it is by default, and so says nothing. */
export function areListenersDefault({ listeners }: Pick<BrokerSettingValues, "listeners">): boolean {
  return listeners.join(",") === DEFAULT_LISTENERS;
}

/** Those that clients are served on: without the controllers'. */
export function clientListeners(
  values: Pick<BrokerSettingValues, "listeners" | "controller.listener.names" | "odradek.users" | "odradek.tls">,
): ListenerAddress[] {
  const controllers = new Set((values["controller.listener.names"] ?? []).map((name) => name.toUpperCase()));
  if (areListenersDefault(values))
    return parseListeners("listeners", values.listeners).map((address) => ({ ...address, name: defaultProtocol(values) }));
  return parseListeners("listeners", values.listeners).filter(({ name }) => !controllers.has(name));
}

/** The names of those that speak TLS. */
export function tlsListeners(values: BrokerSettingValues): readonly string[] {
  return clientListeners(values)
    .map(({ name }) => name)
    .filter((name) => isTlsProtocol(securityProtocolOf(values[MAP], name)));
}

/** The names of those that ask for a login. */
export function saslListeners(values: BrokerSettingValues): readonly string[] {
  return clientListeners(values)
    .map(({ name }) => name)
    .filter((name) => isSaslProtocol(securityProtocolOf(values[MAP], name)));
}

/** By listener name, or what is wrong with the map. */
export function protocolsOf(map: string): ReadonlyMap<string, string> | string {
  const protocols = new Map<string, string>();
  for (const entry of map === "" ? [] : map.split(",")) {
    const at = entry.lastIndexOf(":");
    if (at === -1) return `Error parsing configuration property '${MAP}': begin 0, end -1, length ${entry.trim().length}`;
    const protocol = entry.slice(at + 1).trim();
    if (!PROTOCOLS.includes(protocol)) return `Invalid security protocol \`${protocol}\` defined in ${MAP}`;
    protocols.set(entry.slice(0, at).trim().toUpperCase(), protocol);
  }
  return protocols;
}

export function namesFault(addresses: readonly ListenerAddress[], listed: string): string | undefined {
  const isOnce = new Set(addresses.map(({ name }) => name)).size === addresses.length;
  return isOnce ? undefined : `Each listener must have a different name, listeners: ${listed}`;
}

/** Two listeners may have one port where one is on an IPv4 address and the other on an IPv6 one. */
export function portFault(addresses: readonly ListenerAddress[], listed: string): string | undefined {
  const byPort = Map.groupBy(
    addresses.filter(({ port }) => port !== 0),
    ({ port }) => port,
  );
  for (const [port, sharing] of byPort) {
    if (sharing.length < 2) continue;
    const ofIp = sharing.filter(({ host }) => isIPv4(host) || isIPv6(host));
    const isOneOfEach = ofIp.filter(({ host }) => isIPv4(host)).length === 1;
    if (sharing.length === 2 && ofIp.length === 2) {
      if (isOneOfEach) continue;
      return `If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: ${listed}, port: ${port}`;
    }
    const exception = ofIp.length === 0 ? "" : " unless exactly one listener has an IPv4 address and the other IPv6 address";
    const which = ofIp.length === 0 ? "" : `, port: ${port}`;
    return `Each listener must have a different port${exception}, listeners: ${listed}${which}`;
  }
  return undefined;
}

export function subsetFault(advertised: readonly string[], names: ReadonlySet<string>): string | undefined {
  if (advertised.every((name) => names.has(name))) return undefined;
  const [found, valid] = [advertised.join(","), [...names].join(",")];
  return `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${found}. The valid options based on the current configuration are ${valid}`;
}

/** A listener without an entry in the map may be named after its protocol, which Kafka has for the default map only. */
function servedFault(values: BrokerSettingValues, protocols: ReadonlyMap<string, string>): ListenerFault | undefined {
  for (const { name } of clientListeners(values)) {
    const protocol = securityProtocolOf(values[MAP], name);
    if (!protocols.has(name) && !PROTOCOLS.includes(protocol)) {
      const message = `listeners: no security protocol defined for listener ${name}; add ${name}:${PLAIN_PROTOCOL} to ${MAP}`;
      return { settings: ["listeners", MAP], message };
    }
  }
  return undefined;
}

function advertisedFault(advertised: readonly ListenerAddress[], listeners: readonly ListenerAddress[]): ListenerFault | undefined {
  const settings = ["advertised.listeners", "listeners"] as const;
  const message = subsetFault(
    advertised.map(({ name }) => name),
    new Set(listeners.map(({ name }) => name)),
  );
  if (message !== undefined) return { settings, message };
  if (!advertised.some(({ host }) => host === "0.0.0.0")) return undefined;
  return {
    settings: ["advertised.listeners"],
    message: "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
  };
}
