// One connection to a broker, for our own commands: it is opened, over TLS where that is wanted, the broker's versions are asked for, the
// user logs in (session.ts); then requests go out as they are asked for (pipeline.ts). What goes wrong is one sentence that says what to do.

import { apiVersions } from "../../protocol/messages/18-api-versions.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { ClientError, codeOf, Disconnected, messageOf, NotLetIn } from "./client-error.ts";
import { LateAnswer, Pipeline, SpeaksTls } from "./pipeline.ts";
import type { Login } from "./sasl.ts";
import { Session } from "./session.ts";
import { type Address, type ClientTls, hostAndPort, openingEvent, socketTo } from "./socket.ts";
import { tlsFailure } from "./tls-failure.ts";

const DEFAULT_CLIENT_ID = "odradek-cli";
const CONNECT_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 30_000;
const HANDSHAKE_FAILED = "SSL handshake failed";
const REFUSED_AFTERWARDS = "Failed to process post-handshake messages";

/** How a client comes to brokers that do not let in everybody. */
export interface Access {
  /** Where they speak TLS. */
  readonly tls?: ClientTls | undefined;
  /** Where they ask for one. */
  readonly login?: Login | undefined;
}

export interface ConnectionOptions {
  readonly clientId?: string | undefined;
  readonly access?: Access | undefined;
  readonly clock?: Clock | undefined;
}

export class Connection {
  readonly #address: Address;
  readonly #broker: string;
  readonly #pipeline: Pipeline;
  readonly #access: Access;
  readonly #clock: Clock;
  readonly #session: Session | undefined;
  #versions = new Map<number, { readonly min: number; readonly max: number }>();

