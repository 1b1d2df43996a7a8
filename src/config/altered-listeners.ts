// What Kafka permits to alter of a running broker's `listeners` and `listener.security.protocol.map`: listeners may come, and those may go
// that are not advertised. A listener that stays keeps its security protocol; another address for it holds from the next start on.
// Messages are Kafka's.

import type { BrokerConfig } from "./broker-config.ts";
import { namesFault, portFault, protocolsOf, subsetFault } from "./listener-rules.ts";
import type { ListenerAddress } from "./listeners.ts";

const ADDRESS = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)/;

/** Why a broker with the settings `before` may not go on with those of `after`. */
export function alteredListenersFault(before: BrokerConfig, after: BrokerConfig): string | undefined {
  const map = after["listener.security.protocol.map"];
  if (`${before.listeners}` === `${after.listeners}` && before["listener.security.protocol.map"] === map) return undefined;
  const protocols = protocolsOf(map);
  if (typeof protocols === "string") return protocols;
  const addresses = addressesOf(after.listeners, protocols);
  if (typeof addresses === "string") return addresses;
  const names = new Set(addresses.map(({ name }) => name));
  return missingFault(after, names) ?? protocolsFault(before, names, protocols);
}

function addressesOf(texts: readonly string[], protocols: ReadonlyMap<string, string>): readonly ListenerAddress[] | string {
  const listed = `[${texts.join(", ")}]`;
  const failed = (why: string) => `Error creating broker listeners from '${listed}': ${why}`;
  const addresses: ListenerAddress[] = [];
  for (const text of texts) {
    const [, given = "", host = "", port = ""] = ADDRESS.exec(text.trim()) ?? [];
    if (port === "") return failed(`Unable to parse ${text} to a broker endpoint`);
    const name = given.toUpperCase();
    if (!protocols.has(name)) return failed(`No security protocol defined for listener ${name}`);
    addresses.push({ name, host, port: Number(port) });
  }
  const shared = namesFault(addresses, listed) ?? portFault(addresses, listed);
  return shared === undefined ? addresses : failed(shared);
}

/** Listeners that must be there: the controller's in its own process, and those that clients are told. */
function missingFault(after: BrokerConfig, names: ReadonlySet<string>): string | undefined {
  const controllers = (after["controller.listener.names"] ?? []).map((name) => name.toUpperCase());
  if (after["process.roles"]?.includes("controller") === true && !controllers.some((name) => names.has(name))) {
    return "requirement failed: controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role";
  }
  const advertised = (after["advertised.listeners"] ?? []).map((text) => (ADDRESS.exec(text.trim())?.[1] ?? "").toUpperCase());
  const fault = subsetFault(advertised, names);
  return fault === undefined ? undefined : `requirement failed: ${fault}`;
}

function protocolsFault(before: BrokerConfig, names: ReadonlySet<string>, protocols: ReadonlyMap<string, string>): string | undefined {
  const earlier = protocolsOf(before["listener.security.protocol.map"]);
  const known = new Set(before.listeners.map((text) => (ADDRESS.exec(text.trim())?.[1] ?? "").toUpperCase()));
  for (const name of names) {
    if (!known.has(name) || typeof earlier === "string" || earlier.get(name) === protocols.get(name)) continue;
    return `Invalid value org.apache.kafka.common.config.ConfigException: Security protocol cannot be updated for existing listener ListenerName(${name}) for configuration Invalid dynamic configuration`;
  }
  return undefined;
}
