// From a frame to its answer: header, handler, body, encoding. What Kafka refuses by closing the connection is refused here by
// throwing; the one exception is ApiVersions, whose unknown versions are answered in version 0 (KIP-511).

import { Errors, errorName } from "../../protocol/errors.ts";
import { encodeResponse, type RequestHeader, readBody, readRequestHeader, writeResponse } from "../../protocol/headers.ts";
import { apiVersions } from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { TextTooLong, type Writer } from "../../protocol/wire/writer.ts";
import { accessOf } from "../api/access-of.ts";
import { errorFault, errorReply, METADATA_KEY } from "../api/error-response.ts";
import { AfterWrite, CloseConnection, type Handler, InTurn, NO_ANSWER, type Reply, type RequestContext } from "../api/handler.ts";
import { bareToken, lastAnswer } from "../api/sasl.ts";
import type { Services } from "../api/services.ts";
import type { Permission } from "../security/permission.ts";
import type { Admission, SaslLogin } from "../security/sasl-login.ts";
import { StorageError } from "../storage/storage-error.ts";
import { AnswerInTurn } from "./answers-in-turn.ts";
import type { AnswerFrame, Connection } from "./connection.ts";
import { type Exchange, Interceptors } from "./interceptors.ts";
import { RequestFigures } from "./request-figures.ts";
import { quotaOf, throttled } from "./throttled.ts";
import type { Answer } from "./unsent-answers.ts";
import type { ApiUsage } from "./usage.ts";

/** The request cannot be served; the message names API, version and client, for the log. */
export class RefusedRequest extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RefusedRequest";
  }
}

/** What is noted of requests as they are taken up. */
export interface Noted {
  requestCount: number;
  lastApiKey: number;
}

/** Who keeps account of requests. */
export interface Accounts {
  readonly noted: Noted;
  readonly figures: RequestFigures;
}

export function dispatcher(
  served: readonly Handler[],
  services: Services,
  interceptors = new Interceptors(),
  accounts: Accounts = { noted: { requestCount: 0, lastApiKey: NO_API }, figures: new RequestFigures(services.clock) },
): AnswerFrame {
  const handlers: (Handler | undefined)[] = [];
  for (const handler of served) handlers[handler.api.key] = handler;
  return (frame, connection) => answer({ services, handlers, interceptors, ...accounts }, frame, connection);
}

const API_KEY_BYTES = 2;
const NO_API = -1;
const SIZE_BYTES = 4;

interface Parts extends Accounts {
  readonly services: Services;
  readonly handlers: readonly (Handler | undefined)[];
  readonly interceptors: Interceptors;
}

function answer(parts: Parts, frame: Buffer, connection: Connection): ReturnType<AnswerFrame> {
  const { login } = connection;
  if (login !== undefined) {
    const admission = login.admit(frame.length < API_KEY_BYTES ? NO_API : frame.readInt16BE(0));
    if (admission.kind !== "admitted") return beforeLogin(parts, { admission, login, frame, connection });
  }
  const { services, handlers, interceptors, noted, figures } = parts;
  const reader = new Reader(frame);
  const header = readHeader(reader, frame);
  noted.requestCount++;
  noted.lastApiKey = header.apiKey;
  const handler = handlers[header.apiKey];
  if (handler === undefined) throw refused(header, connection, `no API with key ${header.apiKey}`);
  if (!includesVersion(handler.versions, header.apiVersion)) {
    if (handler.api.key === apiVersions.key) return unsupportedApiVersions(header, handler);
    throw refused(header, connection, `${handler.api.name} version ${header.apiVersion}`);
  }
  const quota = services.throttling.isInForce ? quotaOf(services.throttling, handler, header, connection) : undefined;
  const context: RequestContext<Permission> = {
    apiVersion: header.apiVersion,
    clientId: header.clientId ?? "",
    clientHost: connection.clientHost,
    connection,
    access: accessOf(services, connection),
    quota,
  };
  const account = figures.of(handler);
  account.took(header.apiVersion, frame.length);
  const usage = connection.usage.took(account, header.apiVersion, header.clientId);
  const body = readRequest(reader, handler.leavesFrame && !interceptors.defers ? undefined : frame, handler, header, connection);
  if (services.logger.isDebugging) {
    services.logger.debug(
      { api: handler.api.name, version: header.apiVersion, clientId: context.clientId, correlationId: header.correlationId },
      "request",
    );
  }
  try {
    const handled = interceptors.isEmpty
      ? handler.handle(services, body, context)
      : intercepted(interceptors, { handler, request: body, context }, services);
    const reply = quota === undefined ? handled : throttled(handled, { quota, handler, header, body, connection, sizeBytes: frame.length });
    if (reply instanceof AfterWrite) {
      figures.answered(account);
      return (writer) => write(writer, handler, header, reply, usage);
    }
    const waiting = reply instanceof InTurn ? reply.reply : reply;
    if (!(waiting instanceof Promise)) {
      figures.answered(account);
      return encode(handler, header, waiting, usage);
    }
    const ended = figures.waiting(account);
    const answered = waiting.then(
      (later) => {
        ended();
        return encode(handler, header, later, usage);
      },
      (error: unknown) => {
        ended();
        return failed(services, handler, header, body, error);
      },
    );
    return reply instanceof InTurn ? new AnswerInTurn(answered) : answered;
  } catch (error) {
    return failed(services, handler, header, body, error);
  }
}

interface NotAdmitted {
  readonly admission: Exclude<Admission, { readonly kind: "admitted" }>;
  readonly login: SaslLogin;
  readonly frame: Buffer;
  readonly connection: Connection;
}

