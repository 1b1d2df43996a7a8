// Requests of this broker to itself: the handlers that clients are answered by, without a socket in between. Requests and answers pass
// through their codecs all the same, so that nothing works between parts of one broker that would not between two.

import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api, Message } from "../../protocol/schema/message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import { type LocalCall, peerClientId } from "../cluster/peers.ts";
import { EVERYTHING } from "../security/access.ts";
import { ANONYMOUS } from "../security/principal.ts";
import { AfterWrite, type ClientConnection, type Handler, InTurn, NO_ANSWER, type Reply } from "./handler.ts";
import type { Services } from "./services.ts";

/** `services` gives `undefined` while the broker starts. */
export function localCall(handlers: readonly Handler[], services: () => Services | undefined): LocalCall {
  return (api, apiVersion, request) =>
    call(
      handlers.find((each) => each.api.key === api.key),
      services(),
      { api, apiVersion, request },
    );
}

function call<Q extends Shape, R extends Shape>(
  handler: Handler | undefined,
  services: Services | undefined,
  { api, apiVersion, request }: { readonly api: Api<Q, R>; readonly apiVersion: number; readonly request: Encodable<Q> },
): Decoded<R> | undefined | Promise<Decoded<R> | undefined> {
  if (services === undefined || handler === undefined) return undefined;
  const context = {
    apiVersion,
    clientId: peerClientId(services.brokerId),
    clientHost: "",
    connection: new OwnConnection(services.brokerId),
    access: EVERYTHING,
  };
  const failed = (error: unknown) => {
    services.logger.error({ api: api.name, version: apiVersion, err: error }, "a request of the broker to itself failed");
    return undefined;
  };
  const toResponse = (reply: Reply<Shape>) =>
    reply === NO_ANSWER ? undefined : throughCodec(api.response, apiVersion, reply as Encodable<R>);
  try {
    const reply = handler.handle(services, throughCodec(api.request, apiVersion, request), context);
    const later = reply instanceof InTurn ? reply.reply : reply;
    if (later instanceof Promise) return later.then(toResponse).catch(failed);
    return toResponse(later instanceof AfterWrite ? later.reply() : later);
  } catch (error) {
    return failed(error);
  }
}

function throughCodec<S extends Shape>(message: Message<S>, version: number, value: Encodable<S>): Decoded<S> {
  const codec = message.codec(version);
  const writer = new Writer();
  codec.write(writer, value);
  return codec.read(new Reader(Buffer.concat(writer.finish())));
}

class OwnConnection implements ClientConnection {
  readonly principal = ANONYMOUS;
  readonly login = undefined;
  readonly listenerName = "";
  readonly remoteAddress = "";
  readonly remotePort = 0;
  readonly localAddress = "";
  readonly localPort = 0;
  readonly brokerId: number;
  readonly challenge = undefined;
  readonly channel = "";
  clientSoftware = "";
  readonly isClosed = false;

  constructor(brokerId: number) {
    this.brokerId = brokerId;
  }

  /** The broker need not log in to itself. */
  loggedIn(): void {}

  endAfterAnswer(): void {}

  /** The broker does not hold itself off. */
  mute(): () => void {
    return () => undefined;
  }

  onClose(): () => void {
    return () => undefined;
  }

  reserve(): void {}

  /** What is answered here may be kept: it is never taken back. */
  whenSent(): void {}

  /** The broker finds nothing odd about itself. */
  remark(): void {}
}
