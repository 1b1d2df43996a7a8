// Requests of Kafka's protocol for who asks over HTTP, at this broker or at another one of its cluster. What he may do is said where they are
// answered.

import { decodeResponse, encodeRequest } from "../../../../protocol/headers.ts";
import { envelope } from "../../../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../../../protocol/schema/field.ts";
import type { Api } from "../../../../protocol/schema/message.ts";
import { EncodingError } from "../../../../protocol/schema/support.ts";
import { TextTooLong } from "../../../../protocol/wire/writer.ts";
import type { RemoteClient } from "../../../api/ask-for.ts";
import { CloseConnection } from "../../../api/handler.ts";
import type { Services } from "../../../api/services.ts";
import { RefusedRequest } from "../../../server/dispatch.ts";
import { Problem } from "../../problem.ts";
import type { Asker } from "../../route.ts";
import type { JsonObject } from "./json-message.ts";
import { placingOf, Where } from "./places.ts";

/** By which quotas know who asks over HTTP. */
const CLIENT_ID = "http";
const SIZE_BYTES = 4;

export interface Request<Q extends Shape, R extends Shape> {
  readonly api: Api<Q, R>;
  readonly version: number;
  readonly body: Encodable<Q>;
}

export class KafkaClient {
  readonly #services: Services;
  readonly #asker: Asker;

  constructor(services: Services, asker: Asker) {
    this.#services = services;
    this.#asker = asker;
  }

  /** `undefined`: the broker does not answer. Throws Problem for what has no place in the version. */
  async ask<Q extends Shape, R extends Shape>(broker: number, { api, version, body }: Request<Q, R>): Promise<Decoded<R> | undefined> {
    const request = encoded({ api, version, body });
    const response = broker === this.#services.brokerId ? await this.#askHere(request) : await this.#passOn(broker, request);
    return response === undefined ? undefined : decodeResponse(api, version, response).body;
  }

  /** At whichever brokers have to answer; of those that do not there is nothing in it. */
  async askPlaced<Q extends Shape, R extends Shape>({ api, version, body }: Request<Q, R>): Promise<Decoded<R>> {
    const { split, join } = placingOf(api.name);
    const parts = [...split(body as JsonObject, new Where(this.#services))];
    const answers = await Promise.all(parts.map(([broker, part]) => this.ask(broker, { api, version, body: part as Encodable<Q> })));
    const response = join(answers.filter((each) => each !== undefined)) as Decoded<R>;
    await this.holdOff(Number(response["throttleTimeMs"] ?? 0));
    return response;
  }

  /** Who has used too much goes on when the time is over that he is told, or has gone. */
  async holdOff(ms = 0): Promise<void> {
    const { signal } = this.#asker;
    if (ms <= 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#services.clock.after(ms, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    timer.cancel();
  }

  async #askHere(request: Buffer): Promise<Buffer | undefined> {
    try {
      return await this.#services.askFor(clientOf(this.#services, this.#asker), request);
    } catch (error) {
      if (error instanceof CloseConnection || error instanceof RefusedRequest)
        throw new Problem(400, `The broker refuses the request: ${error.message}.`, {}, { cause: error });
      throw error;
    }
  }

  async #passOn(broker: number, requestData: Buffer): Promise<Buffer | undefined> {
    const { principal, peer } = this.#asker;
    const passed = { requestData, requestPrincipal: Buffer.from(principal), clientHostAddress: Buffer.from(peer.remoteAddress) };
    return (await this.#services.peers.call(broker, envelope, 0, passed))?.responseData ?? undefined;
  }
}

function encoded<Q extends Shape, R extends Shape>({ api, version, body }: Request<Q, R>): Buffer {
  try {
    return Buffer.concat(encodeRequest(api, version, { correlationId: 0, clientId: CLIENT_ID }, body)).subarray(SIZE_BYTES);
  } catch (error) {
    if (error instanceof EncodingError || error instanceof TextTooLong)
      throw new Problem(400, `The request cannot be carried: ${error.message}.`, {}, { cause: error });
    throw error;
  }
}

function clientOf({ cluster, brokerId }: Services, { principal, peer, signal }: Asker): RemoteClient {
  const endpoints = cluster.image.brokers.get(brokerId)?.endpoints ?? [];
  const reached = endpoints.find(({ listener }) => listener === peer.listenerName) ?? endpoints[0];
  return {
    ...{ principal, remoteAddress: peer.remoteAddress, listenerName: reached?.listener ?? "", localAddress: peer.localAddress },
    onGone: (listener) => {
      signal.addEventListener("abort", listener, { once: true });
      return () => signal.removeEventListener("abort", listener);
    },
  };
}
