// Requests from this broker to the brokers of the cluster, itself among them, over the Kafka protocol. A request to itself takes no socket,
// but the same encoding and the same handler; one to another broker goes through a connection that all requests to it share.
//
// Whoever calls deals with brokers that do not answer: their answer is `undefined`.

import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { ClientTls } from "../client/socket.ts";
import type { ClusterImage } from "./image.ts";
import { type Introduction, PeerConnection } from "./peer-connection.ts";
import { isAnswerOf, type PeerCall, PeerKey, provenBroker } from "./peer-proof.ts";

/** As brokers call themselves among each other, for logs: it proves nothing. */
export function peerClientId(brokerId: number): string {
  return `broker-${brokerId}`;
}

/** Runs a request through this broker's own handler; `undefined` while it is not served. */
export type LocalCall = <Q extends Shape, R extends Shape>(
  api: Api<Q, R>,
  apiVersion: number,
  request: Encodable<Q>,
) => Decoded<R> | undefined | Promise<Decoded<R> | undefined>;

export interface PeersOptions {
  readonly brokerId: number;
  readonly image: () => ClusterImage;
  readonly local: LocalCall;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  readonly random: Random;
  /** The name of the listeners on which brokers reach each other. */
  readonly listener: () => string | undefined;
  /** On what terms they do so, where those listeners speak TLS. */
  readonly tls: (listener: string) => ClientTls | undefined;
}

export interface ProvenPeer {
  readonly brokerId: number;
  readonly answer: Buffer;
}

export class Peers {
  readonly #options: PeersOptions;
  readonly #key = new PeerKey();
  readonly #connections = new Map<number, PeerConnection>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** What the broker registers with, so that others believe that it is the one who calls, or is called. */
  get publicKey(): string {
    return this.#key.publicKey;
  }

  /** `undefined` when the broker is not known, cannot be reached or does not answer in time. Never rejects. */
  call<Q extends Shape, R extends Shape>(
    brokerId: number,
    api: Api<Q, R>,
    apiVersion: number,
    request: Encodable<Q>,
  ): Decoded<R> | undefined | Promise<Decoded<R> | undefined> {
    if (brokerId === this.#options.brokerId) return this.#options.local(api, apiVersion, request);
    return this.#connectionTo(brokerId)?.call(api, apiVersion, request);
  }

  /** Who calls by this proof, and what answers it; `undefined` for who is no broker of the cluster. */
  proven(proof: Buffer, { challenge, channel }: Pick<PeerCall, "challenge" | "channel">): ProvenPeer | undefined {
    const call = { to: this.#options.brokerId, challenge, channel };
    const found = provenBroker(proof, { image: this.#options.image(), ...call });
    return found === undefined ? undefined : { brokerId: found.from, answer: this.#key.answer({ ...call, ...found }) };
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #connectionTo(brokerId: number): PeerConnection | undefined {
    const { brokerId: from, image, clock, logger, requestTimeoutMs, tls } = this.#options;
    const peer = image().brokers.get(brokerId);
    const wanted = this.#options.listener();
    const endpoint = peer?.endpoints.find(({ listener }) => listener === wanted);
    const address = endpoint === undefined ? undefined : { host: endpoint.host ?? "localhost", port: endpoint.port };
    const known = this.#connections.get(brokerId);
    if (known !== undefined && !known.isClosed && known.address.host === address?.host && known.address.port === address.port) return known;
    known?.close();
    this.#connections.delete(brokerId);
    if (endpoint === undefined || address === undefined) return undefined;
    const connection = new PeerConnection({
      address,
      tls: tls(endpoint.listener),
      clock,
      logger: logger.child({ peer: brokerId }),
      requestTimeoutMs,
      clientId: peerClientId(from),
      introduction: this.#introductionTo(brokerId, peer?.publicKey),
    });
    this.#connections.set(brokerId, connection);
    return connection;
  }

  #introductionTo(to: number, publicKey: string | undefined): Introduction {
    const { brokerId: from, random } = this.#options;
    return (challenge, channel) => {
      const call = { from, to, challenge, nonce: random.uuid(), channel };
      return { proof: this.#key.prove(call), isConvincing: (answer) => isAnswerOf(publicKey, answer, call) };
    };
  }
}
