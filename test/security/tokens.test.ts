// Which tokens are taken, and why others are not: unsecured ones and those that an issuer has signed. Unless a row says otherwise, Apache
// Kafka 4.3.1 takes and refuses the same.

import { expect, test } from "vitest";
import { judgeSigned, loadKeySets, type SignedTerms } from "../../src/security/signed-tokens.ts";
import { judgeUnsecured, type UnsecuredTerms } from "../../src/security/unsecured-tokens.ts";
import { ecKey, keySetText, rsaKey, signed, signedBySecret, unsecured } from "../support/tokens.ts";

const NOW_MS = 1_700_000_000_500;
const NOW = 1_700_000_000;
const CLAIMS = { sub: "alice", iat: NOW - 10, exp: NOW + 600 };

const UNSECURED: UnsecuredTerms = { userClaim: "sub", scopeClaim: "scope", requiredScope: [], clockSkewMs: 0 };
const judge = (token: string, terms: Partial<UnsecuredTerms> = {}) => judgeUnsecured(token, { ...UNSECURED, ...terms }, NOW_MS);

test.each<[string, object, Partial<UnsecuredTerms>?]>([
  ["whose expiry has a fraction", { exp: NOW + 600.25 }],
  ["that does not say when it was issued", { iat: undefined }],
  ["that is not valid yet by nbf, which counts for nothing", { nbf: NOW + 60 }],
  ["that has expired within the skew", { exp: NOW - 5 }, { clockSkewMs: 10_000 }],
  ["that was issued ahead within the skew", { iat: NOW + 5 }, { clockSkewMs: 10_000 }],
  ["with all of the scope", { scope: ["b ", "a", 5] }, { requiredScope: ["a", "b"] }],
  ["with another claim for the user", { sub: undefined, who: "alice" }, { userClaim: "who" }],
  ["with a scope that is an object, as if it had none", { scope: { a: 1 } }],
])("an unsecured token is taken %s", (_, claims, terms) => {
  expect(judge(unsecured({ ...CLAIMS, ...claims }), terms)).toMatchObject({ kind: "valid", user: "alice" });
});

test("an unsecured token is valid until it expires, and its last claim of a name counts", () => {
  expect(judge(unsecured({ ...CLAIMS, exp: NOW + 600.25 }))).toEqual({ kind: "valid", user: "alice", expiresMs: (NOW + 600.25) * 1000 });
  expect(judge(unsecured(`{"sub":"bob",${JSON.stringify(CLAIMS).slice(1)}`))).toMatchObject({ user: "alice" });
  expect(judge(unsecured({ ...CLAIMS, sub: " al " }))).toMatchObject({ user: " al " });
});

test.each<[string, string]>([
  ["nothing", ""],
  ["a word", "abc"],
  ["three words", "abc.def.ghi"],
  ["four parts", `${unsecured(CLAIMS)}.`],
  ["two parts", unsecured(CLAIMS).slice(0, -1)],
  ["an empty part", `${unsecured(CLAIMS).split(".")[0]}..`],
  ["base64 that is not for URLs", unsecured(CLAIMS).replace(".", "+.")],
  ["a header that is no JSON", unsecured(CLAIMS, "x")],
  ["a header that is a list", unsecured(CLAIMS, "[]")],
  ["claims that are a list", unsecured("[1]")],
  ["claims that are a text", unsecured('"alice"')],
  ["claims that are nothing", unsecured("null")],
  ["claims in no UTF-8", `${unsecured({}).split(".")[0]}.${Buffer.from([0x22, 0xff, 0x22]).toString("base64url")}.`],
  ["endless lists", unsecured("[".repeat(200_000))],
])("an unsecured token is refused that is no token: %s", (_, token) => {
  expect(judge(token)).toEqual({ kind: "invalid", reason: "the token is refused: it is no JSON Web Token" });
});

