// How far a client of a SASL listener has come in logging in, and what it may ask meanwhile; for as long as its connection lasts.
//
//   asked ──SaslHandshake──▶ exchanging ──the mechanism is content──▶ in ──SaslHandshake, where sessions end──▶ exchanging again
//     │                          │                                    │
//     └─anything but Api-        └─anything but tokens                └─session over: anything but SaslHandshake
//       Versions, once
//
// All that a line leads to below ends the connection. After a handshake of version 0 the tokens come as bare frames, after version 1 in
// SaslAuthenticate. Who logs in again on a live connection (KIP-368) must be the same by the same mechanism. Seen on Apache Kafka 4.3.1.

import type { Clock } from "../base/clock.ts";
import { userPrincipal } from "./principal.ts";
import { type Proven, type SaslExchange, type SaslStep, shownUser } from "./sasl-exchange.ts";
import type { SaslTerms } from "./sasl-terms.ts";

const API_VERSIONS_KEY = 18;
const HANDSHAKE_KEY = 17;
const AUTHENTICATE_KEY = 36;
/** Within this a session is not begun anew. */
const SHORTEST_SESSION_MS = 1000;

/** What becomes of a request before its handler sees it. */
export type Admission =
  | { readonly kind: "admitted" }
  /** It is no request but a token. */
  | { readonly kind: "token" }
  /** It is refused in its own words, and the connection ends. */
  | { readonly kind: "outOfPlace"; readonly reason: string }
  /** The connection ends without an answer. */
  | { readonly kind: "closed"; readonly reason: string };

const ADMITTED: Admission = { kind: "admitted" };
const TOKEN: Admission = { kind: "token" };

export type HandshakeAnswer =
  | { readonly kind: "accepted"; readonly mechanisms: readonly string[] }
  /** The connection goes on: there is nothing to log in to. */
  | { readonly kind: "outOfPlace" }
  | { readonly kind: "unsupported"; readonly mechanisms: readonly string[]; readonly reason: string }
  | { readonly kind: "closed"; readonly reason: string };

export type TokenAnswer =
  | { readonly kind: "challenge"; readonly token: Buffer }
  /** `lifetimeMs` 0: the session does not end. */
  | { readonly kind: "in"; readonly token: Buffer; readonly principal: string; readonly lifetimeMs: number }
  | { readonly kind: "outOfPlace" }
  /** The connection ends, at once and without an answer. */
  | { readonly kind: "notBegun"; readonly reason: string }
  /** Likewise, after the delay that there is for those who fail. */
  | { readonly kind: "closed"; readonly reason: string }
  | { readonly kind: "failed"; readonly message: string; readonly reason: string };

interface Session {
  readonly user: string;
  readonly mechanism: string;
  readonly isByToken: boolean;
  /** `undefined`: it does not end. */
  readonly endMs: number | undefined;
  /** When it was begun anew; `undefined` for the first. */
  readonly renewedMs: number | undefined;
}

type State =
  | { readonly kind: "asked"; readonly hasVersions: boolean }
  | {
      readonly kind: "exchanging";
      readonly mechanism: string;
      readonly exchange: SaslExchange;
      readonly isBare: boolean;
      /** Of who logs in again. */
      readonly session: Session | undefined;
      /** Why the client has been told that it does not get in, and may try again. */
      readonly refusal: string | undefined;
    }
  | { readonly kind: "in"; readonly session: Session };

export class SaslLogin {
  readonly terms: SaslTerms;
  readonly #clock: Clock;
  #state: State = { kind: "asked", hasVersions: false };

  constructor(terms: SaslTerms, clock: Clock) {
    this.terms = terms;
    this.#clock = clock;
  }

