// What a token says (RFC 7519), and what becomes of it: the user that it names and until when it is valid, or why it is refused.

export type Claims = { readonly [name: string]: unknown };

export type TokenVerdict = { readonly kind: "valid"; readonly user: string; readonly expiresMs: number } | RefusedToken;

export interface RefusedToken {
  readonly kind: "invalid";
  /** For the log: shows nothing of the token that is worth stealing. */
  readonly reason: string;
  /** What the token would have to be good for, where it lacks nothing else. */
  readonly scope?: readonly string[];
}

/** 2^63 ns: what is valid for longer Kafka cannot count, and it ends the connection. */
const LONGEST_LIFETIME_MS = 9_223_372_036_854;
const LATEST_DATE_MS = 8.64e15;

export function invalid(what: string): RefusedToken {
  return { kind: "invalid", reason: `the token is refused: ${what}` };
}

export function validUntil(expiresMs: number, user: string, nowMs: number): TokenVerdict {
  if (expiresMs - nowMs > LONGEST_LIFETIME_MS) return invalid("it is valid for more than 292 years (exp), which Kafka does not take");
  return { kind: "valid", user, expiresMs };
}

export function hasExpired(exp: number): RefusedToken {
  return invalid(`it has expired (exp: ${timeText(exp)})`);
}

/** `undefined` for what is no JSON object. */
export function parseClaims(text: string): Claims | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Times of tokens are in seconds, and may have fractions. */
export function isTime(claim: unknown): claim is number {
  return typeof claim === "number" && Number.isFinite(claim);
}

export function timeText(seconds: number): string {
  return Math.abs(seconds * 1000) <= LATEST_DATE_MS ? new Date(seconds * 1000).toISOString() : `${seconds} s`;
}
