// Delegation tokens under access rules: who may have tokens made for others, and who sees which. All of it was seen on Apache Kafka 4.3.1 by
// the same requests.

import { afterEach, beforeEach, expect, test } from "vitest";
import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";
import { Errors } from "../../protocol/errors.ts";
import type { Acl } from "../../src/security/acls.ts";
import type { EffectBench } from "../config/effect-bench.ts";
import { named, type TokenClient } from "../support/token-client.ts";
import { startTokenBench, type UserName, userOf } from "./token-bench.ts";

const AUTHORIZER = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:admin;User:ANONYMOUS",
};
const FOR_BOB = { ownerPrincipalType: "User", ownerPrincipalName: "bob" };

let bench: EffectBench;
beforeEach(async () => {
  bench = await startTokenBench({ settings: AUTHORIZER });
});
afterEach(() => bench[Symbol.asyncDispose]());

type Resource = "USER" | "DELEGATION_TOKEN";
type Operation = "CREATE_TOKENS" | "DESCRIBE_TOKENS" | "DESCRIBE" | "ALL";

async function rule(user: UserName, what: `${Operation} ${Resource}`, resourceName: string, more: Partial<Acl> = {}): Promise<void> {
  const [operation, resourceType] = what.split(" ") as [Operation, Resource];
  const acl: Acl = {
    resourceType: ResourceTypes[resourceType],
    resourceName,
    patternType: PatternTypes.LITERAL,
    principal: `User:${user}`,
    host: "*",
    operation: AclOperations[operation],
    permission: Permissions.ALLOW,
    ...more,
  };
  await bench.node.cluster.transact(() => ({ changes: [{ type: "acl", ...acl }], result: undefined }));
}

const tokenless = { errorCode: Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED, issueTimestampMs: -1, maxTimestampMs: -1, tokenId: "" };

test("who has no rule has own tokens made, and none for others, which is refused before a renewer that is no user", async () => {
  const alice = await userOf(bench, "alice");
  expect(await alice.create()).toMatchObject({ errorCode: Errors.NONE });
  expect(await alice.create({ ownerPrincipalType: "User", ownerPrincipalName: "alice" })).toMatchObject({ errorCode: Errors.NONE });
  expect(await alice.create(FOR_BOB)).toMatchObject({ ...tokenless, ...named("bob"), tokenRequesterPrincipalName: "alice" });
  expect(await alice.create({ ...FOR_BOB, renewers: [named("x", "Group")] })).toMatchObject(tokenless);
  expect(await alice.create({ ownerPrincipalType: "Group", ownerPrincipalName: "alice" })).toMatchObject(tokenless);
});

test("CREATE_TOKENS on a user is what tokens for that user need, and no rule forbids own ones", async () => {
  const alice = await userOf(bench, "alice");
  await rule("alice", "CREATE_TOKENS USER", "User:bob");
  await rule("alice", "CREATE_TOKENS USER", "User:alice", { permission: Permissions.DENY });
  expect(await alice.create(FOR_BOB)).toMatchObject({ errorCode: Errors.NONE, ...named("bob") });
  expect(await alice.create()).toMatchObject({ errorCode: Errors.NONE });
  expect(await alice.create({ ...FOR_BOB, ownerPrincipalName: "bobby" })).toMatchObject(tokenless);
  await rule("carol", "ALL USER", "*");
  expect(await (await userOf(bench, "carol")).create(FOR_BOB)).toMatchObject({ errorCode: Errors.NONE });
});

test("owner, requester and renewers see a token; others need DESCRIBE on it, or DESCRIBE_TOKENS on its owner", async () => {
  await rule("alice", "CREATE_TOKENS USER", "User:bob");
  const [alice, bob, carol] = [await userOf(bench, "alice"), await userOf(bench, "bob"), await userOf(bench, "carol")];
  await alice.create();
  await alice.create({ ...FOR_BOB, renewers: [named("carol")] });
  const { tokenId } = await bob.create();
  await carol.create();
  const sees = async (client: TokenClient, owners: Parameters<TokenClient["describe"]>[0] = null) =>
    (await client.describe(owners)).tokens.map((token) => `${token.principalName} by ${token.tokenRequesterPrincipalName}`);
  const [OWN, MADE] = ["alice by alice", "bob by alice"];
  expect(await sees(alice)).toEqual([OWN, MADE]);
  expect(await sees(bob)).toEqual([MADE, "bob by bob"]);
  expect(await sees(carol)).toEqual([MADE, "carol by carol"]);
  expect([await sees(carol, [named("alice")]), await sees(alice, [named("bob")])]).toEqual([[MADE], [MADE]]);
  await rule("alice", "DESCRIBE DELEGATION_TOKEN", tokenId);
  expect([await sees(alice), await sees(alice, [named("carol")])]).toEqual([[OWN, MADE, "bob by bob"], [MADE]]);
  await rule("alice", "DESCRIBE_TOKENS USER", "User:ca", { patternType: PatternTypes.PREFIXED });
  expect(await sees(alice)).toEqual([OWN, MADE, "bob by bob", "carol by carol"]);
  await rule("bob", "DESCRIBE_TOKENS USER", "User:bob", { permission: Permissions.DENY });
  expect(await sees(bob)).toEqual([MADE, "bob by bob"]);
});

test("an owner whose type has a colon is the one whose name has it, and that rules know so: no other may come with the token", async () => {
  await rule("alice", "CREATE_TOKENS USER", "User:x:bob");
  const alice = await userOf(bench, "alice");
  const made = await alice.create({ ownerPrincipalType: "User:x", ownerPrincipalName: "bob" });
  expect(made).toMatchObject({ errorCode: Errors.NONE, ...named("bob", "User:x") });
  expect((await alice.describe()).tokens).toMatchObject([named("x:bob")]);
  expect((await alice.describe([named("bob", "User:x")])).tokens).toEqual([]);
  expect((await (await userOf(bench, "bob")).describe()).tokens).toEqual([]);
  expect(bench.node.cluster.image.delegationTokens.get(made.tokenId)?.owner).toEqual({ type: "User", name: "x:bob" });
});

test("no rule lets others than its owner and renewers renew or withdraw a token", async () => {
  await rule("alice", "ALL USER", "*");
  await rule("alice", "ALL DELEGATION_TOKEN", "*");
  const alice = await userOf(bench, "alice");
  const { hmac } = await alice.create(FOR_BOB);
  const mismatch = { errorCode: Errors.DELEGATION_TOKEN_OWNER_MISMATCH };
  expect([await alice.renew(hmac), await alice.expire(hmac)]).toMatchObject([mismatch, mismatch]);
});