/** What is no request of somebody who is logged in, nor one that logs in. */
function beforeLogin(
  { services: { clock }, handlers }: Parts,
  { admission, login, frame, connection }: NotAdmitted,
): ReturnType<AnswerFrame> {
  switch (admission.kind) {
    case "token": {
      const token = bareToken(clock, frame, connection);
      return token instanceof Promise ? token.then(bareFrame) : bareFrame(token);
    }
    case "closed":
      throw new RefusedRequest(admission.reason);
    case "outOfPlace": {
      const reader = new Reader(frame);
      const header = readHeader(reader, frame);
      const handler = handlers[header.apiKey];
      const isKnown = handler !== undefined && includesVersion(handler.versions, header.apiVersion);
      if (!isKnown) throw new RefusedRequest(admission.reason);
      const request = readRequest(reader, frame, handler, header, connection);
      const { reply } = errorReply(handler, header.apiVersion, request, { error: Errors.ILLEGAL_SASL_STATE, isHit: () => true });
      const answered = encode(handler, header, reply as Encodable<Shape>);
      return lastAnswer(clock, { login, connection, reason: admission.reason }, answered);
    }
  }
}

function bareFrame(token: Buffer): Answer {
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeInt32BE(token.length);
  return [size, token];
}

/** Interceptors see a reply when there is one. What they make of it may be waited for as the handler's own. */
function intercepted(interceptors: Interceptors, exchange: Exchange, services: Services): ReturnType<Handler["handle"]> {
  const { handler, context } = exchange;
  let isInTurn = false;
  const reply = interceptors.run(exchange, (request) => {
    const handled = handler.handle(services, request, context);
    isInTurn = handled instanceof InTurn;
    if (handled instanceof AfterWrite) return Promise.resolve().then(() => handled.reply());
    return handled instanceof InTurn ? handled.reply : handled;
  });
  return isInTurn && reply instanceof Promise ? new InTurn(reply) : reply;
}

function readHeader(reader: Reader, frame: Buffer): RequestHeader {
  try {
    return readRequestHeader(reader);
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    throw new RefusedRequest(`sent ${frame.length} bytes that are not a Kafka request: ${cause.message}`, { cause });
  }
}

/** `kept`: the frame, when byte fields of the request are kept or used later. It is then copied, because it is reused for the next read. */
function readRequest(reader: Reader, kept: Buffer | undefined, handler: Handler, header: RequestHeader, connection: Connection) {
  const own = kept === undefined ? reader : new Reader(Buffer.from(kept), reader.position);
  try {
    return readBody(handler.api.request, header.apiVersion, own, { allowTrailing: true });
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    throw refused(header, connection, `a malformed ${handler.api.name} version ${header.apiVersion}: ${cause.message}`);
  }
}

function encode(handler: Handler, header: RequestHeader, reply: Reply<typeof handler.api.response.struct.shape>, usage?: ApiUsage): Answer {
  usage?.told(reply);
  return reply === NO_ANSWER
    ? undefined
    : carried(handler, () => encodeResponse(handler.api, header.apiVersion, header.correlationId, reply));
}

function write(
  writer: Writer,
  handler: Handler,
  header: RequestHeader,
  later: AfterWrite<typeof handler.api.response.struct.shape>,
  usage: ApiUsage,
): void {
  const reply = later.reply();
  usage.told(reply);
  if (reply !== NO_ANSWER) carried(handler, () => writeResponse(writer, handler.api, header.apiVersion, header.correlationId, reply));
}

/** What a client sends as text that is none may be longer when it is text: as long as it fits into a request, it need not fit into an answer. */
function carried<T>({ api }: Handler, encodeReply: () => T): T {
  try {
    return encodeReply();
  } catch (cause) {
    if (!(cause instanceof TextTooLong)) throw cause;
    throw new RefusedRequest(`the answer to ${api.name} would repeat a name that it cannot carry: ${cause.message}`, { cause });
  }
}

function refused(header: RequestHeader, connection: Connection, what: string): RefusedRequest {
  const software = connection.clientSoftware === "" ? "" : ` (${connection.clientSoftware})`;
  return new RefusedRequest(`client "${header.clientId ?? ""}"${software} asked for ${what}, which is not served`);
}

/**
 * A handler that failed ends its connection: the client asks again elsewhere or later, and the log says why. What the storage is at fault for
 * is answered, where the response has a place for it.
 */
function failed(services: Services, handler: Handler, header: RequestHeader, request: Decoded<Shape>, error: unknown): Answer {
  if (error instanceof CloseConnection || error instanceof RefusedRequest) throw error;
  const { apiVersion, clientId } = header;
  services.logger.error({ api: handler.api.name, version: apiVersion, clientId, err: error }, "a request failed");
  const isAnswered = error instanceof StorageError && handler.api.key !== METADATA_KEY && request["acks"] !== 0;
  if (isAnswered && errorFault(handler, apiVersion, Errors.KAFKA_STORAGE_ERROR) === undefined) {
    const { reply } = errorReply(handler, apiVersion, request, { error: Errors.KAFKA_STORAGE_ERROR, isHit: () => true });
    return encode(handler, header, reply as Encodable<Shape>);
  }
  throw new RefusedRequest(`${handler.api.name} failed with ${errorName(Errors.UNKNOWN_SERVER_ERROR)}`, { cause: error });
}

function unsupportedApiVersions(header: RequestHeader, handler: Handler): Answer {
  const { lowest, highest } = handler.advertisedVersions;
  const apiKeys = [{ apiKey: apiVersions.key, minVersion: lowest, maxVersion: highest }];
  return encodeResponse(apiVersions, 0, header.correlationId, { errorCode: Errors.UNSUPPORTED_VERSION, apiKeys });
}
