// One connection to another broker. Requests are pipelined; answers come in their order. When the connection breaks, or an answer is late,
// all that still wait get none, and the connection is not used again.

import net from "node:net";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";

export interface PeerConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly clientId: string;
}

interface Waiting {
  readonly timer: Timer;
  /** `undefined`: there will be no answer. */
  readonly settle: (frame: Buffer | undefined) => void;
}

const SIZE_BYTES = 4;

export class PeerConnection {
  readonly host: string;
  readonly port: number;
  readonly #options: PeerConnectionOptions;
  readonly #socket: net.Socket;
  readonly #waiting: Waiting[] = [];
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
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  call<Q extends Shape, R extends Shape>(api: Api<Q, R>, apiVersion: number, request: Encodable<Q>): Promise<Decoded<R> | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const correlationId = ++this.#correlationId;
    const { clock, clientId, requestTimeoutMs } = this.#options;
    for (const part of encodeRequest(api, apiVersion, { correlationId, clientId }, request)) this.#socket.write(part);
    return new Promise((resolve) => {
      const timer = clock.after(requestTimeoutMs, () => this.#fail(new Error(`no answer to ${api.name} within ${requestTimeoutMs} ms`)));
      this.#waiting.push({ timer, settle: (frame) => resolve(this.#decode(api, apiVersion, correlationId, frame)) });
    });
  }

  close(): void {
    this.#fail(undefined);
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
    while (this.#received.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + this.#received.readInt32BE(0);
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
