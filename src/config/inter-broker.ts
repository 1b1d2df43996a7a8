// On which listener the brokers of a cluster reach each other: that which inter.broker.listener.name names, or that which is called as
// security.inter.broker.protocol says, as Kafka has it. Where neither is given any will do, one without TLS before others: on all of them
// brokers prove to each other who they are, and need no login. Messages are Kafka's.

import type { BrokerSettingName, BrokerSettingValues } from "./broker-settings.ts";
import { clientListeners, isSaslProtocol, isTlsProtocol, type ListenerFault, protocolsOf } from "./listener-rules.ts";
import { parseListeners, securityProtocolOf } from "./listeners.ts";

const NAME = "inter.broker.listener.name";
const PROTOCOL = "security.inter.broker.protocol";
const MECHANISM = "sasl.mechanism.inter.broker.protocol";
const MAP = "listener.security.protocol.map";

/** Its name; `undefined` where clients are served on none. */
export function interBrokerListener(values: BrokerSettingValues): string | undefined {
  const names = clientListeners(values).map(({ name }) => name);
  const wanted = values[NAME]?.toUpperCase() ?? values[PROTOCOL];
  if (names.includes(wanted)) return wanted;
  return names.find((name) => !isTlsProtocol(securityProtocolOf(values[MAP], name))) ?? names[0];
}

export interface InterBrokerSources {
  /** By somebody: it is no default. */
  readonly isGiven: (name: BrokerSettingName) => boolean;
  /** By which clients may log in at a listener. */
  readonly mechanismsOf: (listener: string) => readonly string[];
}

/** Why a broker cannot start so. What is not given is not judged: there is always a listener that will do. */
export function interBrokerFault(values: BrokerSettingValues, { isGiven, mechanismsOf }: InterBrokerSources): ListenerFault | undefined {
  if (isGiven(NAME) && isGiven(PROTOCOL))
    return { settings: [NAME, PROTOCOL], message: `Only one of ${NAME} and ${PROTOCOL} should be set.` };
  const setting = isGiven(NAME) ? NAME : PROTOCOL;
  if (isGiven(setting)) {
    const message = nameFault(values, values[NAME]?.toUpperCase() ?? values[PROTOCOL]);
    if (message !== undefined) return { settings: [setting, "advertised.listeners", "listeners"], message };
  }
  const listener = interBrokerListener(values);
  if (!isGiven(MECHANISM) || listener === undefined || !isSaslProtocol(securityProtocolOf(values[MAP], listener))) return undefined;
  if (values["odradek.users"] !== null || mechanismsOf(listener).includes(values[MECHANISM])) return undefined;
  const message = `${MECHANISM} must be included in sasl.enabled.mechanisms when SASL is used for inter-broker communication`;
  return { settings: [MECHANISM, "sasl.enabled.mechanisms"], message };
}

function nameFault(values: BrokerSettingValues, name: string): string | undefined {
  const names = clientListeners(values).map((listener) => listener.name);
  const protocols = protocolsOf(values[MAP]);
  if (!names.includes(name) && typeof protocols !== "string" && !protocols.has(name))
    return `Listener with name ${name} defined in ${NAME} not found in ${MAP}.`;
  const advertised = values["advertised.listeners"];
  const told = advertised === null ? names : parseListeners("advertised.listeners", advertised).map((listener) => listener.name);
  if (told.includes(name)) return undefined;
  return `${NAME} must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${told.join(",")}`;
}
