// What the settings of delegation tokens do. A title begins with the settings that it is about.

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { startTokenBench, userOf } from "../security/token-bench.ts";
import { turns } from "./effect-bench.ts";

test("delegation.token.secret.key: a token is proved by what is made with the secret", async () => {
  await using bench = await startTokenBench({ settings: { "delegation.token.secret.key": "another" } });
  const { tokenId, hmac } = await (await userOf(bench, "alice")).create();
  expect(hmac).toEqual(createHmac("sha512", "another").update(tokenId).digest());
});

test("delegation.token.max.lifetime.ms, delegation.token.expiry.time.ms: how old a token gets, and how far it is renewed at a time", async () => {
  const settings = { "delegation.token.max.lifetime.ms": 5000, "delegation.token.expiry.time.ms": 3000 };
  await using bench = await startTokenBench({ settings });
  const alice = await userOf(bench, "alice");
  const { hmac, issueTimestampMs, ...made } = await alice.create({ maxLifetimeMs: 60_000 });
  expect([made.expiryTimestampMs - issueTimestampMs, made.maxTimestampMs - issueTimestampMs]).toEqual([3000, 5000]);
  const renewed = async () => (await alice.renew(hmac, 60_000)).expiryTimestampMs - issueTimestampMs;
  await bench.clock.advance(1500);
  expect(await renewed()).toBe(4500);
  await bench.clock.advance(1500);
  expect(await renewed()).toBe(5000);
});

test("delegation.token.max.lifetime.ms: may be longer than numbers go", async () => {
  const longest = Number.MAX_SAFE_INTEGER;
  const settings = { "delegation.token.max.lifetime.ms": longest, "delegation.token.expiry.time.ms": longest };
  await using bench = await startTokenBench({ settings });
  const alice = await userOf(bench, "alice");
  expect(await alice.create()).toMatchObject({ errorCode: 0, expiryTimestampMs: longest, maxTimestampMs: longest });
});

test("delegation.token.expiry.check.interval.ms: how long tokens that have expired are still described", async () => {
  await using bench = await startTokenBench({ settings: { "delegation.token.expiry.check.interval.ms": 10_000 }, others: [{}] });
  const alice = await userOf(bench, "alice");
  await alice.create({ maxLifetimeMs: 2000 });
  const { tokenId } = await alice.create();
  const described = async () => {
    await turns(20);
    return (await alice.describe()).tokens.map((token) => token.tokenId);
  };
  await bench.clock.advance(9_999);
  expect(await described()).toHaveLength(2);
  await bench.clock.advance(1);
  expect(await described()).toEqual([tokenId]);
  await alice.create({ maxLifetimeMs: 2000 });
  await bench.clock.advance(10_000);
  expect(await described()).toEqual([tokenId]);
});
