// Clients that have used more than their quotas allow (src/quota): they are answered at once, told for how long to hold back, and not heard for as
// long, whether they heed it or not (KIP-219).

import type { RequestHeader } from "../../protocol/headers.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { saslHandshake } from "../../protocol/messages/17-sasl-handshake.ts";
import { writeTxnMarkers } from "../../protocol/messages/27-write-txn-markers.ts";
import { saslAuthenticate } from "../../protocol/messages/36-sasl-authenticate.ts";
import type { Shape } from "../../protocol/schema/field.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import { type Handler, NO_ANSWER, type Reply } from "../api/handler.ts";
import type { RequestQuota } from "../quota/request-quota.ts";
import type { Throttling } from "../quota/throttling.ts";
import type { Connection } from "./connection.ts";
import type { LaterReply } from "./interceptors.ts";

export interface LimitedRequest {
  readonly quota: RequestQuota;
  readonly handler: Handler;
  readonly header: RequestHeader;
  readonly connection: Connection;
  readonly sizeBytes: number;
}

/** By these a client becomes somebody who can be limited. */
const LOGIN_KEYS: readonly number[] = [saslHandshake.key, saslAuthenticate.key];

/** What a request may use; `undefined` for brokers, and for who is about to log in. */
export function quotaOf(
  throttling: Throttling,
  handler: Handler,
  header: RequestHeader,
  { brokerId, login, principal }: Connection,
): RequestQuota | undefined {
  if (brokerId !== undefined) return undefined;
  if (login !== undefined && (login.hasNotBegun || LOGIN_KEYS.includes(handler.api.key))) return undefined;
  return throttling.of({ principal, clientId: header.clientId ?? "" });
}

/** The reply of a handler that has returned, with what it has to tell. */
export function throttled(reply: LaterReply, request: LimitedRequest): LaterReply {
  request.quota.returned();
  return reply instanceof Promise ? reply.then((later) => holdOff(later, request)) : holdOff(reply, request);
}

function holdOff(reply: Reply<Shape>, { quota, handler, header, connection, sizeBytes }: LimitedRequest): Reply<Shape> {
  const { key, response } = handler.api;
  // A broker that proves itself is not limited either.
  if (key === saslAuthenticate.key && (connection.brokerId ?? connection.challenge) !== undefined) return reply;
  const throttleMs = quota.settle({
    producedBytes: key === produce.key ? sizeBytes : undefined,
    isExempt: reply === NO_ANSWER || key === writeTxnMarkers.key,
  });
  if (throttleMs <= 0) return reply;
  connection.mute(throttleMs);
  const field = response.struct.shape["throttleTimeMs"];
  if (reply === NO_ANSWER || field === undefined || !includesVersion(field.traits.versions, header.apiVersion)) return reply;
  return { ...reply, throttleTimeMs: throttleMs };
}
