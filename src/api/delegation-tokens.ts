// Delegation tokens (keys 38 to 41, KIP-48, KIP-373). They may be asked for by whoever is known, but not by who came with a token. Its owner, its
// requester and its renewers see a token; anybody else needs a permission. A refusal in place of what the cluster decides has -1 for times, one of
// the cluster 0, as Kafka's brokers and its controller have it.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { Slices } from "../base/slices.ts";
import { exceedsBatch, TOO_MANY_CHANGES } from "../cluster/batch-limit.ts";
import type { Decision } from "../cluster/cluster.ts";
import type { Change } from "../cluster/image.ts";
import {
  concerned,
  type DelegationToken,
  expiringToken,
  newToken,
  renewedToken,
  type TokenChange,
  type TokenLifetimes,
} from "../security/delegation-tokens.ts";
import {
  ANONYMOUS,
  isSamePrincipal,
  type Principal,
  parsePrincipal,
  principalKey,
  printPrincipal,
  USER_TYPE,
} from "../security/principal.ts";
import type { TokenSecrets } from "../security/token-secrets.ts";
import { type ClientConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";

const NO_TIME = -1;
const FIRST_VERSION_WITH_REQUESTER = 3;

export const createDelegationToken = serve(
  messages.createDelegationToken,
  "0-3",
  ["CREATE_TOKENS USER"],
  async (services, request, { apiVersion, connection, access }) => {
    const { ownerPrincipalType, ownerPrincipalName, renewers: wanted, maxLifetimeMs } = request;
    const isForAnother = (ownerPrincipalName ?? "") !== "";
    const answer = (errorCode: number, { owner, requester, ...rest }: Created) => ({
      errorCode,
      principalType: owner.type,
      principalName: owner.name,
      ...(apiVersion < FIRST_VERSION_WITH_REQUESTER ? {} : requesterFields(requester)),
      ...rest,
    });
    const requester = parsePrincipal(connection.principal);
    // Kafka fails at it before it looks who asks.
    if (isForAnother && ownerPrincipalType === null) return answer(Errors.UNKNOWN_SERVER_ERROR, nothingMade(NOBODY, NOBODY, NO_TIME));
    const owner = isForAnother ? { type: ownerPrincipalType ?? "", name: ownerPrincipalName ?? "" } : requester;
    const refused = (errorCode: ErrorCode, timeMs: number) => answer(errorCode, nothingMade(owner, requester, timeMs));
    if (!mayAsk(connection)) return refused(Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, NO_TIME);
    if (!isSamePrincipal(owner, requester) && !access.permits("CREATE_TOKENS USER", printPrincipal(owner)))
      return refused(Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED, NO_TIME);
    const renewers = wanted.map(principalOf);
    if (renewers.some(({ type }) => type !== USER_TYPE)) return refused(Errors.INVALID_PRINCIPAL_TYPE, NO_TIME);
    const { tokenSecrets, clock, cluster, random, logger } = services;
    if (tokenSecrets === undefined) return refused(Errors.DELEGATION_TOKEN_AUTH_DISABLED, 0);
    // As rules know it: the type of an owner that has a colon in it ends there.
    const kept = parsePrincipal(printPrincipal(owner));
    const token = newToken({ id: random.uuid(), owner: kept, requester, renewers, maxLifetimeMs }, clock.now(), lifetimesOf(services));
    const changes: Change[] = [{ type: "delegationToken", ...token }];
    if (exceedsBatch(changes)) return refused(TOO_MANY_CHANGES.error, 0);
    await cluster.transact(() => ({ changes, result: undefined }));
    logger.info({ tokenId: token.id, owner: printPrincipal(owner), by: connection.principal }, "made a delegation token");
    return answer(Errors.NONE, {
      owner,
      requester,
      issueTimestampMs: token.issuedMs,
      expiryTimestampMs: token.expiryMs,
      maxTimestampMs: token.maxMs,
      tokenId: token.id,
      hmac: tokenSecrets.hmacOf(token.id),
    });
  },
);

const NOBODY = parsePrincipal(ANONYMOUS);

interface Created {
  readonly owner: Principal;
  readonly requester: Principal;
  readonly issueTimestampMs: number;
  readonly expiryTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly tokenId: string;
  readonly hmac: Buffer;
}

function nothingMade(owner: Principal, requester: Principal, timeMs: number): Created {
  const times = { issueTimestampMs: timeMs, expiryTimestampMs: timeMs, maxTimestampMs: timeMs };
  return { owner, requester, ...times, tokenId: "", hmac: Buffer.alloc(0) };
}

function requesterFields({ type, name }: Principal) {
  return { tokenRequesterPrincipalType: type, tokenRequesterPrincipalName: name };
}

export const renewDelegationToken = serve(
  messages.renewDelegationToken,
  "0-2",
  [],
  (services, { hmac, renewPeriodMs: periodMs }, { connection }) =>
    changed(services, connection, { hmac, periodMs, decide: (token, change) => renewedToken(token, change, lifetimesOf(services)) }),
);

export const expireDelegationToken = serve(
  messages.expireDelegationToken,
  "0-2",
  [],
  (services, { hmac, expiryTimePeriodMs: periodMs }, { connection }) =>
    changed(services, connection, { hmac, periodMs, decide: expiringToken }),
);

interface ChangeOfToken {
  readonly hmac: Buffer;
  readonly periodMs: number;
  readonly decide: (token: DelegationToken, change: TokenChange) => DelegationToken | undefined | ErrorCode;
}

/** Answers with the token's new expiry. */
async function changed(services: Services, connection: ClientConnection, { hmac, periodMs, decide }: ChangeOfToken) {
  const answer = (errorCode: number, expiryTimestampMs: number) => ({ errorCode, expiryTimestampMs });
  const { tokenSecrets, cluster, clock, logger } = services;
  if (!mayAsk(connection)) return answer(Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, NO_TIME);
  if (tokenSecrets === undefined) return answer(Errors.DELEGATION_TOKEN_AUTH_DISABLED, 0);
  const by = parsePrincipal(connection.principal);
  const outcome = await cluster.transact(async ({ delegationTokens }): Promise<Decision<ErrorCode | Expiry>> => {
    const token = await tokenSecrets.find(delegationTokens, hmac, new Slices(clock));
    if (token === undefined) return { changes: [], result: Errors.DELEGATION_TOKEN_NOT_FOUND };
    const { id: tokenId } = token;
    const nowMs = clock.now();
    const decided = decide(token, { by, periodMs, nowMs });
    if (typeof decided === "number") return { changes: [], result: decided };
    if (decided === undefined) return { changes: [{ type: "delegationTokenDeleted", id: tokenId }], result: { tokenId, expiryMs: nowMs } };
    return { changes: [{ type: "delegationToken", ...decided }], result: { tokenId, expiryMs: decided.expiryMs } };
  });
  if (typeof outcome === "number") return answer(outcome, 0);
  logger.info({ ...outcome, by: connection.principal }, "changed the expiry of a delegation token");
  return answer(Errors.NONE, outcome.expiryMs);
}

interface Expiry {
  readonly tokenId: string;
  readonly expiryMs: number;
}

export const describeDelegationToken = serve(
  messages.describeDelegationToken,
  "0-3",
  ["DESCRIBE DELEGATION_TOKEN", "DESCRIBE_TOKENS USER"],
  async ({ tokenSecrets, cluster, clock }, { owners }, { apiVersion, connection, access }) => {
    if (!mayAsk(connection)) return { errorCode: Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, tokens: [] };
    if (tokenSecrets === undefined) return { errorCode: Errors.DELEGATION_TOKEN_AUTH_DISABLED, tokens: [] };
    const slices = new Slices(clock);
    const wanted = owners === null ? undefined : new Set(await slices.map(owners, (owner) => principalKey(principalOf(owner))));
    const asking = parsePrincipal(connection.principal);
    const isShown = (token: DelegationToken) =>
      (wanted === undefined || concerned(token).some((principal) => wanted.has(principalKey(principal)))) &&
      (concerned(token).some((principal) => isSamePrincipal(principal, asking)) ||
        access.permitsQuietly("DESCRIBE DELEGATION_TOKEN", token.id) ||
        access.permitsQuietly("DESCRIBE_TOKENS USER", printPrincipal(token.owner)));
    const tokens = await slices.map([...cluster.image.delegationTokens.values()], (token) =>
      isShown(token) ? [described(token, tokenSecrets, apiVersion)] : [],
    );
    return { errorCode: Errors.NONE, tokens: tokens.flat() };
  },
);

function described(token: DelegationToken, secrets: TokenSecrets, apiVersion: number) {
  return {
    principalType: token.owner.type,
    principalName: token.owner.name,
    ...(apiVersion < FIRST_VERSION_WITH_REQUESTER ? {} : requesterFields(token.requester)),
    issueTimestamp: token.issuedMs,
    expiryTimestamp: token.expiryMs,
    maxTimestamp: token.maxMs,
    tokenId: token.id,
    hmac: secrets.hmacOf(token.id),
    renewers: token.renewers.map(({ type, name }) => ({ principalType: type, principalName: name })),
  };
}

function principalOf({
  principalType: type,
  principalName: name,
}: {
  readonly principalType: string;
  readonly principalName: string;
}): Principal {
  return { type, name };
}

function lifetimesOf({ config }: Services): TokenLifetimes {
  return { maxMs: config["delegation.token.max.lifetime.ms"], expiryMs: config["delegation.token.expiry.time.ms"] };
}

/** A listener that asks for a login knows everybody; any other those who showed a certificate. */
function mayAsk({ login, principal }: ClientConnection): boolean {
  return login === undefined ? principal !== ANONYMOUS : !login.isByToken;
}
