// Requests from this broker to the brokers of the cluster, itself among them, over the Kafka protocol. A request to itself takes no socket,
// but the same encoding and the same handler; one to another broker goes through a connection that all requests to it share.
//
// Whoever calls deals with brokers that do not answer: their answer is `undefined`.

import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { BrokerImage, ClusterImage } from "./image.ts";
import { PeerConnection } from "./peer-connection.ts";
import { PeerKey } from "./peer-proof.ts";

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
  /** Whether brokers may talk to each other on a listener of that name. */
  readonly talksOn: (listener: string) => boolean;
}

export class Peers {
  readonly #options: PeersOptions;
  readonly #key = new PeerKey();
  readonly #connections = new Map<number, PeerConnection>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** What the broker registers with, so that others believe that it is the one who calls. */
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

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #connectionTo(brokerId: number): PeerConnection | undefined {
    const address = this.#addressOf(this.#options.image().brokers.get(brokerId));
    const known = this.#connections.get(brokerId);
    if (known !== undefined && !known.isClosed && address !== undefined && known.host === address.host && known.port === address.port)
      return known;
    known?.close();
    this.#connections.delete(brokerId);
    if (address === undefined) return undefined;
    const { brokerId: from, clock, logger, requestTimeoutMs } = this.#options;
    const connection = new PeerConnection({
      ...address,
      clock,
      logger: logger.child({ peer: brokerId }),
      requestTimeoutMs,
      clientId: peerClientId(from),
      prove: (challenge) => this.#key.prove({ from, to: brokerId, challenge }),
    });
    this.#connections.set(brokerId, connection);
    return connection;
  }

  #addressOf(broker: BrokerImage | undefined): { readonly host: string; readonly port: number } | undefined {
    const endpoint = broker?.endpoints.find(({ listener }) => this.#options.talksOn(listener));
    return endpoint === undefined ? undefined : { host: endpoint.host ?? "localhost", port: endpoint.port };
  }
}
