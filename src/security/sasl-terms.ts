// On what terms a listener lets clients log in: its mechanisms, whom PLAIN and SCRAM know, and how long a session lasts. Settings are read
// when they matter, so that what is altered holds for logins that come then; a JAAS line is parsed again only when it is another one.

import { inMapOrder, stringHash } from "../base/java-order.ts";
import { type BrokerConfig, type Held, heldByListener, heldByMechanism } from "../config/broker-config.ts";
import { type JaasEntry, MalformedJaas, parseJaas } from "../config/jaas.ts";
import { SettingError } from "../config/setting.ts";
import type { SaslExchange } from "./sasl-exchange.ts";
import { plainExchange } from "./sasl-plain.ts";
import { isScram, type ScramKeys, type ScramMechanism, scramExchange, type TokenKeys } from "./sasl-scram.ts";
import { MalformedUsers, parseUsers, SaslUsers } from "./sasl-users.ts";

/** All that can be enabled here. */
export const MECHANISMS: readonly string[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule";
const USER_OPTION = "user_";

export interface SaslTermsOptions {
  readonly config: BrokerConfig;
  readonly listener: string;
  /** What is kept of users that were made while running. */
  readonly keptKeys: (user: string, mechanism: ScramMechanism) => ScramKeys | undefined;
  /** Of the delegation token of this id. */
  readonly tokenKeys: (id: string, mechanism: ScramMechanism) => TokenKeys | undefined;
  /** Of an exchange that begins: see ScramOptions. Salts are made of it, too. */
  readonly nonce: () => string;
}

export class SaslTerms {
  readonly #options: SaslTermsOptions;
  #users: { readonly text: string | null; readonly users: SaslUsers } | undefined;
  #jaas: { readonly text: string; readonly entry: JaasEntry } | undefined;

  constructor(options: SaslTermsOptions) {
    this.#options = options;
  }

  /** What must be right before a listener opens. Throws SettingError, which never shows a secret. */
  check(): void {
    const { value, setting, place } = this.#enabled();
    const failed = (message: string) => new SettingError("INVALID_VALUE", setting, `${setting}: ${message}`, place);
    for (const mechanism of value) {
      if (MECHANISMS.includes(mechanism)) continue;
      const kerberos = mechanism === "GSSAPI" ? " (Kerberos)" : "";
      throw failed(
        `the listener ${this.#options.listener} would ask for ${mechanism}${kerberos}, which is not served; name some of ${MECHANISMS.join(", ")}`,
      );
    }
    if (value.length === 0) throw failed(`it names no mechanism for the listener ${this.#options.listener}`);
    const users = this.#namedUsers();
    for (const mechanism of value) {
      const held = this.#jaasOf(mechanism);
      if (held.value !== null) parseEntry(held, mechanism);
      else if (mechanism === "PLAIN" && users.isEmpty) {
        const name = `listener.name.${this.#options.listener.toLowerCase()}.plain.sasl.jaas.config`;
        const message = `${name} must be given: without it, or odradek.users, nobody can log in by PLAIN, which ${setting} names (JAAS files are not read)`;
        throw new SettingError("CONFLICT", name, message, place);
      }
    }
  }

  /** In Kafka's order. */
  get mechanisms(): readonly string[] {
    return inMapOrder(
      this.#enabled().value.filter((name) => MECHANISMS.includes(name)),
      stringHash,
    );
  }

  /** By an enabled mechanism. */
  exchange(mechanism: string): SaslExchange {
    if (isScram(mechanism)) {
      const { keptKeys, tokenKeys, nonce } = this.#options;
      const keysOf = (user: string) => this.#namedUsers().scramKeysOf(user, mechanism) ?? keptKeys(user, mechanism);
      return scramExchange({ mechanism, keysOf, tokenOf: (id) => tokenKeys(id, mechanism), nonce: nonce() });
    }
    const entry = this.#plainEntry();
    return plainExchange((user) => this.#namedUsers().passwordOf(user) ?? entry?.options.get(USER_OPTION + user));
  }

  /** 0: for ever. */
  maxReauthMs(mechanism: string): number {
    const { config, listener } = this.#options;
    return heldByMechanism(config, { listener, mechanism, name: "connections.max.reauth.ms" }).value;
  }

  /** Of one request before somebody is logged in. */
  get maxReceiveBytes(): number {
    return heldByListener(this.#options.config, this.#options.listener, "sasl.server.max.receive.size").value;
  }

  get failureDelayMs(): number {
    return heldByListener(this.#options.config, this.#options.listener, "connection.failed.authentication.delay.ms").value;
  }

  #enabled(): Held<readonly string[]> {
    return heldByListener(this.#options.config, this.#options.listener, "sasl.enabled.mechanisms");
  }

  #jaasOf(mechanism: string): Held<string | null> {
    const { config, listener } = this.#options;
    return heldByMechanism(config, { listener, mechanism, name: "sasl.jaas.config" });
  }

  #plainEntry(): JaasEntry | undefined {
    const held = this.#jaasOf("PLAIN");
    if (held.value === null) return undefined;
    if (this.#jaas?.text !== held.value) this.#jaas = { text: held.value, entry: parseEntry(held, "PLAIN") };
    return this.#jaas.entry;
  }

  #namedUsers(): SaslUsers {
    const { value: text, setting, place } = heldByListener(this.#options.config, this.#options.listener, "odradek.users");
    if (this.#users?.text === text) return this.#users.users;
    try {
      const users = new SaslUsers(text === null ? new Map() : parseUsers(text), this.#options.nonce);
      this.#users = { text, users };
      return users;
    } catch (error) {
      if (!(error instanceof MalformedUsers)) throw error;
      throw new SettingError("INVALID_VALUE", setting, `${setting}: ${error.message}`, place);
    }
  }
}

/** Throws SettingError. */
function parseEntry({ value, setting, place }: Held<string | null>, mechanism: string): JaasEntry {
  const failed = (message: string) =>
    new SettingError("INVALID_VALUE", setting, `${setting} is no JAAS line for ${mechanism}: ${message}`, place);
  try {
    const entry = parseJaas(value ?? "");
    const expected = isScram(mechanism) ? SCRAM_MODULE : PLAIN_MODULE;
    if (entry.loginModule !== expected) throw failed(`its login module must be ${expected}`);
    return entry;
  } catch (error) {
    if (error instanceof MalformedJaas) throw failed(error.message);
    throw error;
  }
}
