// Tokens that an issuer has signed, by the rules of Kafka's validator for the keys of an issuer: whether one of its keys did, and whether the
// claims are what the listener wants. The cryptography is that of `jose`, which is loaded for the first set of keys.
//
// Secrets are not taken for keys: whoever knows one may sign, and a set of keys is there to be read by all. A key that says for which
// algorithm it is (`alg`) is used for no other.

import type { CompactVerifyGetKey, CryptoKey } from "jose";
import { ownValue } from "../base/foreign-names.ts";
import { type Claims, hasExpired, invalid, isTime, parseClaims, type RefusedToken, type TokenVerdict, validUntil } from "./claims.ts";
import { shownUser } from "./sasl-exchange.ts";

export interface SignedTerms {
  /** Of one of them the token must say that it is meant for it; where there are none it may not say so of anybody. */
  readonly audiences: readonly string[];
  /** `null`: whoever. */
  readonly issuer: string | null;
  readonly clockSkewSeconds: number;
  /** The claim that names the user. */
  readonly userClaim: string;
  readonly scopeClaim: string;
}

export type SignedClaims =
  | { readonly kind: "signed"; readonly claims: Claims }
  /** Newer keys may have it. */
  | { readonly kind: "unknownKey" }
  | RefusedToken;

/** The keys of an issuer. */
export interface KeySet {
  claimsOf(token: string): Promise<SignedClaims>;
}

/** Of a JSON Web Key Set (RFC 7517); throws Error for a text that is none. */
export type ReadKeySet = (text: string) => KeySet;

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

export async function loadKeySets(): Promise<ReadKeySet> {
  const { compactVerify, createLocalJWKSet, errors } = await import("jose");
  const verified = async (token: string, key: CryptoKey | CompactVerifyGetKey): Promise<SignedClaims> => {
    const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ALGORITHMS });
    const claims = isNested(protectedHeader.cty) ? undefined : parseClaims(Buffer.from(payload).toString());
    return claims === undefined ? invalid("it has no claims") : { kind: "signed", claims };
  };
  const refused = (error: unknown): SignedClaims => {
    if (error instanceof errors.JWKSNoMatchingKey) return { kind: "unknownKey" };
    if (error instanceof errors.JWSSignatureVerificationFailed) return invalid("its signature is not by the key that it names");
    if (error instanceof errors.JOSEAlgNotAllowed) return invalid("it is not signed by an algorithm that is taken here (alg)");
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      return invalid(`it cannot be verified: ${shownUser(error.message)}`);
    throw error;
  };
  return (text) => {
    const keys = createLocalJWKSet(JSON.parse(text));
    const claimsOf = async (token: string): Promise<SignedClaims> => {
      try {
        return await verified(token, keys);
      } catch (error) {
        // Without a `kid` several may fit.
        if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return refused(error);
        for await (const key of error) {
          const claims = await verified(token, key).catch(refused);
          if (claims.kind === "signed") return claims;
        }
        return invalid("its signature is by none of the keys that it may mean; a kid would tell them apart");
      }
    };
    return { claimsOf };
  };
}

/** Whether a token has another one in it, instead of claims. */
function isNested(contentType: unknown): boolean {
  return typeof contentType === "string" && /^(?:application\/)?jwt$/i.test(contentType);
}

export function judgeSigned(claims: Claims, terms: SignedTerms, nowMs: number): TokenVerdict {
  const user = ownValue(claims, terms.userClaim);
  if (typeof user !== "string" || user.trim() === "") return invalid(`it names nobody (${terms.userClaim})`);
  const notText = ["iss", "sub", "jti"].find((name) => typeof (ownValue(claims, name) ?? "") !== "string");
  if (notText !== undefined) return invalid(`its claim ${notText} is no text`);
  return (
    timesFault(claims, terms, Math.floor(nowMs / 1000)) ??
    audienceFault(claims["aud"] ?? null, terms.audiences) ??
    issuerFault(claims["iss"], terms.issuer) ??
    scopeFault(ownValue(claims, terms.scopeClaim), terms.scopeClaim) ??
    validUntil(Math.trunc(Number(claims["exp"])) * 1000, user.trim(), nowMs)
  );
}

function timesFault({ exp, iat, nbf = null }: Claims, { clockSkewSeconds }: SignedTerms, now: number): RefusedToken | undefined {
  if (!isTime(exp)) return invalid("it does not say when it expires (exp)");
  if (!isTime(iat) || iat < 0) return invalid("it does not say when it was issued (iat)");
  if (nbf !== null && !isTime(nbf)) return invalid("it says in no number from when it is valid (nbf)");
  if (now - clockSkewSeconds >= exp) return hasExpired(exp);
  if (nbf !== null && now + clockSkewSeconds < nbf) return invalid("it is not valid yet (nbf)");
  if (exp < iat || (nbf !== null && exp < nbf)) return invalid("it expires before it is issued or valid (exp, iat, nbf)");
  return undefined;
}

function audienceFault(claim: unknown, expected: readonly string[]): RefusedToken | undefined {
  if (claim === null)
    return expected.length === 0
      ? undefined
      : invalid("it says of nobody that it is meant for them (aud, sasl.oauthbearer.expected.audience)");
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!named.every((each) => typeof each === "string")) return invalid("it says in no text whom it is meant for (aud)");
  if (expected.some((each) => named.includes(each))) return undefined;
  const shown = named
    .slice(0, MOST_SHOWN)
    .map((each) => shownUser(each))
    .join(", ");
  const wanted = expected.length === 0 ? "and sasl.oauthbearer.expected.audience is not set" : `not for ${expected.join(" or ")}`;
  return invalid(`it is meant for ${shown} (aud), ${wanted}`);
}

/** Of what a token lists, in the log. */
const MOST_SHOWN = 3;

function issuerFault(claim: unknown, expected: string | null): RefusedToken | undefined {
  if (expected === null || claim === expected) return undefined;
  const from = typeof claim === "string" ? shownUser(claim) : "nobody";
  return invalid(`it is from ${from} (iss), not from ${expected} (sasl.oauthbearer.expected.issuer)`);
}

/** What is neither a text nor a list says nothing. */
function scopeFault(claim: unknown, name: string): RefusedToken | undefined {
  const listed: readonly unknown[] = Array.isArray(claim) ? claim : typeof claim === "string" ? [claim] : [];
  const scopes = listed.map((each) => (typeof each === "string" ? each.trim() : ""));
  if (scopes.includes("")) return invalid(`its scope (${name}) has an element that is no text`);
  return new Set(scopes).size === scopes.length ? undefined : invalid(`its scope (${name}) has an element twice`);
}
