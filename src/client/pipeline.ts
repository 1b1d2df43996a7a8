// What goes over one connection to a broker: requests as they are asked for, answers told apart by their correlation ids. Every request has
// a deadline; when the connection ends, all that wait for an answer fail with what ended it. Who is at the other end is not its affair.

import type { Socket } from "node:net";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";

const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;
const SIZE_BYTES = 4;
/** With these bytes an alert of TLS begins, which would be a frame larger than any. */
const TLS_ALERT = 0x1503;

/** Why the connection is of no use: the middle of a sentence about the broker. */
export class Broken extends Error {}
/** By the other side, and no more is known. */
export class Closed extends Broken {}
/** The connection goes on; what came of the request is not known. */
export class LateAnswer extends Error {}
/** The other side speaks TLS, and this one does not. */
export class SpeaksTls extends Broken {}

interface Waiting extends Pick<PromiseWithResolvers<Buffer>, "resolve" | "reject"> {}

export interface PipelineOptions {
  readonly clock: Clock;
  readonly clientId: string;
}

export class Pipeline {
  readonly #socket: Socket;
  readonly #options: PipelineOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended = Promise.withResolvers<Error>();
  #failure: Error | undefined;
  #nextCorrelationId = 0;
  #answerCount = 0;
  #chunks: Buffer[] = [];
  #receivedBytes = 0;

  /** The socket may still be connecting. */
  constructor(socket: Socket, options: PipelineOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.end(error));
    socket.on("close", () => this.end(new Closed("it closed the connection")));
  }

  get socket(): Socket {
    return this.#socket;
  }

  get answerCount(): number {
    return this.#answerCount;
  }

  get isEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** Settles with what ended it when nothing more can be sent or received. */
  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  /** Rejects with LateAnswer, or with what ended the connection: Broken, or Node's own error. */
  async request<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    body: Encodable<Q>,
    timeoutMs: number,
  ): Promise<Decoded<R>> {
    const header = this.#header();
    const buffers = encodeRequest(api, version, header, body);
    const answered = Promise.withResolvers<Buffer>();
    this.#waiting.set(header.correlationId, answered);
    const timer = this.#options.clock.after(timeoutMs, () => {
      this.#waiting.delete(header.correlationId);
      answered.reject(new LateAnswer(`no answer to ${api.name} within ${timeoutMs} ms`));
    });
    this.#write(buffers);
    const frame = await answered.promise.finally(() => timer.cancel());
    return decodeResponse(api, version, frame, { allowTrailing: true }).body;
  }

  /** For a request that no broker answers. Settles when it is on its way. */
  async post<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<void> {
    const isWritten = this.#write(encodeRequest(api, version, this.#header(), body));
    if (!isWritten) await drained(this.#socket);
  }

  end(failure: Error): void {
    this.#failure ??= failure;
    this.#ended.resolve(this.#failure);
    this.#socket.destroy();
    this.#chunks = [];
    this.#receivedBytes = 0;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) waiting.reject(this.#failure);
  }

  #header(): { readonly correlationId: number; readonly clientId: string } {
    return { correlationId: this.#nextCorrelationId++, clientId: this.#options.clientId };
  }

  /** false: what is written gathers here, since the broker takes it more slowly. */
  #write(buffers: readonly Buffer[]): boolean {
    if (this.#failure !== undefined) this.end(this.#failure);
    this.#socket.cork();
    const isWritten = buffers.map((buffer) => this.#socket.write(buffer)).every((isTaken) => isTaken);
    this.#socket.uncork();
    return isWritten;
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#receivedBytes += chunk.length;
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) this.#answer(frame);
  }

  /** The next answer without its size, once it is there completely. */
  #takeFrame(): Buffer | undefined {
    if (this.#receivedBytes < SIZE_BYTES) return undefined;
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= SIZE_BYTES ? first : this.#joined();
    const sizeBytes = head.readInt32BE(0);
    if (sizeBytes < SIZE_BYTES || sizeBytes > LARGEST_ANSWER_BYTES) {
      const isTls = head.readUInt16BE(0) === TLS_ALERT;
      this.end(isTls ? new SpeaksTls("it speaks TLS") : new Broken(`an answer of ${sizeBytes} bytes was announced`));
      return undefined;
    }
    const end = SIZE_BYTES + sizeBytes;
    if (this.#receivedBytes < end) return undefined;
    const all = this.#joined();
    this.#chunks = all.length === end ? [] : [all.subarray(end)];
    this.#receivedBytes = all.length - end;
    return all.subarray(SIZE_BYTES, end);
  }

  #joined(): Buffer {
    const joined = this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #answer(frame: Buffer): void {
    this.#answerCount++;
    const correlationId = frame.readInt32BE(0);
    const waiting = this.#waiting.get(correlationId);
    this.#waiting.delete(correlationId);
    waiting?.resolve(frame);
  }
}

/** Or closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      socket.off("close", settle).off("drain", settle);
      resolve();
    };
    socket.on("close", settle).on("drain", settle);
  });
}
