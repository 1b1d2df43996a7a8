// One connection to another broker, which begins with both proving who they are (peer-proof.ts). Requests are pipelined behind that. When the
// connection breaks, or an answer is late, all that still wait get none, and the connection is not used again.

import { Errors, errorName } from "../../protocol/errors.ts";
import { saslAuthenticate } from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { channelBinding } from "../base/node-tls.ts";
import { Closed, Pipeline } from "../client/pipeline.ts";
import { type Address, type ClientTls, socketTo } from "../client/socket.ts";
import { PEER_HELLO } from "./peer-proof.ts";

export interface PeerConnectionOptions {
  readonly address: Address;
  /** Where the other broker's listener speaks it. */
  readonly tls: ClientTls | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly clientId: string;
  readonly introduction: Introduction;
}

/** What is said for the challenge that the other broker gave on this channel, and whether its answer is that of the broker that was meant. */
export type Introduction = (
  challenge: string,
  channel: string,
) => { readonly proof: Buffer; readonly isConvincing: (answer: Buffer) => boolean };

const SASL_AUTHENTICATE_VERSION = 2;

export class PeerConnection {
  readonly address: Address;
  readonly #options: PeerConnectionOptions;
  readonly #pipeline: Pipeline;
  /** Requests come behind the proofs. */
  readonly #introduced: Promise<void>;
  #isClosed = false;

  constructor(options: PeerConnectionOptions) {
    const { address, tls, clock, clientId } = options;
    this.address = address;
    this.#options = options;
    const socket = socketTo(address, tls);
    socket.unref();
    this.#pipeline = new Pipeline(socket, { clock, clientId });
    this.#introduced = this.#introduce();
    // Whoever calls hears of it, and nobody need have called.
    this.#introduced.catch((error: unknown) => this.#fail(error));
    void this.#pipeline.ended.then((error) => this.#fail(error));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** `undefined`: there will be no answer. Never rejects. */
  async call<Q extends Shape, R extends Shape>(api: Api<Q, R>, apiVersion: number, request: Encodable<Q>): Promise<Decoded<R> | undefined> {
    try {
      await this.#introduced;
      return await this.#pipeline.request(api, apiVersion, request, this.#options.requestTimeoutMs);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#pipeline.end(new Error("the connection was closed"));
  }

  async #introduce(): Promise<void> {
    const challenge = await this.#say(PEER_HELLO);
    const { proof, isConvincing } = this.#options.introduction(challenge.toString(), channelBinding(this.#pipeline.socket, "client"));
    if (!isConvincing(await this.#say(proof))) throw new Error("it does not prove that it is the broker that was called");
  }

  /** A broker that is not convinced closes the connection. */
  async #say(authBytes: Buffer): Promise<Buffer> {
    const { requestTimeoutMs } = this.#options;
    const answer = await this.#pipeline.request(saslAuthenticate, SASL_AUTHENTICATE_VERSION, { authBytes }, requestTimeoutMs);
    if (answer.errorCode === Errors.NONE) return answer.authBytes;
    throw new Error(`it does not let brokers prove who they are: ${errorName(answer.errorCode)}`);
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const { host, port } = this.address;
    // Brokers come and go.
    const level = error instanceof Closed ? "debug" : "warn";
    this.#options.logger[level]({ err: error, host, port }, "lost the connection to a broker");
    this.close();
  }
}
