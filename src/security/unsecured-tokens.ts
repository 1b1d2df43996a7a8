// Tokens that nobody has signed (`alg` none), by the rules of Kafka's default for OAUTHBEARER: whoever reaches the listener may be whoever
// they say. Where Kafka takes the words `true` and `null` for names, a claim with the user must be a text here.

import { isUtf8 } from "node:buffer";
import { ownValue } from "../base/foreign-names.ts";
import { type Claims, hasExpired, invalid, isTime, parseClaims, type TokenVerdict, validUntil } from "./claims.ts";

export interface UnsecuredTerms {
  /** The claim that names the user. */
  readonly userClaim: string;
  readonly scopeClaim: string;
  readonly requiredScope: readonly string[];
  readonly clockSkewMs: number;
}

const PARTS = 3;
const BASE64_URL = /^[-_A-Za-z0-9]+$/;
const SIGNED =
  "it is signed, or says so, and this listener takes unsecured ones only; name the issuer's keys with sasl.server.callback.handler.class and sasl.oauthbearer.jwks.endpoint.url";

export function judgeUnsecured(token: string, terms: UnsecuredTerms, nowMs: number): TokenVerdict {
  const parts = token.split(".");
  const [header, claims] = [parsePart(parts[0]), parsePart(parts[1])];
  if (parts.length !== PARTS || header === undefined || claims === undefined) return invalid("it is no JSON Web Token");
  if (header["alg"] !== "none" || parts[2] !== "") return invalid(SIGNED);
  const { exp, iat = null } = claims;
  if (!isTime(exp)) return invalid("it does not say when it expires (exp)");
  if (iat !== null && !isTime(iat)) return invalid("it says in no number when it was issued (iat)");
  const user = ownValue(claims, terms.userClaim);
  if (typeof user !== "string" || user.trim() === "") return invalid(`it names nobody (${terms.userClaim})`);
  if (iat !== null && iat * 1000 > nowMs + terms.clockSkewMs) return invalid("it is issued in the future (iat)");
  if (nowMs - terms.clockSkewMs >= exp * 1000) return hasExpired(exp);
  if (iat !== null && exp <= iat) return invalid("it expires before it is issued (exp, iat)");
  return scopeFault(claims, terms) ?? validUntil(Math.round(exp * 1000), user, nowMs);
}

/** The JSON object in a part of a token. */
function parsePart(part = ""): Claims | undefined {
  if (!BASE64_URL.test(part)) return undefined;
  const bytes = Buffer.from(part, "base64url");
  return isUtf8(bytes) ? parseClaims(bytes.toString()) : undefined;
}

/** A text is one scope, whatever spaces it has. */
function scopeFault(claims: Claims, { scopeClaim, requiredScope }: UnsecuredTerms): TokenVerdict | undefined {
  const claim = ownValue(claims, scopeClaim);
  if (typeof claim === "number") return invalid(`its scope (${scopeClaim}) is a number`);
  const listed: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const missing = requiredScope.find((wanted) => !listed.some((each) => typeof each === "string" && each.trim() === wanted));
  if (missing === undefined) return undefined;
  return { ...invalid(`its scope (${scopeClaim}) lacks ${missing} (unsecuredValidatorRequiredScope)`), scope: requiredScope };
}
