// Logins with delegation tokens, and the ways around that come to mind. All of it was seen on Apache Kafka 4.3.1 by the same requests.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { type EffectBench, turns } from "../config/effect-bench.ts";
import { named, type TokenClient } from "../support/token-client.ts";
import { clientOf, SECRET_KEY, startTokenBench, userOf } from "./token-bench.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const INVALID = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256";

let bench: EffectBench;
beforeAll(async () => {
  bench = await startTokenBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

async function tokenOf(user: "alice" | "bob", body: Parameters<TokenClient["create"]>[0] = {}) {
  return (await userOf(bench, user)).create(body);
}

/** Who handlers are told that the client is. */
async function principalOf(client: TokenClient): Promise<string> {
  let seen = "";
  const remove = bench.node.broker.interceptors.add({
    defers: false,
    intercept: ({ context }, proceed) => {
      seen = context.connection.principal;
      return proceed();
    },
  });
  await client.isIn();
  remove();
  return seen;
}

describe("a token", () => {
  test.each(MECHANISMS)("lets in by %s as its owner, for as long as it holds", async (mechanism) => {
    const token = await tokenOf("alice", { ownerPrincipalType: "User", ownerPrincipalName: "bob" });
    const client = await clientOf(bench);
    expect(await client.logInWith(token, { mechanism })).toEqual({ lifetimeMs: DAY_MS });
    expect(await principalOf(client)).toBe("User:bob");
  });

  test.each([
    ["tokenauth=TRUE", { lifetimeMs: DAY_MS }],
    ["foo=bar,tokenauth=true", { lifetimeMs: DAY_MS }],
    ["tokenauth=false", { refused: INVALID }],
    ["TOKENAUTH=true", { refused: INVALID }],
    ["tokenauth=true,tokenauth=false", { refused: INVALID }],
    ["tokenauth=true ", { refused: INVALID }],
  ])("is what the name is taken for with %s", async (extensions, expected) => {
    const token = await tokenOf("alice");
    const client = await clientOf(bench);
    await client.raw.call(saslHandshake, 1, { mechanism: "SCRAM-SHA-256" });
    const authBytes = Buffer.from(`n,,n=${token.tokenId},r=abc,${extensions}`);
    const answer = await client.raw.call(saslAuthenticate, 2, { authBytes });
    expect(answer?.errorMessage).toBe("refused" in expected ? expected.refused : "");
  });

  test.each([
    ["by another's HMAC", { password: "other" }],
    ["by its id", { password: "id" }],
    ["without tokenauth", { isByToken: false }],
    ["under its owner's name", { user: "alice" }],
    ["under its owner's name with the owner's password", { user: "alice", password: "alice-secret" }],
    ["under an id that no token has", { user: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["under a name that objects have", { user: "constructor" }],
  ])("does not let in %s", async (_, { password, ...login }: { password?: string; user?: string; isByToken?: boolean }) => {
    const [token, other] = [await tokenOf("alice"), await tokenOf("bob")];
    const passwords: Readonly<Record<string, string>> = { other: other.hmac.toString("base64"), id: token.tokenId };
    const given = password === undefined ? {} : { password: passwords[password] ?? password };
    const client = await clientOf(bench);
    expect(await client.logInWith(token, { ...login, ...given })).toEqual({ refused: INVALID });
    expect(await client.isIn()).toBe(false);
  });

  test("does not let in by PLAIN", async () => {
    const token = await tokenOf("alice");
    expect(await (await clientOf(bench)).logInWith(token, { mechanism: "PLAIN" })).toEqual({
      refused: "Authentication failed: Invalid username or password",
    });
  });

  test.each([
    ["a token id of its own", (id: string) => id, ""],
    ["its owner", () => "alice", "Authentication failed: Client requested an authorization id that is different from username"],
  ])("may have %s as the authorization id or not", async (_, id, errorMessage) => {
    const token = await tokenOf("alice");
    const client = await clientOf(bench);
    await client.raw.call(saslHandshake, 1, { mechanism: "SCRAM-SHA-256" });
    const authBytes = Buffer.from(`n,a=${id(token.tokenId)},n=${token.tokenId},r=abc,tokenauth=true`);
    expect((await client.raw.call(saslAuthenticate, 2, { authBytes }))?.errorMessage).toBe(errorMessage);
  });

  test("that was withdrawn lets nobody in any more", async () => {
    const token = await tokenOf("alice");
    await (await userOf(bench, "alice")).expire(token.hmac);
    expect(await (await clientOf(bench)).logInWith(token)).toEqual({ refused: INVALID });
  });

  test("that has expired lets in to a session that is over, until it is removed", async () => {
    const token = await tokenOf("alice", { maxLifetimeMs: 1000 });
    await bench.clock.advance(1001);
    const client = await clientOf(bench);
    expect(await client.logInWith(token)).toEqual({ lifetimeMs: 0 });
    expect(await client.isIn()).toBe(false);
    const checkMs = HOUR_MS;
    await bench.clock.advance(checkMs);
    await turns(20);
    expect(await (await clientOf(bench)).logInWith(token)).toEqual({ refused: INVALID });
  });
});

describe("who came with a token", () => {
  test("can have none made, described, renewed or withdrawn, not even an own one", async () => {
    const token = await tokenOf("alice", { renewers: [named("alice")] });
    const client = await clientOf(bench);
    await client.logInWith(token);
    const refused = { errorCode: Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED };
    expect(await client.create()).toMatchObject({ ...refused, ...named("alice"), issueTimestampMs: -1, tokenId: "" });
    expect(await client.create({ renewers: [named("x", "Group")] })).toMatchObject(refused);
    expect(await client.describe()).toMatchObject({ ...refused, tokens: [] });
    expect(await client.describe([])).toMatchObject({ ...refused, tokens: [] });
    expect(await client.renew(token.hmac)).toMatchObject({ ...refused, expiryTimestampMs: -1 });
    expect(await client.expire(token.hmac)).toMatchObject({ ...refused, expiryTimestampMs: -1 });
    expect(bench.node.cluster.image.delegationTokens.get(token.tokenId)?.expiryMs).toBe(token.expiryTimestampMs);
  });

  test("stays in when the token is withdrawn, and cannot log in with it again", async () => {
    const token = await tokenOf("alice");
    const client = await clientOf(bench);
    await client.logInWith(token);
    await (await userOf(bench, "alice")).expire(token.hmac);
    expect(await client.isIn()).toBe(true);
    expect(await client.logInWith(token)).toEqual({ refused: INVALID.replace("during authentication", "during re-authentication") });
  });

  test("is out when the token would have expired at the login, also if it was renewed since", async () => {
    const token = await tokenOf("alice");
    const alice = await userOf(bench, "alice");
    await alice.expire(token.hmac, 5000);
    const client = await clientOf(bench);
    expect(await client.logInWith(token)).toEqual({ lifetimeMs: 5000 });
    await alice.renew(token.hmac);
    await bench.clock.advance(5000);
    expect(await client.isIn()).toBe(true);
    await bench.clock.advance(1);
    expect(await client.isIn()).toBe(false);
  });

  test("goes on with another token of the same owner, and with no other's", async () => {
    const [first, second, bobs] = [await tokenOf("alice", { maxLifetimeMs: 5000 }), await tokenOf("alice"), await tokenOf("bob")];
    const client = await clientOf(bench);
    await client.logInWith(first);
    await bench.clock.advance(2000);
    expect(await client.logInWith(second)).toEqual({ lifetimeMs: DAY_MS - 2000 });
    await bench.clock.advance(5000);
    expect(await client.isIn()).toBe(true);
    expect(await client.create()).toMatchObject({ errorCode: Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED });
    expect(await client.logInWith(bobs)).toEqual({
      refused: "Cannot change principals during re-authentication from User.alice: User.bob",
    });
  });
});

describe("a session with a token", () => {
  test.each([
    [2000, 2000],
    [500, 500],
  ])("lasts as long as the token, or as connections.max.reauth.ms says: %i", async (maxLifetimeMs, lifetimeMs) => {
    await using short = await startTokenBench({ settings: { "connections.max.reauth.ms": 2000 } });
    const alice = await userOf(short, "alice");
    const token = await alice.create(maxLifetimeMs === 500 ? { maxLifetimeMs } : {});
    expect(await (await clientOf(short)).logInWith(token)).toEqual({ lifetimeMs });
  });
});

test("tokens outlive a restart, and the metadata have neither HMAC nor secret", async () => {
  const clock = new VirtualClock();
  const filesystem = new MemoryFilesystem(clock);
  const before = await startTokenBench({ clock, filesystem });
  const alice = await userOf(before, "alice");
  const [kept, withdrawn] = [await alice.create({ renewers: [named("bob")] }), await alice.create()];
  await alice.expire(withdrawn.hmac);
  await before[Symbol.asyncDispose]();
  const journal = filesystem.readFile("/data/metadata.journal").toString();
  expect(journal).toContain(kept.tokenId);
  for (const secret of [SECRET_KEY, kept.hmac.toString("base64")]) expect(journal).not.toContain(secret);
  await using after = await startTokenBench({ clock, filesystem });
  expect((await (await userOf(after, "bob")).describe()).tokens).toMatchObject([{ tokenId: kept.tokenId, hmac: kept.hmac }]);
  expect(await (await clientOf(after)).logInWith(kept)).toMatchObject({ lifetimeMs: DAY_MS });
});

test("a token that one broker made lets in at the others", async () => {
  const cluster = await startTokenBench({ others: [{}] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const token = await (await userOf(cluster, "alice")).create();
  const client = await clientOf(cluster, { brokerId: 2 });
  expect(await client.logInWith(token)).toEqual({ lifetimeMs: DAY_MS });
});