  /** Asked of every frame, before anything of it is read but the key that it begins with. */
  admit(apiKey: number): Admission {
    const state = this.#state;
    switch (state.kind) {
      case "in":
        return this.#hasEnded(state.session) && apiKey !== HANDSHAKE_KEY ? SESSION_OVER : ADMITTED;
      case "exchanging":
        if (state.isBare) return TOKEN;
        return apiKey === AUTHENTICATE_KEY
          ? ADMITTED
          : { kind: "outOfPlace", reason: this.refusal ?? "the client asks for something else before it has logged in" };
      case "asked":
        // Before a handshake SaslAuthenticate is how a broker of the cluster begins; its handler sends everybody else away.
        if (apiKey === HANDSHAKE_KEY || apiKey === AUTHENTICATE_KEY || (apiKey === API_VERSIONS_KEY && !state.hasVersions)) return ADMITTED;
        return { kind: "closed", reason: this.#noLogin() };
    }
  }

  /** Why a client does not get in that may not say so itself. */
  get refusal(): string | undefined {
    return this.#state.kind === "exchanging" ? this.#state.refusal : undefined;
  }

  get hasNotBegun(): boolean {
    return this.#state.kind === "asked";
  }

  /** Whoever is in came with a delegation token (KIP-48), and may not have others made by it. */
  get isByToken(): boolean {
    return this.#state.kind === "in" && this.#state.session.isByToken;
  }

  /** It has proved itself in a way of its own (peer-proof.ts), and does not have to do so again. */
  letBrokerIn(brokerId: number): void {
    this.#state = { kind: "in", session: { user: `broker-${brokerId}`, ...WITHOUT_LOGIN } };
  }

  /** ApiVersions was answered, with no error. */
  versionsTold(): void {
    if (this.#state.kind === "asked") this.#state = { kind: "asked", hasVersions: true };
  }

  handshake(mechanism: string, isBare: boolean): HandshakeAnswer {
    const state = this.#state;
    const { mechanisms } = this.terms;
    const session = state.kind === "in" ? state.session : undefined;
    if (state.kind === "exchanging" || (session !== undefined && !this.#mayBeginAnew(session))) return { kind: "outOfPlace" };
    if (!mechanisms.includes(mechanism)) {
      const reason = `the client wants to log in by ${shownUser(mechanism)}, and this listener takes ${mechanisms.join(", ")}; set sasl.mechanism to one of them`;
      return session === undefined ? { kind: "unsupported", mechanisms, reason } : { kind: "closed", reason };
    }
    this.#state = { kind: "exchanging", mechanism, exchange: this.terms.exchange(mechanism), isBare, session, refusal: undefined };
    return { kind: "accepted", mechanisms };
  }

  token(token: Buffer): TokenAnswer | Promise<TokenAnswer> {
    const state = this.#state;
    if (state.kind === "asked") return { kind: "notBegun", reason: this.#noLogin() };
    if (state.kind === "in") return { kind: "outOfPlace" };
    const { mechanism, session, exchange } = state;
    if (session !== undefined && session.mechanism !== mechanism)
      return { kind: "closed", reason: `the client logs in again by ${mechanism}, and has logged in by ${session.mechanism}` };
    const step = exchange.step(token);
    return step instanceof Promise ? step.then((later) => this.#follow(later, state)) : this.#follow(step, state);
  }

  #follow(step: SaslStep, state: State & { readonly kind: "exchanging" }): TokenAnswer {
    const { mechanism, session } = state;
    switch (step.kind) {
      case "challenge":
        this.#state = { ...state, refusal: step.refusal === undefined ? undefined : notIn(mechanism, step.refusal) };
        return { kind: "challenge", token: step.token };
      case "failure":
        return { kind: "failed", message: step.message ?? invalid(mechanism, session), reason: notIn(mechanism, step.reason) };
      case "success":
        return this.#succeeded(step, mechanism, session);
    }
  }

  #succeeded(step: SaslStep & { readonly kind: "success" }, mechanism: string, before: Session | undefined): TokenAnswer {
    const { user, token } = step;
    if (before !== undefined && before.user !== user) {
      const message = `Cannot change principals during re-authentication from User.${before.user}: User.${user}`;
      return { kind: "failed", message, reason: `user ${shownUser(before.user)} logs in again as ${shownUser(user)}` };
    }
    const nowMs = this.#clock.now();
    const endMs = this.#endOf(step, mechanism, nowMs);
    const renewedMs = before === undefined ? undefined : nowMs;
    this.#state = { kind: "in", session: { user, mechanism, isByToken: step.isByToken ?? false, endMs, renewedMs } };
    return { kind: "in", token, principal: userPrincipal(user), lifetimeMs: endMs === undefined ? 0 : Math.max(0, endMs - nowMs) };
  }

  /** What proved who it is may have ended before, and is taken all the same: the next request is then refused. */
  #endOf({ endMs }: Proven, mechanism: string, nowMs: number): number | undefined {
    const lifetimeMs = this.terms.maxReauthMs(mechanism);
    if (lifetimeMs <= 0) return endMs;
    return Math.min(endMs ?? Number.POSITIVE_INFINITY, nowMs + lifetimeMs);
  }

  #noLogin(): string {
    const { protocol, mechanisms } = this.terms;
    return `the client does not log in, and this listener asks for it; give it security.protocol=${protocol}, a mechanism (${mechanisms.join(", ")}), user and password`;
  }

  #hasEnded({ endMs }: Session): boolean {
    return endMs !== undefined && this.#clock.now() > endMs;
  }

  #mayBeginAnew({ endMs, renewedMs }: Session): boolean {
    return endMs !== undefined && (renewedMs === undefined || this.#clock.now() - renewedMs >= SHORTEST_SESSION_MS);
  }
}

/** Of a broker, which proves itself once. */
const WITHOUT_LOGIN = { mechanism: "", isByToken: false, endMs: undefined, renewedMs: undefined } as const;

function notIn(mechanism: string, reason: string): string {
  return `the client could not log in by ${mechanism}: ${reason}`;
}

function invalid(mechanism: string, before: Session | undefined): string {
  const when = before === undefined ? "authentication" : "re-authentication";
  return `Authentication failed during ${when} due to invalid credentials with SASL mechanism ${mechanism}`;
}

const SESSION_OVER: Admission = {
  kind: "closed",
  reason:
    "the client's session is over (connections.max.reauth.ms, or what it logged in with has expired), and it did not log in again; a newer client does that by itself",
};
