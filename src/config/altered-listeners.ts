// What Kafka permits to alter of a running broker's `listeners` and `listener.security.protocol.map`: listeners may come, and those may go
// that are not advertised. A listener that stays keeps its security protocol; another address for it holds from the next start on.
// Messages are Kafka's.

import { isIPv4, isIPv6 } from "node:net";
import type { BrokerConfig } from "./broker-config.ts";

const SERVED_PROTOCOL = "PLAINTEXT";
const PROTOCOLS: readonly string[] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
const ADDRESS = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)/;

interface Address {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Why a broker with the settings `before` may not go on with those of `after`. */
export function alteredListenersFault(before: BrokerConfig, after: BrokerConfig): string | undefined {
  const map = after["listener.security.protocol.map"];
  if (`${before.listeners}` === `${after.listeners}` && before["listener.security.protocol.map"] === map) return undefined;
  const protocols = protocolsOf(map);
  if (typeof protocols === "string") return protocols;
  const addresses = addressesOf(after.listeners, protocols);
  if (typeof addresses === "string") return addresses;
  const names = new Set(addresses.map(({ name }) => name));
  return namesFault(after, names) ?? protocolsFault(before, names, protocols);
}

/** By listener name, or what is wrong with the map. */
function protocolsOf(map: string): ReadonlyMap<string, string> | string {
  const protocols = new Map<string, string>();
  for (const entry of map === "" ? [] : map.split(",")) {
    const at = entry.lastIndexOf(":");
    if (at === -1)
      return `Error parsing configuration property 'listener.security.protocol.map': begin 0, end -1, length ${entry.trim().length}`;
    const protocol = entry.slice(at + 1).trim();
    if (!PROTOCOLS.includes(protocol)) return `Invalid security protocol \`${protocol}\` defined in listener.security.protocol.map`;
    protocols.set(entry.slice(0, at).trim().toUpperCase(), protocol);
  }
  return protocols;
}

function addressesOf(texts: readonly string[], protocols: ReadonlyMap<string, string>): readonly Address[] | string {
  const listed = `[${texts.join(", ")}]`;
  const failed = (why: string) => `Error creating broker listeners from '${listed}': ${why}`;
  const addresses: Address[] = [];
  for (const text of texts) {
    const [, given = "", host = "", port = ""] = ADDRESS.exec(text.trim()) ?? [];
    if (port === "") return failed(`Unable to parse ${text} to a broker endpoint`);
    const name = given.toUpperCase();
    if (!protocols.has(name)) return failed(`No security protocol defined for listener ${name}`);
    addresses.push({ name, host, port: Number(port) });
  }
  if (new Set(addresses.map(({ name }) => name)).size < addresses.length)
    return failed(`Each listener must have a different name, listeners: ${listed}`);
  const shared = portFault(addresses, listed);
  return shared === undefined ? addresses : failed(shared);
}

/** Two listeners may have one port where one is on an IPv4 address and the other on an IPv6 one. */
function portFault(addresses: readonly Address[], listed: string): string | undefined {
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

/** Listeners that must be there: the controller's in its own process, and those that clients are told. */
function namesFault(after: BrokerConfig, names: ReadonlySet<string>): string | undefined {
  const controllers = (after["controller.listener.names"] ?? []).map((name) => name.toUpperCase());
  if (after["process.roles"]?.includes("controller") === true && !controllers.some((name) => names.has(name))) {
    return "requirement failed: controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role";
  }
  const advertised = (after["advertised.listeners"] ?? []).map((text) => (ADDRESS.exec(text.trim())?.[1] ?? "").toUpperCase());
  if (advertised.every((name) => names.has(name))) return undefined;
  const [found, valid] = [advertised.join(","), [...names].join(",")];
  return `requirement failed: advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${found}. The valid options based on the current configuration are ${valid}`;
}

function protocolsFault(before: BrokerConfig, names: ReadonlySet<string>, protocols: ReadonlyMap<string, string>): string | undefined {
  const earlier = protocolsOf(before["listener.security.protocol.map"]);
  const known = new Set(before.listeners.map((text) => (ADDRESS.exec(text.trim())?.[1] ?? "").toUpperCase()));
  const controllers = (before["controller.listener.names"] ?? []).map((name) => name.toUpperCase());
  for (const name of names) {
    const protocol = protocols.get(name);
    if (known.has(name)) {
      if (typeof earlier === "string" || earlier.get(name) === protocol) continue;
      return `Invalid value org.apache.kafka.common.config.ConfigException: Security protocol cannot be updated for existing listener ListenerName(${name}) for configuration Invalid dynamic configuration`;
    }
    if (protocol !== SERVED_PROTOCOL && !controllers.includes(name))
      return `listeners: ${name} asks for ${protocol}, which is not served yet; use a PLAINTEXT listener`;
  }
  return undefined;
}
