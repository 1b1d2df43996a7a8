// Requests of clients that have no connection here (api/ask-for.ts): the same handlers, rules and quotas as for those that have. Who has used too
// much is told so in his answer. Interceptors do not stand around them, and metrics do not count them: faults, observers and figures are
// about clients of Kafka's protocol.

import { encodeResponse, readBody, readRequestHeader } from "../../protocol/headers.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { accessOf } from "../api/access-of.ts";
import type { AskFor, RemoteClient } from "../api/ask-for.ts";
import { AfterWrite, type ClientConnection, type Handler, InTurn, NO_ANSWER } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import { hostAddress } from "../security/host-address.ts";
import { RefusedRequest } from "./dispatch.ts";
import { quotaOf, throttled } from "./throttled.ts";

const SIZE_BYTES = 4;

/** @param services gives `undefined` while the broker starts */
export function askForClients(served: readonly Handler[], services: () => Services | undefined): AskFor {
  const handlers = new Map(served.map((handler) => [handler.api.key, handler]));
  return async (client, request) => {
    const known = services();
    if (known === undefined) throw new RefusedRequest("the broker starts");
    return answer(known, handlers, client, request);
  };
}

async function answer(
  services: Services,
  handlers: ReadonlyMap<number, Handler>,
  client: RemoteClient,
  request: Buffer,
): Promise<Buffer | undefined> {
  const reader = new Reader(request);
  const header = readRequestHeader(reader);
  const handler = handlers.get(header.apiKey);
  if (handler === undefined || !includesVersion(handler.versions, header.apiVersion))
    throw new RefusedRequest(`no API with key ${header.apiKey} is served in version ${header.apiVersion}`);
  const connection = new Absent(client);
  const quota = services.throttling.isInForce ? quotaOf(services.throttling, handler, header, connection) : undefined;
  const body = readBody(handler.api.request, header.apiVersion, reader);
  const { apiVersion, clientId } = header;
  const { clientHost } = connection;
  const context = { apiVersion, clientId: clientId ?? "", clientHost, connection, access: accessOf(services, connection), quota };
  try {
    const handled = handler.handle(services, body, context);
    const limited = { handler, header, body, connection, sizeBytes: request.length };
    const told = quota === undefined ? handled : throttled(handled, { quota, ...limited });
    const later = told instanceof InTurn ? await told.reply : await told;
    const reply = later instanceof AfterWrite ? later.reply() : later;
    return reply === NO_ANSWER
      ? undefined
      : Buffer.concat(encodeResponse(handler.api, apiVersion, header.correlationId, reply)).subarray(SIZE_BYTES);
  } finally {
    connection.sent();
  }
}

/** Stands for the connection of one request that came another way. */
class Absent implements ClientConnection {
  readonly remotePort = 0;
  readonly localPort = 0;
  readonly login = undefined;
  readonly brokerId = undefined;
  readonly challenge = undefined;
  readonly channel = "";
  readonly listenerName: string;
  readonly localAddress: string;
  readonly principal: string;
  readonly remoteAddress: string;
  readonly clientHost: string;
  clientSoftware = "";
  isClosed = false;
  readonly #client: RemoteClient;
  readonly #whenSent: (() => void)[] = [];
  readonly #forget: () => void;

  constructor(client: RemoteClient) {
    this.#client = client;
    this.listenerName = client.listenerName ?? "";
    this.localAddress = client.localAddress ?? "";
    this.principal = client.principal;
    this.remoteAddress = client.remoteAddress;
    this.clientHost = `/${hostAddress(client.remoteAddress)}`;
    this.#forget = this.onClose(() => {
      this.isClosed = true;
    });
  }

  /** Nobody logs in this way. */
  loggedIn(): void {}

  endAfterAnswer(): void {}

  remark(): void {}

  /** He is told for how long to hold off; that he does is up to whoever asks for him. */
  mute(): () => void {
    return () => undefined;
  }

  onClose(listener: () => void): () => void {
    return this.#client.onGone?.(listener) ?? (() => undefined);
  }

  reserve(): void {}

  whenSent(listener: () => void): void {
    this.#whenSent.push(listener);
  }

  /** The answer was copied, or there is none. */
  sent(): void {
    this.#forget();
    for (const listener of this.#whenSent) listener();
  }
}
