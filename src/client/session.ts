// A user's session on a connection: logging in, and again on the live connection before a session ends that does not last for ever (KIP-368).
// What is asked meanwhile waits until that is done.

import { Errors } from "../../protocol/errors.ts";
import { saslHandshake } from "../../protocol/messages/17-sasl-handshake.ts";
import { saslAuthenticate } from "../../protocol/messages/36-sasl-authenticate.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import { ClientError, messageOf, NotLetIn } from "./client-error.ts";
import { type Login, logIn } from "./sasl.ts";

/** When a session is begun anew, as a share of how long it lasts; brokers refuse what comes sooner than the second after the last. */
const RENEWED_AT = 0.85;
const SOONEST_MS = 1000;

export interface SessionOptions {
  readonly login: Login;
  readonly clock: Clock;
  /** How sentences about the broker begin. */
  readonly broker: string;
  readonly ask: <Q extends Shape, R extends Shape>(api: Api<Q, R>, newest: number, body: Encodable<Q>) => Promise<Decoded<R>>;
}

export class Session {
  readonly #options: SessionOptions;
  #renewAtMs = Number.POSITIVE_INFINITY;
  #beginning: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Settles when requests may be sent; `undefined`: now, in this turn. Rejects with NotLetIn, or with what ended the connection. */
  ready(): Promise<void> | undefined {
    if (this.#beginning === undefined && this.#options.clock.now() >= this.#renewAtMs) return this.begin();
    return this.#beginning;
  }

  begin(): Promise<void> {
    this.#beginning = this.#begin().finally(() => {
      this.#beginning = undefined;
    });
    return this.#beginning;
  }

  async #begin(): Promise<void> {
    const { login, clock, ask } = this.#options;
    const { mechanism } = login;
    const { errorCode, mechanisms } = await ask(saslHandshake, 1, { mechanism });
    if (errorCode === Errors.UNSUPPORTED_SASL_MECHANISM) {
      const sentence = `Client SASL mechanism '${mechanism}' not enabled in the server, enabled mechanisms are [${mechanisms.join(", ")}]`;
      throw this.#refused("UnsupportedSaslMechanism", sentence, `it takes ${mechanisms.join(", ")}`);
    }
    if (errorCode !== Errors.NONE) {
      const sentence = `Unexpected handshake request with client mechanism ${mechanism}, enabled mechanisms are []`;
      throw this.#refused("IllegalSaslState", sentence, "nobody has to log in there (take sasl out of the settings)");
    }
    let lifetimeMs = 0;
    try {
      await logIn(login, async (token) => {
        const { errorCode: fault, errorMessage, authBytes, sessionLifetimeMs } = await ask(saslAuthenticate, 2, { authBytes: token });
        if (fault !== Errors.NONE) throw this.#refused("SaslAuthentication", errorMessage ?? "");
        lifetimeMs = Number(sessionLifetimeMs);
        return authBytes;
      });
    } catch (error) {
      throw error instanceof ClientError ? error : this.#refused("SaslAuthentication", messageOf(error));
    }
    this.#renewAtMs = lifetimeMs > 0 ? clock.now() + Math.max(lifetimeMs * RENEWED_AT, SOONEST_MS) : Number.POSITIVE_INFINITY;
  }

  #refused(fault: NotLetIn["fault"], sentence: string, why = sentence.replace(/\.$/, "")): NotLetIn {
    const { login, broker } = this.#options;
    const who = login.mechanism === "OAUTHBEARER" ? "the client" : login.user;
    return new NotLetIn(fault, sentence, `${broker} does not let ${who} in by ${login.mechanism}: ${why}.`);
  }
}
