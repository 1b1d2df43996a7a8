// On what terms a listener lets clients log in: its mechanisms, whom PLAIN and SCRAM know, and how long a session lasts; those of tokens are
// in oauth-terms.ts. Settings are read when they matter, so that what is altered holds for logins that come then; a JAAS line is parsed
// again only when it is another one.

import type { Clock } from "../base/clock.ts";
import { inMapOrder, stringHash } from "../base/java-order.ts";
import type { Logger } from "../base/logger.ts";
import { type BrokerConfig, type Held, heldByListener, heldByMechanism } from "../config/broker-config.ts";
import { type JaasEntry, MalformedJaas, parseJaas } from "../config/jaas.ts";
import { securityProtocolOf } from "../config/listeners.ts";
import { SettingError } from "../config/setting.ts";
import { OAUTHBEARER, OAuthTerms } from "./oauth-terms.ts";
import type { Proven, SaslExchange } from "./sasl-exchange.ts";
import { oauthExchange } from "./sasl-oauth.ts";
import { plainExchange } from "./sasl-plain.ts";
import { isPasswordOf, isScram, type ScramKeys, type ScramMechanism, scramExchange, type TokenKeys } from "./sasl-scram.ts";
import { MalformedUsers, parseUsers, SaslUsers } from "./sasl-users.ts";

/** Those of users with passwords. */
export const PASSWORD_MECHANISMS: readonly string[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
/** All that can be enabled here. */
export const MECHANISMS: readonly string[] = [...PASSWORD_MECHANISMS, OAUTHBEARER];
const PACKAGE = "org.apache.kafka.common.security.";
const SCRAM_MODULE = "scram.ScramLoginModule";
const LOGIN_MODULES: Readonly<Record<string, string>> = {
  PLAIN: "plain.PlainLoginModule",
  [OAUTHBEARER]: "oauthbearer.OAuthBearerLoginModule",
};
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
  readonly clock: Clock;
  readonly logger: Logger;
}

export class SaslTerms {
  readonly #options: SaslTermsOptions;
  #users: { readonly text: string | null; readonly users: SaslUsers } | undefined;
  readonly #oauth: OAuthTerms;
  /** By mechanism. */
  readonly #jaas = new Map<string, { readonly text: string; readonly entry: JaasEntry }>();

  constructor(options: SaslTermsOptions) {
    this.#options = options;
    this.#oauth = new OAuthTerms({ ...options, jaas: () => this.#entryOf(OAUTHBEARER) });
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
      this.#checkHandler(mechanism);
      if (this.#entryOf(mechanism) !== undefined) continue;
      if (mechanism === "PLAIN" && users.isEmpty) {
        const name = `listener.name.${this.#options.listener.toLowerCase()}.plain.sasl.jaas.config`;
        const message = `${name} must be given: without it, or odradek.users, nobody can log in by PLAIN, which ${setting} names (JAAS files are not read)`;
        throw new SettingError("CONFLICT", name, message, place);
      }
    }
    if (value.includes(OAUTHBEARER)) this.#oauth.check();
  }

  /** What can be done before the first client comes. */
  prepare(): void {
    if (this.mechanisms.includes(OAUTHBEARER)) this.#oauth.prepare();
  }

  /** Ends what is under way for clients that are no longer there. */
  close(): void {
    this.#oauth.close();
  }

  /** What the listener speaks: "SASL_SSL". */
  get protocol(): string {
    const { config, listener } = this.#options;
    return securityProtocolOf(config["listener.security.protocol.map"], listener);
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
      const { tokenKeys, nonce } = this.#options;
      const keysOf = (user: string) => this.#keysOf(user, mechanism);
      return scramExchange({ mechanism, keysOf, tokenOf: (id) => tokenKeys(id, mechanism), nonce: nonce() });
    }
    if (mechanism === OAUTHBEARER) return oauthExchange((token) => this.#oauth.judge(token));
    const entry = this.#entryOf(mechanism);
    return plainExchange((user) => this.#namedUsers().passwordOf(user) ?? entry?.options.get(USER_OPTION + user));
  }

  /** For who sends it as it is (HTTP Basic): by which enabled mechanism the user has this password; `undefined`: by none. */
  async mechanismOf(user: string, password: string): Promise<string | undefined> {
    for (const mechanism of this.mechanisms) {
      if (mechanism === "PLAIN") {
        const step = await this.exchange(mechanism).step(Buffer.from(`\0${user}\0${password}`));
        if (step.kind === "success") return mechanism;
      } else if (isScram(mechanism)) {
        const keys = this.#keysOf(user, mechanism);
        if (keys !== undefined && (await isPasswordOf(keys, mechanism, password))) return mechanism;
      }
    }
    return undefined;
  }

  /** Whose a token is, for who shows it as it is; `undefined` where it is nobody's, or the listener takes none. */
  async bearer(token: string): Promise<Proven | undefined> {
    if (!this.mechanisms.includes(OAUTHBEARER)) return undefined;
    const step = await this.exchange(OAUTHBEARER).step(Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`));
    return step.kind === "success" ? step : undefined;
  }

  #keysOf(user: string, mechanism: ScramMechanism): ScramKeys | undefined {
    return this.#namedUsers().scramKeysOf(user, mechanism) ?? this.#options.keptKeys(user, mechanism);
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

  /** Throws SettingError. */
  #entryOf(mechanism: string): JaasEntry | undefined {
    const held = this.#jaasOf(mechanism);
    if (held.value === null) return undefined;
    const known = this.#jaas.get(mechanism);
    if (known?.text === held.value) return known.entry;
    const entry = parseEntry(held, mechanism);
    this.#jaas.set(mechanism, { text: held.value, entry });
    return entry;
  }

  /** Who asks for another way to check credentials must not get this one in its place. */
  #checkHandler(mechanism: string): void {
    const { config, listener } = this.#options;
    const { value, setting, place } = heldByMechanism(config, { listener, mechanism, name: "sasl.server.callback.handler.class" });
    const isMeant = setting.endsWith(`.${mechanism.toLowerCase()}.sasl.server.callback.handler.class`);
    if (mechanism === OAUTHBEARER || !isMeant || value?.startsWith(PACKAGE) !== false) return;
    throw new SettingError(
      "INVALID_VALUE",
      setting,
      `${setting}: ${value} is not known here, since Java classes are not loaded; leave it out for users of the JAAS line`,
      place,
    );
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
    const expected = PACKAGE + (LOGIN_MODULES[mechanism] ?? SCRAM_MODULE);
    if (entry.loginModule !== expected) throw failed(`its login module must be ${expected}`);
    return entry;
  } catch (error) {
    if (error instanceof MalformedJaas) throw failed(error.message);
    throw error;
  }
}