test.each<[string, object, string]>([
  ["no expiry", { exp: undefined }, "it does not say when it expires"],
  ["an expiry in words", { exp: `${NOW + 60}` }, "it does not say when it expires"],
  ["an expiry that is past", { exp: NOW }, "it has expired (exp: 2023-11-14T22:13:20.000Z)"],
  ["an expiry before our time", { exp: -5, iat: undefined }, "it has expired"],
  ["an expiry beyond counting", { exp: 1e12 }, "it is valid for more than 292 years"],
  ["a time of issue in words", { iat: "x" }, "it says in no number when it was issued"],
  ["a time of issue to come", { iat: NOW + 60 }, "it is issued in the future"],
  ["an expiry at its issue", { iat: NOW, exp: NOW }, "it has expired"],
  ["nobody", { sub: undefined }, "it names nobody (sub)"],
  ["a blank name", { sub: " " }, "it names nobody (sub)"],
  ["a number for a name", { sub: 5 }, "it names nobody (sub)"],
  ["a list for a name", { sub: ["alice"] }, "it names nobody (sub)"],
  ["an object for a name", { sub: { name: "alice" } }, "it names nobody (sub)"],
  // Kafka takes the words for names: User:true, User:null.
  ["truth for a name", { sub: true }, "it names nobody (sub)"],
  ["null for a name", { sub: null }, "it names nobody (sub)"],
  ["a number for a scope", { scope: 5 }, "its scope (scope) is a number"],
])("an unsecured token is refused with %s", (_, claims, reason) => {
  const verdict = judge(unsecured({ ...CLAIMS, ...claims }));
  expect(verdict).toMatchObject({ kind: "invalid", reason: expect.stringContaining(reason) });
  expect(verdict).not.toHaveProperty("scope");
});

test("an unsecured token that expires as it is issued is refused, whatever the skew", () => {
  const verdict = judge(unsecured({ ...CLAIMS, iat: NOW, exp: NOW }), { clockSkewMs: 5000 });
  expect(verdict).toMatchObject({ reason: expect.stringContaining("it expires before it is issued") });
});

test.each<[string, object]>([
  ["none", {}],
  ["one of two", { scope: ["a"] }],
  ["both in one text", { scope: "a b" }],
])("an unsecured token without all of the scope is refused, and told what it lacks: %s", (_, claims) => {
  const verdict = judge(unsecured({ ...CLAIMS, ...claims }), { requiredScope: ["a", "b"] });
  expect(verdict).toMatchObject({ kind: "invalid", reason: expect.stringContaining("lacks"), scope: ["a", "b"] });
});

const [ours, others, ec] = [rsaKey(), ecKey(), ecKey()];
const SIGNED_CLAIMS = { ...CLAIMS, aud: "kafka", iss: "https://issuer" };
const KEYS = keySetText([ours, { kid: "ours", use: "sig", alg: "RS256" }], [ec, { kid: "ec" }]);

test.each<[string, string]>([
  ["None", unsecured(CLAIMS, { alg: "None" })],
  ["NONE", unsecured(CLAIMS, { alg: "NONE" })],
  ["none in a list", unsecured(CLAIMS, { alg: ["none"] })],
  ["no algorithm", unsecured(CLAIMS, {})],
  ["a signature in spite of none", `${unsecured(CLAIMS)}abc`],
  ["a signature", signed(CLAIMS, ours)],
])("an unsecured token is refused that has %s", (_, token) => {
  expect(judge(token)).toMatchObject({ kind: "invalid", reason: expect.stringContaining("it is signed, or says so") });
});

const TERMS: SignedTerms = {
  audiences: ["kafka", "other"],
  issuer: "https://issuer",
  clockSkewSeconds: 30,
  userClaim: "sub",
  scopeClaim: "scope",
};

const claimsOf = async (token: string, keys = KEYS) => (await loadKeySets())(keys).claimsOf(token);

test.each<[string, string, string?]>([
  ["by RSA", signed(SIGNED_CLAIMS, ours, { kid: "ours" })],
  ["by an elliptic curve", signed(SIGNED_CLAIMS, ec, { kid: "ec" })],
  ["without a kid, where one key fits", signed(SIGNED_CLAIMS, ec)],
  ["without a kid, where several fit", signed(SIGNED_CLAIMS, ec), keySetText([others, { kid: "1" }], [ec, { kid: "2" }])],
  ["with a type of its own", signed(SIGNED_CLAIMS, ec, { kid: "ec", typ: "at+jwt" })],
])("a signature is taken %s", async (_, token, keys) => {
  expect(await claimsOf(token, keys)).toEqual({ kind: "signed", claims: SIGNED_CLAIMS });
});

const publicText = ours.publicKey.export({ format: "pem", type: "spki" });
const EMBEDDED = { jwk: others.publicKey.export({ format: "jwk" }) };

