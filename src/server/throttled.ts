// Clients that have used more than their quotas allow (src/quota): they are answered at once, told for how long to hold back, and not heard for as
// long, whether they heed it or not (KIP-219).

import type { RequestHeader } from "../../protocol/headers.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { saslHandshake } from "../../protocol/messages/17-sasl-handshake.ts";
import { writeTxnMarkers } from "../../protocol/messages/27-write-txn-markers.ts";
import { saslAuthenticate } from "../../protocol/messages/36-sasl-authenticate.ts";
import type { Decoded, Shape } from "../../protocol/schema/field.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import { AfterWrite, type ClientConnection, type Handler, InTurn, NO_ANSWER, type Reply } from "../api/handler.ts";
import type { RequestQuota } from "../quota/request-quota.ts";
import type { Throttling } from "../quota/throttling.ts";

export interface LimitedRequest {
  readonly quota: RequestQuota;
  readonly handler: Handler;
  readonly header: Pick<RequestHeader, "apiVersion">;
  readonly body: Decoded<Shape>;
  readonly connection: Pick<ClientConnection, "brokerId" | "challenge" | "mute">;
  readonly sizeBytes: number;
}

/** By these a client becomes somebody who can be limited. */
const LOGIN_KEYS: readonly number[] = [saslHandshake.key, saslAuthenticate.key];

/** What a request may use; `undefined` for brokers, and for who is about to log in. */
export function quotaOf(
  throttling: Throttling,
  handler: Handler,
  header: RequestHeader,
  { brokerId, login, principal }: Pick<ClientConnection, "brokerId" | "login" | "principal">,
): RequestQuota | undefined {
  if (brokerId !== undefined) return undefined;
  if (login !== undefined && (login.hasNotBegun || LOGIN_KEYS.includes(handler.api.key))) return undefined;
  return throttling.of({ principal, clientId: header.clientId ?? "" });
}

/** What a handler has returned, with what there is to tell. */
export function throttled(handled: ReturnType<Handler["handle"]>, request: LimitedRequest): ReturnType<Handler["handle"]> {
  request.quota.returned();
  if (handled instanceof Promise) return handled.then((reply) => told(reply, holdOff(request), request));
  if (handled instanceof InTurn) return new InTurn(handled.reply.then((reply) => told(reply, holdOff(request), request)));
  const throttleMs = holdOff(request);
  if (throttleMs === 0) return handled;
  return handled instanceof AfterWrite
    ? new AfterWrite(() => told(handled.reply(), throttleMs, request))
    : told(handled, throttleMs, request);
}

/** For how long, from now on; 0: not at all. */
function holdOff({ quota, handler, body, connection, sizeBytes }: LimitedRequest): number {
  const { key } = handler.api;
  // A broker that proves itself is not limited either.
  if (key === saslAuthenticate.key && (connection.brokerId ?? connection.challenge) !== undefined) return 0;
  const throttleMs = quota.settle({
    producedBytes: key === produce.key ? sizeBytes : undefined,
    isExempt: key === writeTxnMarkers.key || (key === produce.key && body["acks"] === 0),
  });
  if (throttleMs > 0) connection.mute(throttleMs);
  return Math.max(0, throttleMs);
}

function told(reply: Reply<Shape>, throttleMs: number, { handler, header }: LimitedRequest): Reply<Shape> {
  const field = handler.api.response.struct.shape["throttleTimeMs"];
  const isTold = throttleMs > 0 && field !== undefined && includesVersion(field.traits.versions, header.apiVersion);
  return reply === NO_ANSWER || !isTold ? reply : { ...reply, throttleTimeMs: throttleMs };
}
