// Delegation tokens (KIP-48, KIP-373): who holds one logs in as its owner, until it expires or is withdrawn. A token may be renewed by its
// owner and its renewers, each time for a while, until its age ends it. Rules only: tokens are kept in the image of the cluster. What is
// looked at first is as in Apache Kafka 4.3.1, where it differs between renewing and expiring.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { isSamePrincipal, type Principal } from "./principal.ts";

export interface DelegationToken {
  /** The name under which it logs in: no secret. What proves it is made of it (token-secrets.ts) and kept nowhere. */
  readonly id: string;
  readonly owner: Principal;
  /** Who asked for it. */
  readonly requester: Principal;
  readonly renewers: readonly Principal[];
  readonly issuedMs: number;
  /** Until when it holds unless it is renewed: never later than the next. */
  readonly expiryMs: number;
  readonly maxMs: number;
}

/** As the settings delegation.token.max.lifetime.ms and delegation.token.expiry.time.ms say. */
export interface TokenLifetimes {
  readonly maxMs: number;
  readonly expiryMs: number;
}

type Wish = Pick<DelegationToken, "id" | "owner" | "requester" | "renewers"> & {
  /** 0 or less: as long as may be. */
  readonly maxLifetimeMs: number;
};

export function newToken({ maxLifetimeMs, ...token }: Wish, nowMs: number, lifetimes: TokenLifetimes): DelegationToken {
  const maxMs = after(nowMs, atMost(lifetimes.maxMs, maxLifetimeMs));
  return { ...token, issuedMs: nowMs, expiryMs: Math.min(maxMs, after(nowMs, lifetimes.expiryMs)), maxMs };
}

/** Who wants to change a token, for how long. */
export interface TokenChange {
  readonly by: Principal;
  readonly periodMs: number;
  readonly nowMs: number;
}

/** The token with another expiry. A period of 0 or less: as long as may be. */
export function renewedToken(
  token: DelegationToken,
  { by, periodMs, nowMs }: TokenChange,
  { expiryMs }: TokenLifetimes,
): DelegationToken | ErrorCode {
  if (hasExpired(token, nowMs)) return Errors.DELEGATION_TOKEN_EXPIRED;
  if (!isOwnerOrRenewer(token, by)) return Errors.DELEGATION_TOKEN_OWNER_MISMATCH;
  return { ...token, expiryMs: Math.min(token.maxMs, after(nowMs, atMost(expiryMs, periodMs))) };
}

/** Likewise; `undefined`: it is withdrawn at once, which a period below 0 asks for. */
export function expiringToken(token: DelegationToken, { by, periodMs, nowMs }: TokenChange): DelegationToken | undefined | ErrorCode {
  if (!isOwnerOrRenewer(token, by)) return Errors.DELEGATION_TOKEN_OWNER_MISMATCH;
  if (periodMs < 0) return undefined;
  if (hasExpired(token, nowMs)) return Errors.DELEGATION_TOKEN_EXPIRED;
  return { ...token, expiryMs: Math.min(token.maxMs, after(nowMs, periodMs)) };
}

export function hasExpired({ expiryMs }: DelegationToken, nowMs: number): boolean {
  return expiryMs < nowMs;
}

/** Who may renew and withdraw it. */
function isOwnerOrRenewer({ owner, renewers }: DelegationToken, principal: Principal): boolean {
  return isSamePrincipal(owner, principal) || renewers.some((renewer) => isSamePrincipal(renewer, principal));
}

/** Who see it without a permission. */
export function concerned({ owner, requester, renewers }: DelegationToken): readonly Principal[] {
  return [owner, requester, ...renewers];
}

function atMost(limitMs: number, wantedMs: number): number {
  return wantedMs > 0 ? Math.min(limitMs, wantedMs) : limitMs;
}

/** Settings may say what is longer than numbers go. */
function after(nowMs: number, periodMs: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, nowMs + periodMs);
}
