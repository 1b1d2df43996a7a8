// Who asks. Where the listener asks for a login, users log in by HTTP Basic with the passwords that they have for SASL, or with a token where it
// takes tokens; where TLS shows who somebody is, that counts; everybody else is User:ANONYMOUS and has to be on this machine. What somebody may do
// then is said by the same rules as of Kafka's clients. As there, a login holds for its connection, until it is over.

import type { Clock } from "../base/clock.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { ANONYMOUS, userPrincipal } from "../security/principal.ts";
import type { Proven } from "../security/sasl-exchange.ts";
import type { SaslTerms } from "../security/sasl-terms.ts";
import type { ByteStream } from "../server/byte-stream.ts";
import { isLoopback } from "./guard.ts";
import { Problem } from "./problem.ts";

const CHALLENGE = { "www-authenticate": 'Basic realm="odradek", charset="UTF-8"' };
const CREDENTIALS = /^(Basic|Bearer) +([-_~+/.A-Za-z0-9]+=*)$/i;

interface Login {
  readonly authorization: string;
  readonly principal: string;
  readonly endMs: number;
}

export class Logins {
  readonly #config: BrokerConfig;
  readonly #clock: Clock;
  readonly #known = new WeakMap<ByteStream, Login>();

  constructor(config: BrokerConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Gives the principal. Rejects with Problem. */
  async principalOf(stream: ByteStream, authorization: string | undefined): Promise<string> {
    const { login, principal, remoteAddress } = stream.peer;
    if (login === undefined) {
      if (principal !== ANONYMOUS || isLoopback(remoteAddress) || this.#config["odradek.http.remote"]) return principal;
      throw new Problem(403, "HTTP is answered on this machine only, since nobody has to log in; odradek.http.remote=true opens it.");
    }
    if (authorization === undefined) throw new Problem(401, "Log in with the name and password of a user.", CHALLENGE);
    const known = this.#known.get(stream);
    if (known?.authorization === authorization && this.#clock.now() <= known.endMs) return known.principal;
    const { user, endMs = Number.POSITIVE_INFINITY } = await this.#proven(login.terms, authorization);
    this.#known.set(stream, { authorization, principal: userPrincipal(user), endMs });
    return userPrincipal(user);
  }

  async #proven(terms: SaslTerms, authorization: string): Promise<Proven> {
    const [, scheme = "", credentials = ""] = CREDENTIALS.exec(authorization) ?? [];
    const proven = scheme.toLowerCase() === "basic" ? await this.#byPassword(terms, credentials) : await terms.bearer(credentials);
    if (proven !== undefined) return proven;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.after(terms.failureDelayMs, resolve);
    await promise;
    throw new Problem(401, "There is no such user, or the password or token is not good.", CHALLENGE);
  }

  async #byPassword(terms: SaslTerms, encoded: string): Promise<Proven | undefined> {
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const at = text.indexOf(":");
    const [user, password] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    if (user === "" || password === "" || text.includes("\0")) return undefined;
    const mechanism = await terms.mechanismOf(user, password);
    if (mechanism === undefined) return undefined;
    const lifetimeMs = terms.maxReauthMs(mechanism);
    return { user, ...(lifetimeMs > 0 ? { endMs: this.#clock.now() + lifetimeMs } : {}) };
  }
}
