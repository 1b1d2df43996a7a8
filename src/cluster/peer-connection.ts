// One connection to another broker, which begins with the proof of who calls (peer-proof.ts). Requests are pipelined; answers come in their
// order. When the connection breaks, or an answer is late, all that still wait get none, and the connection is not used again.

import net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import { saslAuthenticate } from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { PEER_HELLO } from "./peer-proof.ts";

export interface PeerConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly clientId: string;
  /** Says who calls, for the challenge that the other broker gave. */
  readonly prove: (challenge: string) => Buffer;
}

interface Waiting {
  readonly timer: Timer;
  /** `undefined`: there will be no answer. */
  readonly settle: (frame: Buffer | undefined) => void;
}

const SIZE_BYTES = 4;
/** Of what a broker is asked here no answer comes near it. */
const LARGEST_ANSWER_BYTES = 100 * 1024 * 1024;
const SASL_AUTHENTICATE_VERSION = 2;

export class PeerConnection {
  readonly host: string;
  readonly port: number;
  readonly #options: PeerConnectionOptions;
  readonly #socket: net.Socket;
  readonly #waiting: Waiting[] = [];
  /** Requests come behind the proof. */
  readonly #introduced: Promise<void>;
  #received: Buffer = Buffer.alloc(0);
  #correlationId = 0;
  #isClosed = false;

  constructor(options: PeerConnectionOptions) {
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
    this.#socket = net.connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.unref();
    this.#socket.on("data", (chunk) => this.#take(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(undefined));
    this.#introduced = this.#introduce();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async call<Q extends Shape, R extends Shape>(api: Api<Q, R>, apiVersion: number, request: Encodable<Q>): Promise<Decoded<R> | undefined> {
    await this.#introduced;
    return this.#send(api, apiVersion, request);
  }

  close(): void {
    this.#fail(undefined);
  }

  /** A broker that is not convinced closes the connection. */
  async #introduce(): Promise<void> {
    const answer = await this.#send(saslAuthenticate, SASL_AUTHENTICATE_VERSION, { authBytes: PEER_HELLO });
    if (answer === undefined) return;
    const { errorCode, authBytes } = answer;
    if (errorCode === Errors.NONE)
      void this.#send(saslAuthenticate, SASL_AUTHENTICATE_VERSION, { authBytes: this.#options.prove(authBytes.toString()) });
    else this.#fail(new Error(`it does not let brokers prove who they are: ${errorName(errorCode)}`));
  }

  #send<Q extends Shape, R extends Shape>(api: Api<Q, R>, apiVersion: number, request: Encodable<Q>): Promise<Decoded<R> | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const correlationId = ++this.#correlationId;
    const { clock, clientId, requestTimeoutMs } = this.#options;
    for (const part of encodeRequest(api, apiVersion, { correlationId, clientId }, request)) this.#socket.write(part);
    return new Promise((resolve) => {
      const timer = clock.after(requestTimeoutMs, () => this.#fail(new Error(`no answer to ${api.name} within ${requestTimeoutMs} ms`)));
      this.#waiting.push({ timer, settle: (frame) => resolve(this.#decode(api, apiVersion, correlationId, frame)) });
    });
  }

  #decode<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    apiVersion: number,
    expected: number,
    frame: Buffer | undefined,
  ): Decoded<R> | undefined {
    if (frame === undefined) return undefined;
    try {
      const { correlationId, body } = decodeResponse(api, apiVersion, frame);
      if (correlationId === expected) return body;
      this.#fail(new Error(`answer ${correlationId} came instead of ${expected}`));
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= SIZE_BYTES && !this.#isClosed) {
      const sizeBytes = this.#received.readInt32BE(0);
      if (sizeBytes < 0 || sizeBytes > LARGEST_ANSWER_BYTES) {
        this.#fail(new Error(`an answer of ${sizeBytes} bytes was announced`));
        return;
      }
      const end = SIZE_BYTES + sizeBytes;
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(SIZE_BYTES, end);
      this.#received = this.#received.subarray(end);
      const waiting = this.#waiting.shift();
      waiting?.timer.cancel();
      waiting?.settle(frame);
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error !== undefined) this.#options.logger.warn({ err: error, host: this.host, port: this.port }, "lost the connection to a broker");
    this.#socket.destroy();
    for (const { timer, settle } of this.#waiting.splice(0)) {
      timer.cancel();
      settle(undefined);
    }
  }
}
