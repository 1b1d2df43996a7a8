// What proves delegation tokens, for itself.

import { expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { Slices } from "../../src/base/slices.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { DelegationToken } from "../../src/security/delegation-tokens.ts";
import { TokenSecrets } from "../../src/security/token-secrets.ts";

const ALICE = { type: "User", name: "alice" };

function tokensOf(...ids: readonly string[]): ReadonlyMap<string, DelegationToken> {
  const token = { owner: ALICE, requester: ALICE, renewers: [], issuedMs: 0, expiryMs: 1, maxMs: 2 };
  return new Map(ids.map((id) => [id, { id, ...token }]));
}

const secrets = () => new TokenSecrets("secret", () => "salt");

test("an HMAC is what Apache Kafka 4.3.1 made of the same id with the same secret", () => {
  expect(new TokenSecrets("tops3cret", () => "").hmacOf("kFE3ei2LTBq-TP2Fqaf5Sg").toString("base64")).toBe(
    "te4J04Fu4FFZI0IZBQdcqyaCmH+MFf8mR4eD7MmYUSXTJN2uODdI8/szqDTL+rUP3TpzXb43awivEhaqr26PqA==",
  );
});

test("tokens are found by their HMACs as they come and go", async () => {
  const own = secrets();
  const slices = new Slices(new VirtualClock());
  const found = async (tokens: ReadonlyMap<string, DelegationToken>, id: string) =>
    (await own.find(tokens, secrets().hmacOf(id), slices))?.id;
  expect(await found(tokensOf("a", "b"), "a")).toBe("a");
  expect(await found(tokensOf("b", "c"), "a")).toBeUndefined();
  expect(await found(tokensOf("b", "c"), "c")).toBe("c");
  expect(await found(tokensOf("a"), "a")).toBe("a");
  expect(await own.find(tokensOf("a"), new TokenSecrets("another", () => "").hmacOf("a"), slices)).toBeUndefined();
});

test("others have their turn while many tokens are looked through", async () => {
  let nowMs = 0;
  let turns = 0;
  const clock: Clock = {
    now: () => nowMs++,
    after: () => ({ cancel: () => undefined }),
    soon: (action) => {
      turns++;
      queueMicrotask(action);
      return { cancel: () => undefined };
    },
  };
  const ids = Array.from({ length: 100 }, (_, index) => `token-${index}`);
  await secrets().find(tokensOf(...ids), secrets().hmacOf("token-7"), new Slices(clock));
  expect(turns).toBeGreaterThan(5);
});

test("what SCRAM checks a token against is made once for each mechanism, and again when the token is renewed", () => {
  let salts = 0;
  const own = new TokenSecrets("secret", () => `salt-${salts++}`);
  const token = tokensOf("a").get("a");
  if (token === undefined) throw new Error("there is no token");
  const keys = own.scramKeysOf(token, "SCRAM-SHA-256");
  expect(own.scramKeysOf(token, "SCRAM-SHA-256")).toBe(keys);
  expect(own.scramKeysOf(token, "SCRAM-SHA-512")).not.toEqual(keys);
  own.scramKeysOf({ ...token, expiryMs: 2 }, "SCRAM-SHA-256");
  expect(salts).toBe(3);
});
