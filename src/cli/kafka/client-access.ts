// How a command comes to brokers that do not let in everybody, by the settings of Kafka's clients: security.protocol, and by that ssl.… and
// sasl.…. Settings that go with another protocol are passed over, as Kafka's clients do it.

import { nodeTls } from "../../base/node-tls.ts";
import type { Access } from "../../client/connection.ts";
import type { ClientTls } from "../../client/socket.ts";
import { type BrokerSettingValues, brokerSettingTable } from "../../config/broker-settings.ts";
import { isSaslProtocol, isTlsProtocol, PLAIN_PROTOCOL } from "../../config/listener-rules.ts";
import { SettingError } from "../../config/setting.ts";
import { parseSetting } from "../../config/setting-text.ts";
import { clientTls } from "../../security/client-tls.ts";
import type { TlsSettingName, TlsSettings } from "../../security/tls-settings.ts";
import { loginOf } from "./client-login.ts";
import { FlagError } from "./flags.ts";

/** In Kafka's order. */
const PROTOCOLS: readonly string[] = ["SASL_SSL", PLAIN_PROTOCOL, "SSL", "SASL_PLAINTEXT"];

/** `source` is where the settings are from. Reads the files that they name. Raises FlagError. */
export function accessOf(settings: ReadonlyMap<string, string>, source: string): Access {
  const given = settings.get("security.protocol")?.trim() ?? PLAIN_PROTOCOL;
  const protocol = given.toUpperCase();
  if (!PROTOCOLS.includes(protocol)) {
    const known = `String must be one of (case insensitive): ${PROTOCOLS.join(", ")}`;
    throw new FlagError(`Invalid value ${given} for configuration security.protocol: ${known}`, { isTerse: true });
  }
  return {
    ...(isTlsProtocol(protocol) ? { tls: tlsOf(settings, source) } : {}),
    ...(isSaslProtocol(protocol) ? { login: loginOf(settings, source) } : {}),
  };
}

function tlsOf(settings: ReadonlyMap<string, string>, source: string): ClientTls {
  try {
    return clientTls(new ClientTlsSettings(settings, source), { knownCiphers: nodeTls().getCiphers(), nowMs: Date.now() });
  } catch (error) {
    if (error instanceof SettingError) throw new FlagError(`${source}: ${error.message}.`, { isTerse: true });
    throw error;
  }
}

/** Clients have these settings by the names, types and defaults of brokers. */
class ClientTlsSettings implements TlsSettings {
  readonly #settings: ReadonlyMap<string, string>;
  readonly #source: string;

  constructor(settings: ReadonlyMap<string, string>, source: string) {
    this.#settings = settings;
    this.#source = source;
  }

  get<Name extends TlsSettingName>(name: Name): BrokerSettingValues[Name] {
    const text = this.#settings.get(name);
    const setting = brokerSettingTable[name];
    // Parsed by the row of the table that the name is about.
    return (text === undefined ? setting.default : parseSetting(name, setting, text)) as BrokerSettingValues[Name];
  }

  fault(name: TlsSettingName, message: string, cause?: unknown): FlagError {
    const error = new FlagError(`${this.#source}: ${name}: ${message}.`, { isTerse: true });
    if (cause !== undefined) error.cause = cause;
    return error;
  }
}
