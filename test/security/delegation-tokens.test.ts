// Delegation tokens: who may ask for what, in which order things are refused, and in what shape. All of it was seen on Apache Kafka 4.3.1 by the
// same requests.

import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { MAX_CHANGES } from "../../src/cluster/batch-limit.ts";
import type { EffectBench } from "../config/effect-bench.ts";
import { connectTls, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { named, TokenClient } from "../support/token-client.ts";
import { clientOf, SECRET_KEY, startTokenBench, userOf } from "./token-bench.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOT_ALLOWED = Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
const WRONG_HMAC = Buffer.alloc(64);
const GROUP = named("group", "Group");

const lines: RecordedLine[] = [];
let bench: EffectBench;
beforeAll(async () => {
  bench = await startTokenBench({ logger: recordingLogger(lines) });
});
afterAll(() => bench[Symbol.asyncDispose]());

/** As a refusal of CreateDelegationToken tells it. */
const nothing = (errorCode: number, timeMs: number, owner = named("alice"), requester = named("alice")) => ({
  errorCode,
  ...owner,
  tokenRequesterPrincipalType: requester.principalType,
  tokenRequesterPrincipalName: requester.principalName,
  issueTimestampMs: timeMs,
  expiryTimestampMs: timeMs,
  maxTimestampMs: timeMs,
  tokenId: "",
  hmac: Buffer.alloc(0),
  throttleTimeMs: 0,
});

describe("a token that is asked for", () => {
  test.each([1, 2, 3])("is made for who asks, by version %i", async (version) => {
    const alice = await userOf(bench, "alice");
    const token = await alice.create({ renewers: [named("bob"), named("bob")] }, version);
    const nowMs = bench.clock.now();
    const requester = version === 3 ? "alice" : "";
    expect(token).toEqual({
      ...nothing(Errors.NONE, nowMs),
      tokenRequesterPrincipalType: version === 3 ? "User" : "",
      tokenRequesterPrincipalName: requester,
      expiryTimestampMs: nowMs + DAY_MS,
      maxTimestampMs: nowMs + 7 * DAY_MS,
      tokenId: expect.stringMatching(/^[\w-]{22}$/),
      hmac: createHmac("sha512", SECRET_KEY).update(token.tokenId).digest(),
    });
    const { tokens } = await alice.describe(null, version);
    expect(tokens.find(({ tokenId }) => tokenId === token.tokenId)).toEqual({
      ...named("alice"),
      tokenRequesterPrincipalType: version === 3 ? "User" : "",
      tokenRequesterPrincipalName: requester,
      issueTimestamp: nowMs,
      expiryTimestamp: nowMs + DAY_MS,
      maxTimestamp: nowMs + 7 * DAY_MS,
      tokenId: token.tokenId,
      hmac: token.hmac,
      renewers: [named("bob"), named("bob")],
    });
  });

  test("may be for another, who is then its owner", async () => {
    const alice = await userOf(bench, "alice");
    const token = await alice.create({ ownerPrincipalType: "Robot", ownerPrincipalName: "r2:d2" });
    expect(token).toMatchObject({ ...named("r2:d2", "Robot"), tokenRequesterPrincipalName: "alice", errorCode: Errors.NONE });
    const own = await alice.create({ ownerPrincipalType: "Robot", ownerPrincipalName: "" });
    expect(own).toMatchObject({ ...named("alice"), errorCode: Errors.NONE });
  });

  test.each([
    [HOUR_MS, HOUR_MS, HOUR_MS],
    [1, 1, 1],
    [0, DAY_MS, 7 * DAY_MS],
    [-5, DAY_MS, 7 * DAY_MS],
    [2 * DAY_MS, DAY_MS, 2 * DAY_MS],
    [2 ** 52, DAY_MS, 7 * DAY_MS],
  ])("for %i ms expires after %i unless renewed, and lives for %i", async (maxLifetimeMs, expiryMs, maxMs) => {
    const alice = await userOf(bench, "alice");
    const { expiryTimestampMs, maxTimestampMs, issueTimestampMs } = await alice.create({ maxLifetimeMs });
    expect([expiryTimestampMs - issueTimestampMs, maxTimestampMs - issueTimestampMs]).toEqual([expiryMs, maxMs]);
  });

  test.each([
    ["a renewer that is no user", { renewers: [named("bob"), GROUP] }, nothing(Errors.INVALID_PRINCIPAL_TYPE, -1)],
    ["a renewer whose type is in other letters", { renewers: [named("bob", "user")] }, nothing(Errors.INVALID_PRINCIPAL_TYPE, -1)],
    [
      "an owner without a type",
      { ownerPrincipalType: null, ownerPrincipalName: "bob" },
      nothing(Errors.UNKNOWN_SERVER_ERROR, -1, named("ANONYMOUS"), named("ANONYMOUS")),
    ],
    [
      "more renewers than one change may have",
      { renewers: Array.from({ length: MAX_CHANGES }, () => named("bob")) },
      nothing(Errors.POLICY_VIOLATION, 0),
    ],
  ])("is refused with %s", async (_, body, expected) => {
    const before = bench.node.cluster.image.delegationTokens;
    expect(await (await userOf(bench, "alice")).create(body)).toEqual(expected);
    expect(bench.node.cluster.image.delegationTokens).toBe(before);
  });
});

describe("who is not known", () => {
  test.each([1, 2, 3])("gets nothing made by version %i, whatever else is wrong", async (version) => {
    const client = await clientOf(bench, { listener: "PLAINTEXT" });
    const anonymous = named("ANONYMOUS");
    const requester = version === 3 ? anonymous : named("", "");
    expect(await client.create({ renewers: [GROUP] }, version)).toEqual(nothing(NOT_ALLOWED, -1, anonymous, requester));
  });

  test("hears of no token, and changes none", async () => {
    const { hmac } = await (await userOf(bench, "alice")).create();
    const client = await clientOf(bench, { listener: "PLAINTEXT" });
    for (const version of [1, 2, 3])
      expect(await client.describe(null, version)).toEqual({ errorCode: NOT_ALLOWED, tokens: [], throttleTimeMs: 0 });
    const refused = { errorCode: NOT_ALLOWED, expiryTimestampMs: -1, throttleTimeMs: 0 };
    for (const version of [1, 2]) {
      expect(await client.renew(hmac, -1, version)).toEqual(refused);
      expect(await client.expire(hmac, -1, version)).toEqual(refused);
    }
  });
});

test("who comes over TLS has tokens made by showing a certificate, and none without", async () => {
  const settings = {
    listeners: "PLAINTEXT://127.0.0.1:0,SECURE://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURE:SSL",
    ...tlsSettings("SECURE", { ...TRUSTED, "ssl.client.auth": "requested" }),
  };
  await using secure = await startTokenBench({ settings });
  const endpoints = secure.node.cluster.image.brokers.get(1)?.endpoints ?? [];
  const port = endpoints.find(({ listener }) => listener === "SECURE")?.port ?? 0;
  const created = async (options: Parameters<typeof connectTls>[1]) => {
    const client = new TokenClient(RawClient.over(await connectTls(port, options)));
    onTestFinished(() => client.close());
    return client.create();
  };
  expect(await created({})).toMatchObject({ errorCode: NOT_ALLOWED, ...named("ANONYMOUS") });
  expect(await created({ as: "client" })).toMatchObject({ errorCode: Errors.NONE, principalName: expect.stringContaining("CN=") });
});

describe("without delegation.token.secret.key", () => {
  test("there are none, which comes after other refusals of a broker and before those of the cluster", async () => {
    await using without = await startTokenBench({ settings: { "delegation.token.secret.key": "" } });
    const alice = await userOf(without, "alice");
    const DISABLED = Errors.DELEGATION_TOKEN_AUTH_DISABLED;
    expect(await alice.create()).toEqual(nothing(DISABLED, 0));
    expect(await alice.create({ renewers: [GROUP] })).toEqual(nothing(Errors.INVALID_PRINCIPAL_TYPE, -1));
    expect(await alice.describe([])).toEqual({ errorCode: DISABLED, tokens: [], throttleTimeMs: 0 });
    const refused = { errorCode: DISABLED, expiryTimestampMs: 0, throttleTimeMs: 0 };
    expect([await alice.renew(WRONG_HMAC), await alice.expire(WRONG_HMAC)]).toEqual([refused, refused]);
  });
});

describe("a token that is there", () => {
  async function made(maxLifetimeMs = 2 * HOUR_MS) {
    const [alice, bob, carol] = [await userOf(bench, "alice"), await userOf(bench, "bob"), await userOf(bench, "carol")];
    const token = await alice.create({ renewers: [named("bob")], maxLifetimeMs });
    return { alice, bob, carol, token };
  }
  const code = (answer: { readonly errorCode: number }) => answer.errorCode;

  test.each([
    [600_000, 600_000],
    [-1, 2 * HOUR_MS],
    [0, 2 * HOUR_MS],
    [2 ** 52, 2 * HOUR_MS],
  ])("is renewed by its owner and its renewers for %i ms: it then expires after %i", async (periodMs, expectedMs) => {
    const { alice, bob, token } = await made();
    for (const client of [alice, bob]) {
      const { errorCode, expiryTimestampMs } = await client.renew(token.hmac, periodMs);
      expect([errorCode, expiryTimestampMs - bench.clock.now()]).toEqual([Errors.NONE, expectedMs]);
    }
  });

  test("expires after what its owner or a renewer says, or at once", async () => {
    const { alice, bob, token } = await made();
    expect((await bob.expire(token.hmac, 600_000)).expiryTimestampMs).toBe(bench.clock.now() + 600_000);
    expect((await alice.expire(token.hmac, 2 ** 52)).expiryTimestampMs).toBe(token.maxTimestampMs);
    expect((await bob.expire(token.hmac, 0)).expiryTimestampMs).toBe(bench.clock.now());
    expect(await bob.expire(token.hmac, -77)).toEqual({
      errorCode: Errors.NONE,
      expiryTimestampMs: bench.clock.now(),
      throttleTimeMs: 0,
    });
    const gone = { errorCode: Errors.DELEGATION_TOKEN_NOT_FOUND, expiryTimestampMs: 0, throttleTimeMs: 0 };
    expect([await bob.expire(token.hmac), await bob.renew(token.hmac)]).toEqual([gone, gone]);
  });

  test("is neither renewed nor withdrawn by others, by a wrong HMAC, or by its id in place of it", async () => {
    const { alice, carol, token } = await made();
    const MISMATCH = Errors.DELEGATION_TOKEN_OWNER_MISMATCH;
    expect([await carol.renew(token.hmac), await carol.expire(token.hmac)].map(code)).toEqual([MISMATCH, MISMATCH]);
    const forged = [WRONG_HMAC, Buffer.alloc(0), token.hmac.subarray(0, 63), Buffer.from(token.tokenId), Buffer.from("constructor")];
    for (const hmac of forged) {
      const answers = [await alice.renew(hmac), await alice.expire(hmac)];
      expect(answers.map(code)).toEqual(answers.map(() => Errors.DELEGATION_TOKEN_NOT_FOUND));
    }
    expect(bench.node.cluster.image.delegationTokens.get(token.tokenId)?.expiryMs).toBe(token.expiryTimestampMs);
  });

  test("is, once expired, refused to be renewed before it is asked by whom, and to be withdrawn afterwards", async () => {
    const { alice, bob, carol, token } = await made();
    await bob.expire(token.hmac, 0);
    await bench.clock.advance(1);
    const EXPIRED = Errors.DELEGATION_TOKEN_EXPIRED;
    expect([await alice.renew(token.hmac), await carol.renew(token.hmac)].map(code)).toEqual([EXPIRED, EXPIRED]);
    expect([await alice.expire(token.hmac, 5), await carol.expire(token.hmac, 5)].map(code)).toEqual([
      EXPIRED,
      Errors.DELEGATION_TOKEN_OWNER_MISMATCH,
    ]);
    expect(code(await alice.expire(token.hmac, -1))).toBe(Errors.NONE);
  });

  test("is not its requester's to renew, who is not its owner", async () => {
    const { alice } = await made();
    const { hmac } = await alice.create({ ownerPrincipalType: "User", ownerPrincipalName: "bob" });
    expect(code(await alice.renew(hmac))).toBe(Errors.DELEGATION_TOKEN_OWNER_MISMATCH);
  });

  test("is described to who asks for its owner or a renewer of it, and not to who asks for nobody", async () => {
    const { alice, token } = await made();
    const names = async (owners: Parameters<TokenClient["describe"]>[0]) =>
      (await alice.describe(owners)).tokens.map(({ tokenId }) => tokenId).filter((id) => id === token.tokenId).length;
    expect(await names(null)).toBe(1);
    expect(await names([named("alice"), named("bob")])).toBe(1);
    expect(await names([named("bob")])).toBe(1);
    expect(await names([named("alice", "Group")])).toBe(0);
    expect(await names([named("carol")])).toBe(0);
    expect(await names([])).toBe(0);
  });
});

test("neither HMACs nor the secret are in the log, which tells of tokens by their ids", async () => {
  const alice = await userOf(bench, "alice");
  const { hmac, tokenId } = await alice.create();
  await alice.renew(hmac);
  await alice.expire(hmac);
  const log = JSON.stringify(lines, (_, value: unknown) => (Buffer.isBuffer(value) ? value.toString("base64") : value));
  expect(log).toContain(tokenId);
  for (const secret of [hmac.toString("base64"), hmac.toString("hex"), SECRET_KEY]) expect(log).not.toContain(secret);
});

test("who asks for the tokens of very many owners is answered in proportion to them, however many renewers a token has", async () => {
  const alice = await userOf(bench, "alice");
  const renewers = Array.from({ length: MAX_CHANGES - 1 }, (_, index) => named(`renewer-${index}`));
  const { tokenId, hmac } = await alice.create({ renewers });
  const beforeMs = performance.now();
  const { tokens } = await alice.describe(Array.from({ length: 50_000 }, (_, index) => named(`nobody-${index}`)));
  expect(tokens).toEqual([]);
  expect((await alice.describe([named("renewer-7777")])).tokens.map((token) => token.tokenId)).toEqual([tokenId]);
  expect(performance.now() - beforeMs).toBeLessThan(4000);
  await alice.expire(hmac);
});
