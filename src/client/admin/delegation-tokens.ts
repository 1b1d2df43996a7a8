// Delegation tokens: what may log in as somebody for a while (KIP-48).

import { createDelegationToken } from "../../../protocol/messages/38-create-delegation-token.ts";
import { renewDelegationToken } from "../../../protocol/messages/39-renew-delegation-token.ts";
import { expireDelegationToken } from "../../../protocol/messages/40-expire-delegation-token.ts";
import { describeDelegationToken } from "../../../protocol/messages/41-describe-delegation-token.ts";
import type { Brokers } from "../brokers.ts";
import { failOn } from "../refusal.ts";

export interface Principal {
  readonly type: string;
  readonly name: string;
}

export interface DelegationToken {
  readonly id: string;
  readonly hmac: Buffer;
  readonly owner: Principal;
  readonly requester: Principal;
  readonly renewers: readonly Principal[];
  readonly issuedMs: number;
  readonly expiryMs: number;
  readonly maxMs: number;
}

export interface TokenWish {
  /** `undefined`: who asks. */
  readonly owner: Principal | undefined;
  readonly renewers: readonly Principal[];
  /** -1: as long as the broker allows. */
  readonly maxLifetimeMs: number;
}

export async function createToken(brokers: Brokers, { owner, renewers, maxLifetimeMs }: TokenWish): Promise<DelegationToken> {
  const answer = await brokers.ask(createDelegationToken, 3, {
    ...(owner === undefined ? {} : { ownerPrincipalType: owner.type, ownerPrincipalName: owner.name }),
    renewers: renewers.map(fieldsOf),
    maxLifetimeMs,
  });
  failOn(answer.errorCode, "delegation token");
  return {
    id: answer.tokenId,
    hmac: answer.hmac,
    owner: principalOf(answer),
    requester: { type: answer.tokenRequesterPrincipalType, name: answer.tokenRequesterPrincipalName },
    renewers,
    issuedMs: answer.issueTimestampMs,
    expiryMs: answer.expiryTimestampMs,
    maxMs: answer.maxTimestampMs,
  };
}

/** Gives when it now expires. */
export async function renewToken(brokers: Brokers, hmac: Buffer, renewPeriodMs: number): Promise<number> {
  const answer = await brokers.ask(renewDelegationToken, 2, { hmac, renewPeriodMs });
  failOn(answer.errorCode, "delegation token");
  return answer.expiryTimestampMs;
}

/** Likewise; a period below 0 withdraws it at once. */
export async function expireToken(brokers: Brokers, hmac: Buffer, expiryTimePeriodMs: number): Promise<number> {
  const answer = await brokers.ask(expireDelegationToken, 2, { hmac, expiryTimePeriodMs });
  failOn(answer.errorCode, "delegation token");
  return answer.expiryTimestampMs;
}

/** Of these owners or renewers. */
export async function describeTokens(brokers: Brokers, owners: readonly Principal[]): Promise<DelegationToken[]> {
  const answer = await brokers.ask(describeDelegationToken, 3, { owners: owners.map(fieldsOf) });
  failOn(answer.errorCode, "delegation tokens");
  return answer.tokens.map((token) => ({
    id: token.tokenId,
    hmac: token.hmac,
    owner: principalOf(token),
    requester: { type: token.tokenRequesterPrincipalType, name: token.tokenRequesterPrincipalName },
    renewers: token.renewers.map(principalOf),
    issuedMs: token.issueTimestamp,
    expiryMs: token.expiryTimestamp,
    maxMs: token.maxTimestamp,
  }));
}

interface PrincipalFields {
  readonly principalType: string;
  readonly principalName: string;
}

function fieldsOf({ type, name }: Principal): PrincipalFields {
  return { principalType: type, principalName: name };
}

function principalOf({ principalType, principalName }: PrincipalFields): Principal {
  return { type: principalType, name: principalName };
}
