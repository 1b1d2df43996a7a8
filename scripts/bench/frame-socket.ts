// A connection of a load generator: gives whole frames, read into one buffer that all connections of the process share, so that
// thousands of them cost little beside the broker that they measure.

import type net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import { apiVersions } from "../../protocol/messages/18-api-versions.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { type Address, openSocket } from "./load-socket.ts";

const SHARED_BYTES = 64 * 1024;
const CORRELATION_ID = 1;

const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
const NOTHING = Buffer.alloc(0);

export class FrameSocket {
  readonly #socket: net.Socket;
  /** Called with each frame, without its size. It is valid until the call returns. */
  onFrame: (frame: Buffer) => void = () => undefined;
  /** Called after the frames of each read. */
  onTurn: () => void = () => undefined;
  #onClosed: () => void = () => undefined;
  #kept: Buffer = NOTHING;
  #keptBytes = 0;

  private constructor(at: Address, connected: (socket: FrameSocket) => void, failed: (error: Error) => void) {
    const callback = (count: number) => {
      this.#take(shared.subarray(0, count));
      this.onTurn();
      return true;
    };
    const onread = { buffer: shared, callback };
    this.#socket = openSocket(at, onread, () => connected(this));
    this.#socket.once("close", () => this.#onClosed());
    this.#socket.on("error", failed);
  }

  /** Rejects when nobody listens. */
  static connect(at: Address): Promise<FrameSocket> {
    return new Promise((resolve, reject) => new FrameSocket(at, resolve, reject));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends a request and gives the body of its answer; one at a time. Rejects when the connection is closed instead. */
  async call<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    return new Promise((done, fail) => {
      this.onFrame = (frame) => done(decodeResponse(api, version, Buffer.from(frame)).body);
      this.#onClosed = () => fail(new Error(`the connection was closed instead of answering ${api.name}`));
      this.write(encodedRequest(api, version, body));
    });
  }

  #take(bytes: Buffer): void {
    let start = 0;
    if (this.#keptBytes > 0) {
      start = this.#complete(bytes);
      if (start === -1) return;
    }
    while (bytes.length - start >= 4) {
      const end = start + 4 + bytes.readInt32BE(start);
      if (end > bytes.length) break;
      this.onFrame(bytes.subarray(start + 4, end));
      start = end;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** Adds to the frame that was cut off by earlier reads. Where it ends in the bytes; -1 when it does not. */
  #complete(bytes: Buffer): number {
    const hadBytes = this.#keptBytes;
    if (hadBytes < 4) {
      const sizeBytes = Math.min(4 - hadBytes, bytes.length);
      this.#keep(bytes.subarray(0, sizeBytes));
      if (this.#keptBytes < 4) return -1;
    }
    const frameBytes = 4 + this.#kept.readInt32BE(0);
    const start = this.#keptBytes - hadBytes;
    const missing = frameBytes - this.#keptBytes;
    this.#keep(bytes.subarray(start, start + missing), frameBytes);
    if (this.#keptBytes < frameBytes) return -1;
    this.#keptBytes = 0;
    this.onFrame(this.#kept.subarray(4, frameBytes));
    return start + missing;
  }

  #keep(bytes: Buffer, capacity = 0): void {
    const needed = Math.max(capacity, this.#keptBytes + bytes.length);
    if (this.#kept.length < needed) {
      const grown = Buffer.allocUnsafe(needed);
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes);
    this.#keptBytes += bytes.length;
  }
}

/** A connection that the broker has taken up: it has told on it which APIs there are, as it tells every client. */
export async function connectAndAsk(at: Address): Promise<FrameSocket> {
  const socket = await FrameSocket.connect(at);
  const { errorCode } = await socket.call(apiVersions, 3, { clientSoftwareName: "bench", clientSoftwareVersion: "1" });
  checkCode("ApiVersions", errorCode);
  return socket;
}

/** A request as the bytes to write. All have the same correlation id: the answers of a connection come in order. */
export function encodedRequest<Q extends Shape>(api: Api<Q>, version: number, body: Encodable<Q>): Buffer {
  return Buffer.concat(encodeRequest(api, version, { correlationId: CORRELATION_ID, clientId: "bench" }, body));
}

export function checkCode(what: string, errorCode: number | undefined): asserts errorCode is typeof Errors.NONE {
  if (errorCode !== Errors.NONE) throw new Error(`${what} was answered with ${errorName(errorCode ?? Errors.UNKNOWN_SERVER_ERROR)}`);
}

/** The value below which the share (0 to 1) of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
