// A client of bare frames, for tests of what clients cannot be made to do.

import net from "node:net";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";

export class RawClient {
  readonly socket: net.Socket;
  /** Joined when a frame is whole: joined with each piece, a long frame would cost the square of its length. */
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #neededBytes = 4;
  #waiters: ((frame: Buffer | undefined) => void)[] = [];
  #frames: Buffer[] = [];
  #isClosed = false;
  #correlationId = 0;

  readonly #clientId: string;

  private constructor(socket: net.Socket, clientId: string) {
    this.socket = socket;
    this.#clientId = clientId;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
      for (const waiter of this.#waiters) waiter(undefined);
      this.#waiters = [];
    });
  }

  static connect(port: number, host = "127.0.0.1", clientId = "raw"): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host, noDelay: true }, () => resolve(new RawClient(socket, clientId)));
      socket.once("error", reject);
    });
  }

  /** On a socket that is connected, over whatever it speaks. */
  static over(socket: net.Socket, clientId = "raw"): RawClient {
    return new RawClient(socket, clientId);
  }

  /** The next frame without its size; `undefined` once the connection is closed. */
  next(): Promise<Buffer | undefined> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends a request without waiting; gives its correlation id. */
  send<Q extends Shape>(api: Api<Q>, version: number, body: Encodable<Q>): number {
    const correlationId = ++this.#correlationId;
    this.write(Buffer.concat(encodeRequest(api, version, { correlationId, clientId: this.#clientId }, body)));
    return correlationId;
  }

  /** `undefined` when the broker closed the connection instead of answering. */
  async call<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R> | undefined> {
    this.send(api, version, body);
    const frame = await this.next();
    return frame === undefined ? undefined : decodeResponse(api, version, frame).body;
  }

  /** Resolves when the other side has closed. */
  closed(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes < this.#neededBytes) return;
    let left = Buffer.concat(this.#received);
    let end = endOfFrame(left);
    while (left.length >= end) {
      const frame = Buffer.from(left.subarray(4, end));
      left = left.subarray(end);
      end = endOfFrame(left);
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#frames.push(frame);
      else waiter(frame);
    }
    this.#received = [left];
    this.#receivedBytes = left.length;
    this.#neededBytes = end;
  }
}

/** As far as is known: the size comes first. */
function endOfFrame(bytes: Buffer): number {
  return bytes.length < 4 ? 4 : 4 + bytes.readInt32BE(0);
}