  private constructor(address: Address, { clientId = DEFAULT_CLIENT_ID, access = {}, clock = systemClock }: ConnectionOptions) {
    this.#address = address;
    this.#broker = `The broker on ${hostAndPort(address)}`;
    this.#access = access;
    this.#clock = clock;
    this.#pipeline = new Pipeline(socketTo(address, access.tls), { clock, clientId });
    const { login } = access;
    const session = { clock, broker: this.#broker };
    if (login !== undefined) this.#session = new Session({ ...session, login, ask: (api, newest, body) => this.#ask(api, newest, body) });
  }

  /** Raises Disconnected when nothing that speaks Kafka's protocol listens there, NotLetIn when it does not let the client in. */
  static async open(address: Address, options: ConnectionOptions = {}): Promise<Connection> {
    const connection = new Connection(address, options);
    try {
      await connection.#opened();
      await connection.#greet();
      await connection.#session?.begin();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Sends in the newest version that both sides know, at most `newest`. */
  async send<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    newest: number,
    body: Encodable<Q>,
    { timeoutMs = REQUEST_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<Decoded<R>> {
    const renewing = this.#session?.ready();
    if (renewing !== undefined) await this.#renewed(renewing);
    return this.#ask(api, newest, body, timeoutMs);
  }

  /** Likewise, for a request that no broker answers. Settles when it is on its way. */
  async sendUnanswered<Q extends Shape, R extends Shape>(api: Api<Q, R>, newest: number, body: Encodable<Q>): Promise<void> {
    const renewing = this.#session?.ready();
    if (renewing !== undefined) await this.#renewed(renewing);
    await this.#pipeline.post(api, this.#versionOf(api, newest), body);
  }

  /** What the broker serves, by API key. */
  get versions(): ReadonlyMap<number, { readonly min: number; readonly max: number }> {
    return this.#versions;
  }

  /** Settles when nothing more can be sent or received. */
  get ended(): Promise<unknown> {
    return this.#pipeline.ended;
  }

  close(): void {
    this.#pipeline.end(new Error("the connection was closed"));
  }

  /** The socket is connected, and over TLS the broker has shown a certificate that is as it should be. */
  async #opened(): Promise<void> {
    const { socket, ended } = this.#pipeline;
    let isConnected = false;
    socket.once("connect", () => {
      isConnected = true;
    });
    const timer = this.#clock.after(CONNECT_TIMEOUT_MS, () => this.#pipeline.end(new Error("no answer")));
    const opening = new Promise<void>((resolve) => socket.once(openingEvent(this.#access.tls), () => resolve()));
    const failure = await Promise.race([opening, ended]);
    timer.cancel();
    if (failure === undefined) return;
    throw this.#notLetIn(failure, HANDSHAKE_FAILED) ?? new Disconnected(notReachable(this.#address, failure, isConnected));
  }

  async #greet(): Promise<void> {
    try {
      const { apiKeys } = await this.#pipeline.request(apiVersions, 0, {}, REQUEST_TIMEOUT_MS);
      this.#versions = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]));
    } catch (error) {
      throw this.#notLetIn(error, REFUSED_AFTERWARDS) ?? new Disconnected(this.#unfamiliar(error));
    }
  }

  #unfamiliar(error: unknown): string {
    const what = `What listens on ${hostAndPort(this.#address)}`;
    if (error instanceof SpeaksTls) return `${what} speaks TLS; say so with security.protocol=SSL or SASL_SSL (--command-config).`;
    const hint =
      this.#access.tls === undefined
        ? "; if it speaks TLS, say so with security.protocol=SSL or SASL_SSL (--command-config)"
        : "; it may ask for a certificate that it trusts (ssl.keystore.location)";
    return `${what} does not answer as Kafka does (${messageOf(error)})${this.#pipeline.isEnded ? hint : ""}.`;
  }

  async #ask<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    newest: number,
    body: Encodable<Q>,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Decoded<R>> {
    const version = this.#versionOf(api, newest);
    try {
      return await this.#pipeline.request(api, version, body, timeoutMs);
    } catch (error) {
      if (error instanceof LateAnswer) throw new Disconnected(`${this.#broker} did not answer ${api.name} within ${timeoutMs / 1000} s.`);
      throw this.#pipeline.isEnded ? this.#gone(error) : error;
    }
  }

  /** A connection whose session cannot be begun anew is of no more use. */
  async #renewed(renewing: Promise<void>): Promise<void> {
    try {
      await renewing;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #versionOf({ key, name }: Pick<Api<Shape, Shape>, "key" | "name">, newest: number): number {
    const served = this.#versions.get(key);
    const version = Math.min(newest, served?.max ?? -1);
    if (served === undefined || version < served.min) {
      throw new ClientError(`${this.#broker} does not serve ${name} in a version known here.`);
    }
    return version;
  }

  #notLetIn(error: unknown, sentence: string): NotLetIn | undefined {
    const { tls } = this.#access;
    const why = tls !== undefined && error instanceof Error ? tlsFailure(error, this.#pipeline.socket, this.#address) : undefined;
    return why === undefined ? undefined : new NotLetIn("SslAuthentication", sentence, `${this.#broker} cannot be used: ${why}.`);
  }

  #gone(error: unknown): ClientError {
    // It has told its versions and answered nothing since.
    const isStranger = this.#pipeline.answerCount === 1 && this.#access.login === undefined;
    const hint = isStranger ? ", as those do that ask for a login (--command-config)" : "";
    return this.#notLetIn(error, REFUSED_AFTERWARDS) ?? new Disconnected(`${this.#broker} is gone: ${messageOf(error)}${hint}.`);
  }
}

function notReachable(address: Address, error: Error, isConnected: boolean): string {
  const where = hostAndPort(address);
  if (codeOf(error) === "ECONNREFUSED")
    return `Nothing listens on ${where}; start a broker with "odradek start", or name another with --bootstrap-server.`;
  if (isConnected) return `What listens on ${where} ended the TLS handshake; it may not speak TLS there (security.protocol).`;
  return `No connection to ${where} (${codeOf(error) ?? messageOf(error)}); name another broker with --bootstrap-server.`;
}