test.each<[string, string, string]>([
  ["none", unsecured(SIGNED_CLAIMS), "(alg)"],
  ["none of a known key", unsecured(SIGNED_CLAIMS, { alg: "none", kid: "ours" }), "(alg)"],
  ["the public key as a secret", signedBySecret(SIGNED_CLAIMS, publicText, { kid: "ours" }), "(alg)"],
  ["another key under a known name", signed(SIGNED_CLAIMS, others, { kid: "ec" }), "its signature is not by the key that it names"],
  ["another key in its header", signed(SIGNED_CLAIMS, others, { ...EMBEDDED, kid: "ec" }), "its signature is not by the key that it names"],
  ["the right key over other claims", swapped(), "its signature is not by the key that it names"],
  ["a cut signature", signed(SIGNED_CLAIMS, ec, { kid: "ec" }).slice(0, -4), "its signature is not by the key"],
  ["no signature", `${signed(SIGNED_CLAIMS, ec, { kid: "ec" }).split(".", 2).join(".")}.`, "refused"],
  ["a critical header that nobody knows", signed(SIGNED_CLAIMS, ec, { kid: "ec", crit: ["x"], x: 1 }), "it cannot be verified"],
  ["a payload that is not encoded", signed(SIGNED_CLAIMS, ec, { kid: "ec", crit: ["b64"], b64: false }), "refused"],
  ["another token in it", signed(SIGNED_CLAIMS, ec, { kid: "ec", cty: "JWT" }), "it has no claims"],
  ["claims that are a list", signed("[]", ec, { kid: "ec" }), "it has no claims"],
  ["garbage", "a.b.c", "it cannot be verified"],
  ["two parts", "a.b", "it cannot be verified"],
  ["five parts", "a.b.c.d.e", "it cannot be verified"],
])("a signature is refused: %s", async (_, token, reason) => {
  expect(await claimsOf(token)).toMatchObject({ kind: "invalid", reason: expect.stringContaining(reason) });
});

function swapped(): string {
  const [header, , signature] = signed(SIGNED_CLAIMS, ec, { kid: "ec" }).split(".");
  return `${header}.${Buffer.from(JSON.stringify({ ...SIGNED_CLAIMS, sub: "admin" })).toString("base64url")}.${signature}`;
}

test.each<[string, string, string]>([
  ["a key of another name", signed(SIGNED_CLAIMS, ec, { kid: "x" }), KEYS],
  ["a name that is no text", signed(SIGNED_CLAIMS, ec, { kid: 5 }), KEYS],
  ["a key that is there to encrypt", signed(SIGNED_CLAIMS, ec, { kid: "ec" }), keySetText([ec, { kid: "ec", use: "enc" }])],
  // Kafka takes it by the key's name alone.
  ["a key that is for another algorithm", signed(SIGNED_CLAIMS, ours, { kid: "ours" }), keySetText([ours, { kid: "ours", alg: "RS512" }])],
])("a signature is by no known key: %s", async (_, token, keys) => {
  expect(await claimsOf(token, keys)).toEqual({ kind: "unknownKey" });
});

test("what a token says at length is cut short in the reason", async () => {
  const long = "x".repeat(100_000);
  const header = await claimsOf(signed(SIGNED_CLAIMS, ec, { kid: "ec", crit: [long], [long]: 1 }));
  const audiences = judgeSigned({ ...SIGNED_CLAIMS, aud: [long, long, long, long] }, TERMS, NOW_MS);
  const issuer = judgeSigned({ ...SIGNED_CLAIMS, iss: long }, TERMS, NOW_MS);
  for (const verdict of [header, audiences, issuer]) {
    expect(verdict.kind).toBe("invalid");
    expect(JSON.stringify(verdict).length).toBeLessThan(500);
  }
});

test("a signature by a secret is refused although the secret is among the keys, where Kafka takes it", async () => {
  const keys = JSON.stringify({ keys: [{ kty: "oct", kid: "s", k: Buffer.alloc(64, 1).toString("base64url") }] });
  expect(await claimsOf(signedBySecret(SIGNED_CLAIMS, Buffer.alloc(64, 1), { kid: "s" }), keys)).toMatchObject({ kind: "invalid" });
});

test("a signature by none of the keys that it may mean is refused", async () => {
  const keys = keySetText([others, { kid: "1" }], [ecKey(), { kid: "2" }]);
  expect(await claimsOf(signed(SIGNED_CLAIMS, ec), keys)).toMatchObject({ reason: expect.stringContaining("a kid would tell them apart") });
});

test.each(["", "x", "{}", '{"keys":5}', '{"keys":["x"]}'])("keys that are none are an error: %s", async (text) => {
  const read = await loadKeySets();
  expect(() => read(text)).toThrow(/JSON/);
});

