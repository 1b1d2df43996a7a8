// What an API handler is. Each API that the broker serves has one file here, which states the versions that it truly serves, and the
// permissions that it asks clients for: it can ask for no other. What ApiVersions advertises is derived from these statements.

import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { parseVersions, type Versions } from "../../protocol/schema/versions.ts";
import type { RequestQuota } from "../quota/request-quota.ts";
import type { Access } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";
import type { SaslLogin } from "../security/sasl-login.ts";
import type { ServedApi } from "./served-api.ts";
import type { Services } from "./services.ts";

/** The connection that a request came on, as far as handlers may know it. */
export interface ClientConnection {
  readonly listenerName: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  clientSoftware: string;
  /** The broker of the cluster at the other end, which has proved it (peer-proof.ts); `undefined` for clients, whatever they call themselves. */
  brokerId: number | undefined;
  /** What a broker has to sign to prove itself, while that is awaited. */
  challenge: string | undefined;
  /** What both ends know of it over TLS, and nobody between them (`channelBinding`); empty without. Made when it is asked for. */
  readonly channel: string;
  /** Who the client is, as Kafka writes it: "User:ANONYMOUS" where nothing says more. */
  readonly principal: string;
  /** How far it has come in logging in; `undefined` where the listener does not ask for that. */
  readonly login: SaslLogin | undefined;
  loggedIn(principal: string): void;
  /** The answer to the request in hand is the last: with it the connection ends, and what came behind the request gets nowhere. */
  endAfterAnswer(reason: string): void;
  /** Takes up no further request for so long; gives a function that ends it before. */
  mute(ms: number): () => void;
  readonly isClosed: boolean;
  onClose(listener: () => void): () => void;
  /** Counts memory that the answer to the request in hand takes, or (below 0) does not take after all. It is forgotten once it is given. */
  reserve(bytes: number): void;
  /** Called once, when the answer to the request in hand has left, or never will. */
  whenSent(listener: () => void): void;
  /** For the log: what is odd about the client. What the same address is told to do again and again is said seldom. */
  remark(what: string): void;
}

/** `Stated`: the permissions that may be asked for. */
export interface RequestContext<Stated extends Permission = never> {
  readonly apiVersion: number;
  /** Empty when the client gave none. */
  readonly clientId: string;
  /** As Kafka shows it in group descriptions: "/127.0.0.1". */
  readonly clientHost: string;
  readonly connection: ClientConnection;
  /** What the client may do, by the rules of the moment in which that is asked. */
  readonly access: Access<Stated>;
  /** What the client may use, where anybody is limited. */
  readonly quota?: RequestQuota | undefined;
}

/** The answer to a request that wants none (acks=0). */
export const NO_ANSWER = Symbol("no answer");

export type Reply<R extends Shape> = Encodable<R> | typeof NO_ANSWER;

/** A reply that is made when what its handler appended has been written, at the end of the read turn: it may then say that this failed. */
export class AfterWrite<R extends Shape> {
  readonly reply: () => Reply<R>;

  constructor(reply: () => Reply<R>) {
    this.reply = reply;
  }
}

/** A reply that is waited for while later requests of the connection are taken up already; answers leave in the order of requests all the same. */
export class InTurn<R extends Shape> {
  readonly reply: Promise<Reply<R>>;

  constructor(reply: Promise<Reply<R>>) {
    this.reply = reply;
  }
}

export type Handle<Q extends Shape, R extends Shape, Stated extends Permission> = (
  services: Services,
  request: Decoded<Q>,
  context: RequestContext<Stated>,
) => Reply<R> | Promise<Reply<R>> | AfterWrite<R> | InTurn<R>;

export interface Handler<Q extends Shape = Shape, R extends Shape = Shape> extends ServedApi {
  readonly api: Api<Q, R>;
  /** Requests of other versions close the connection. */
  readonly versions: Versions;
  /** True when byte fields of the request are not used once the handler has returned, so that the frame need not be copied. */
  readonly leavesFrame: boolean;
  /** What it may ask clients for. */
  readonly needs: readonly Permission[];
  readonly handle: Handle<Q, R, Permission>;
}

export interface HandlerOptions {
  readonly advertised?: string;
  readonly leavesFrame?: boolean;
}

/** An error that closes the connection without an answer: the only way to tell an acks=0 producer that something is wrong. */
export class CloseConnection extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CloseConnection";
  }
}

/** @param needs every permission that the handler asks for; empty where everybody is served alike */
export function serve<Q extends Shape, R extends Shape, const Stated extends Permission = never>(
  api: Api<Q, R>,
  versions: string,
  needs: readonly Stated[],
  handle: Handle<Q, R, NoInfer<Stated>>,
  options: HandlerOptions = {},
): Handler {
  const handler: Handler<Q, R> = {
    api,
    versions: parseVersions(versions),
    advertisedVersions: parseVersions(options.advertised ?? versions),
    leavesFrame: options.leavesFrame ?? false,
    needs,
    handle,
  };
  return handler as unknown as Handler;
}
