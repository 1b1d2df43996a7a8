// OAUTHBEARER for itself: messages in, challenges, errors or a user out. What clients are told is Kafka's, seen on Apache Kafka 4.3.1.

import { expect, test } from "vitest";
import type { TokenVerdict } from "../../src/security/claims.ts";
import { oauthExchange } from "../../src/security/sasl-oauth.ts";
import { bearer } from "../support/tokens.ts";

const UNDERSTOOD = Buffer.from([1]);
const INVALID = '{"status":"invalid_token"}';

/** Knows tokens by the names of their users; everything else is refused. */
function exchange() {
  const asked: string[] = [];
  const judge = (token: string): TokenVerdict => {
    asked.push(token);
    if (token === "scope") return { kind: "invalid", reason: "lacks", scope: ["a", "b"] };
    return /^[ab]/.test(token) ? { kind: "valid", user: token, expiresMs: 5 } : { kind: "invalid", reason: "wrong" };
  };
  return { asked, ...oauthExchange(judge) };
}

const IN = { kind: "success", token: Buffer.alloc(0), user: "alice", endMs: 5 };

test.each<[string, Buffer]>([
  ["nothing beside it", bearer("alice")],
  ["extensions, which nobody heeds", bearer("alice", { pairs: "traceId=1=2\x01other=a b\tc\x01" })],
  ["the own name as authorization id", bearer("alice", { authorizationId: "alice" })],
  ["a scheme in other letters and with spaces", Buffer.from("n,,\x01auth=bEARER   alice\x01\x01")],
  ["another token before it, of which the last counts", Buffer.from("n,,\x01auth=Bearer bob\x01auth=Bearer alice\x01\x01")],
])("a token is taken with %s", (_, message) => {
  expect(exchange().step(message)).toEqual(IN);
});

test("a token reaches the judge whole, padding and all", () => {
  const { asked, step } = exchange();
  step(bearer("aA0-_~+/.=="));
  expect(asked).toEqual(["aA0-_~+/.=="]);
});

test.each<[string, string]>([
  ["nothing", ""],
  ["a byte that says that it has understood, of what it was not told", "\x01"],
  ["a password", "\0alice\0secret"],
  ["channel binding", "p=tls-unique,,\x01auth=Bearer alice\x01\x01"],
  ["the wish for channel binding", "y,,\x01auth=Bearer alice\x01\x01"],
  ["no token", "n,,\x01other=x\x01\x01"],
  ["another scheme", "n,,\x01auth=Basic alice\x01\x01"],
  ["no scheme", "n,,\x01auth=alice\x01\x01"],
  ["an extension of another name", "n,,\x01auth=Bearer alice\x01x1=y\x01\x01"],
  ["an empty extension", "n,,\x01auth=Bearer alice\x01x=\x01\x01"],
  ["an extension in other letters", "n,,\x01auth=Bearer alice\x01x=ä\x01\x01"],
  ["no end", "n,,\x01auth=Bearer alice\x01"],
  ["more behind the end", "n,,\x01auth=Bearer alice\x01\x01x"],
  ["more behind the token", "n,,\x01auth=Bearer alice \x01\x01"],
  ["padding within the token", "n,,\x01auth=Bearer al=ice\x01\x01"],
  ["an empty authorization id", "n,a=,\x01auth=Bearer alice\x01\x01"],
])("a message is refused with no more than the mechanism's name: %s", (_, message) => {
  const { asked, step } = exchange();
  const answer = step(Buffer.from(message));
  expect(answer).toEqual({ kind: "failure", message: undefined, reason: expect.stringMatching(/^the client's message/) });
  expect(asked).toEqual([]);
});

test.each(["bob", "Alice", "al=2Cice"])(
  "an authorization id other than the token's user is refused, as it stands: %s",
  (authorizationId) => {
    expect(exchange().step(bearer("alice", { authorizationId }))).toEqual({
      kind: "failure",
      message: `Authentication failed: Client requested an authorization id (${authorizationId}) that is different from the token's principal name (alice)`,
      reason: 'user "alice" asks to be somebody else',
    });
  },
);

test("a refused token is answered with JSON, and the client that has understood hears the same as an error", () => {
  const { step } = exchange();
  expect(step(bearer("x"))).toEqual({ kind: "challenge", token: Buffer.from(INVALID), refusal: "wrong" });
  expect(step(UNDERSTOOD)).toEqual({ kind: "failure", message: INVALID, reason: "wrong" });
  const scoped = exchange();
  const json = '{"status":"insufficient_scope", "scope":"[a, b]"}';
  expect(scoped.step(bearer("scope"))).toMatchObject({ kind: "challenge", token: Buffer.from(json) });
  expect(scoped.step(UNDERSTOOD)).toMatchObject({ kind: "failure", message: json });
});

test("after a refused token the client may show another one, and nothing else", () => {
  const { step } = exchange();
  expect([step(bearer("x")), step(bearer("y")), step(bearer("alice"))]).toMatchObject([{ kind: "challenge" }, { kind: "challenge" }, IN]);
  const other = exchange();
  other.step(bearer("x"));
  expect(other.step(Buffer.from("\x01\x01"))).toMatchObject({ kind: "failure" });
});

test("what is as long as a message may be is looked at once", () => {
  const mostBytes = 524_288;
  for (const message of [bearer("a".repeat(mostBytes)), bearer("a", { pairs: "a=b\x01".repeat(mostBytes / 4) })])
    expect(exchange().step(message)).toMatchObject({ kind: "success" });
  for (const text of ["n,a=".padEnd(mostBytes, "=2C"), `n,a=${"\x01".repeat(mostBytes)}`, `n,,\x01auth=Bearer${" ".repeat(mostBytes)}`])
    expect(exchange().step(Buffer.from(text))).toMatchObject({ kind: "failure" });
});