test.each<[string, object, Partial<SignedTerms>?]>([
  ["of one of several audiences", { aud: ["x", "other"] }],
  ["of no audience where none is asked for", { aud: undefined }, { audiences: [] }],
  ["of whatever issuer where none is asked for", { iss: "x" }, { issuer: null }],
  ["that expired within the skew", { exp: NOW - 20, iat: NOW - 100 }],
  ["that is valid soon, within the skew", { nbf: NOW + 20 }],
  ["that was issued ahead", { iat: NOW + 100 }],
  ["with another claim for the user, and spaces around it", { who: " alice " }, { userClaim: "who" }],
  ["with a scope", { scope: "a b" }],
  ["with a list of scopes", { scope: ["a", "b"] }],
  ["with a scope that is an object, as if it had none", { scope: { a: 1 } }],
  ["with a scope of null", { scope: null }],
])("claims are taken %s", (_, claims, terms) => {
  expect(judgeSigned({ ...SIGNED_CLAIMS, ...claims }, { ...TERMS, ...terms }, NOW_MS)).toMatchObject({ kind: "valid", user: "alice" });
});

test.each<[string, object, string, Partial<SignedTerms>?]>([
  ["no audience", { aud: undefined }, "it says of nobody that it is meant for them"],
  ["another audience", { aud: ["x", "y"] }, 'it is meant for "x", "y" (aud), not for kafka or other'],
  ["an audience where none is asked for", { aud: "x" }, "and sasl.oauthbearer.expected.audience is not set", { audiences: [] }],
  ["an empty list of audiences where none is asked for", { aud: [] }, "expected.audience is not set", { audiences: [] }],
  ["an audience that is no text", { aud: ["kafka", 5] }, "it says in no text whom it is meant for"],
  ["no issuer", { iss: undefined }, "it is from nobody (iss), not from https://issuer"],
  ["another issuer", { iss: "https://issuer/" }, 'it is from "https://issuer/" (iss)'],
  ["several issuers", { iss: ["https://issuer"] }, "its claim iss is no text"],
  ["an issuer that is a number where none is asked for", { iss: 5 }, "its claim iss is no text", { issuer: null }],
  ["no expiry", { exp: undefined }, "it does not say when it expires"],
  ["an expiry in words", { exp: `${NOW + 60}` }, "it does not say when it expires"],
  ["an expiry beyond the skew", { exp: NOW - 30 }, "it has expired (exp: 2023-11-14T22:12:50.000Z)"],
  ["an expiry beyond counting", { exp: 1e12 }, "it is valid for more than 292 years"],
  ["no time of issue", { iat: undefined }, "it does not say when it was issued"],
  ["a time of issue before our time", { iat: -1 }, "it does not say when it was issued"],
  ["a validity to come", { nbf: NOW + 31 }, "it is not valid yet"],
  ["a validity in words", { nbf: "x" }, "it says in no number from when it is valid"],
  ["an expiry before its issue", { iat: NOW + 601 }, "it expires before it is issued or valid"],
  ["an expiry before it is valid", { nbf: NOW + 25, exp: NOW + 20 }, "it expires before it is issued or valid"],
  ["nobody", { sub: undefined }, "it names nobody (sub)"],
  ["nobody in the claim that is asked for", {}, "it names nobody (email)", { userClaim: "email" }],
  ["nobody in a claim that objects have", {}, "it names nobody (constructor)", { userClaim: "constructor" }],
  ["a blank name", { sub: " " }, "it names nobody (sub)"],
  ["a list of names", { sub: ["alice"] }, "it names nobody (sub)"],
  ["an object for a name", { sub: { name: "alice" } }, "it names nobody (sub)"],
  [
    "a subject that is a number, beside the claim that is asked for",
    { sub: 5, email: "a" },
    "its claim sub is no text",
    { userClaim: "email" },
  ],
  ["a number of its own that is a number", { jti: 5 }, "its claim jti is no text"],
  ["a blank scope", { scope: " " }, "its scope (scope) has an element that is no text"],
  ["a list with a blank scope", { scope: ["a", " "] }, "its scope (scope) has an element that is no text"],
  ["a list with a scope that is a number", { scope: [5] }, "its scope (scope) has an element that is no text"],
  ["a list with a scope twice", { scope: ["a", "a "] }, "its scope (scope) has an element twice"],
])("claims are refused with %s", (_, claims, reason, terms) => {
  const verdict = judgeSigned({ ...SIGNED_CLAIMS, ...claims }, { ...TERMS, ...terms }, NOW_MS);
  expect(verdict).toMatchObject({ kind: "invalid", reason: expect.stringContaining(reason) });
});
