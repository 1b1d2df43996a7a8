// Delegation tokens: made by Kafka's own tool and by ours, which print the same; told in the same bytes by each version; and clients that come
// with them, until they are withdrawn.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";
import { Errors } from "../../protocol/errors.ts";
import { createAcls } from "../../protocol/messages/index.ts";
import { GoProgram } from "../../scripts/go-program.ts";
import type { PasswordLogin } from "../../src/client/sasl.ts";
import { named, TokenClient } from "../support/token-client.ts";
import { type BrokerName, type BrokerUnderTest, NODE, ROOT } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { port } from "./port.ts";
import { type Outcome, run, runOrThrow } from "./processes.ts";
import { PASSWORD, SecuredBrokers } from "./secured-broker.ts";
import { ToolRunner } from "./tool-runner.ts";

const TOPIC = "tokens";
const HOUR_MS = 3_600_000;
/** Of rules Kafka tells its brokers after it has answered, and there is no sign of it. */
const SETTLE_MS = 300;
const brokers = new SecuredBrokers(
  { kafka: port(20192), odradek: port(20292) },
  {
    "delegation.token.secret.key": "secret-of-the-cluster",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:alice;User:ANONYMOUS",
  },
);
const tools = new ToolRunner();
const franzGo = new GoProgram(join(import.meta.dirname, "franz-go"));
const folder = mkdtempSync(join(tmpdir(), "odradek-tokens-"));

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await tools.stop();
  await brokers.stop();
});

const ALICE: PasswordLogin = { mechanism: "PLAIN", user: "alice", password: PASSWORD };
const BOB: PasswordLogin = { ...ALICE, user: "bob" };

async function login(name: BrokerName): Promise<string> {
  return (await brokers.of(name, TOPIC)).login.SASL_PLAINTEXT;
}

async function clientOf(name: BrokerName, as?: PasswordLogin): Promise<TokenClient> {
  const client = await TokenClient.connect(Number((await login(name)).split(":")[1]));
  if (as !== undefined) await client.logIn(as);
  return client;
}

/** On the listener without a login. */
async function strangerOf(name: BrokerName): Promise<TokenClient> {
  const { bootstrap } = await brokers.of(name, TOPIC);
  return TokenClient.connect(Number(bootstrap.split(":")[1]));
}

/** Kafka tells its brokers of a token after it has answered. */
async function isKnown(client: TokenClient, id: string): Promise<void> {
  while (!(await client.describe()).tokens.some(({ tokenId }) => tokenId === id)) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function isGone(client: TokenClient, id: string): Promise<void> {
  while ((await client.describe()).tokens.some(({ tokenId }) => tokenId === id)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Times from now on in minutes, and of what is secret or by chance the length. */
function plain(value: unknown): Observation {
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "number" && each > 1e12) return `now + ${Math.round((each - Date.now()) / 60_000)} min`;
    if (typeof each === "object" && each !== null && "data" in each && Array.isArray(each.data)) return `${each.data.length} bytes`;
    return each;
  });
  return JSON.parse(text.replace(/("tokenId":)"[\w-]{22}"/g, '$1"<id>"')) as Observation;
}

compare("each version of each request is answered the same", async ({ name }) => {
  const [alice, bob] = [await clientOf(name, ALICE), await clientOf(name, BOB)];
  const stranger = await strangerOf(name);
  const observed: unknown[] = [];
  for (const version of [1, 2, 3]) {
    const token = await alice.create({ renewers: [named("bob")], maxLifetimeMs: 2 * HOUR_MS }, version);
    await isKnown(alice, token.tokenId);
    const described = (await alice.describe([named("bob")], version)).tokens.filter(({ tokenId }) => tokenId === token.tokenId);
    const older = Math.min(version, 2);
    observed.push(token, described, await stranger.create({}, version), await stranger.describe(null, version));
    for (const client of [stranger, bob]) {
      observed.push(await client.renew(token.hmac, HOUR_MS, older), await client.expire(token.hmac, HOUR_MS, older));
      observed.push(await client.renew(Buffer.alloc(64), -1, older), await client.expire(Buffer.alloc(64), -1, older));
    }
    observed.push(await alice.expire(token.hmac, -1, older));
    await isGone(alice, token.tokenId);
    observed.push(await alice.expire(token.hmac, -1, older), await alice.renew(token.hmac, -1, older));
  }
  const wrong = [
    { renewers: [named("group", "Group")] },
    { ownerPrincipalType: "Group", ownerPrincipalName: "g" },
    { ownerPrincipalType: null, ownerPrincipalName: "bob" },
    { maxLifetimeMs: 0 },
    { maxLifetimeMs: 1 },
  ];
  for (const body of wrong) observed.push(await alice.create(body));
  for (const client of [alice, bob, stranger]) client.close();
  return plain(observed);
});

compare("logins with tokens go the same, those with what is none as well, and those that log in again", async ({ name }) => {
  const [alice, bob] = [await clientOf(name, ALICE), await clientOf(name, BOB)];
  const [token, short, bobs] = [await alice.create(), await alice.create({ maxLifetimeMs: HOUR_MS }), await bob.create()];
  for (const { tokenId } of [token, short, bobs]) await isKnown(alice, tokenId);
  const observed: Record<string, unknown> = {};
  const ways: Readonly<Record<string, Partial<PasswordLogin>>> = {
    right: {},
    "by SHA-512": { mechanism: "SCRAM-SHA-512" },
    "without tokenauth": { isByToken: false },
    "by PLAIN": { mechanism: "PLAIN" },
    "with another's HMAC": { password: bobs.hmac.toString("base64") },
    "under the owner's name": { user: "alice" },
    "with the owner's password": { user: "alice", password: PASSWORD },
  };
  const inMinutes = (outcome: Awaited<ReturnType<TokenClient["logIn"]>>) =>
    "lifetimeMs" in outcome ? { minutes: Math.round(outcome.lifetimeMs / 60_000) } : outcome;
  for (const [way, other] of Object.entries(ways)) {
    const client = await clientOf(name);
    const outcome = inMinutes(await client.logInWith(token, other));
    observed[way] = [
      outcome,
      await client.isIn(),
      ...("minutes" in outcome ? [plain(await client.create()), await client.describe()] : []),
    ];
    client.close();
  }
  const client = await clientOf(name);
  const again: unknown[] = [inMinutes(await client.logInWith(short)), inMinutes(await client.logInWith(token)), await client.isIn()];
  await new Promise((resolve) => setTimeout(resolve, 1100));
  again.push(await client.logInWith(bobs), await client.isIn());
  const [expired, withdrawn] = [await clientOf(name), await clientOf(name)];
  await withdrawn.logInWith(token);
  await alice.expire(short.hmac, 0);
  await alice.expire(token.hmac);
  await isGone(alice, token.tokenId);
  again.push(await withdrawn.isIn(), await withdrawn.logInWith(token), await expired.logInWith(short), await expired.isIn());
  for (const each of [client, expired, withdrawn, alice, bob]) each.close();
  return plain({ ...observed, again });
});

compare("rules say the same about who has tokens made for others, and who sees which", async ({ name }) => {
  const [alice, bob] = [await clientOf(name, ALICE), await clientOf(name, BOB)];
  const admin = await strangerOf(name);
  const labels = new Map<string, string>();
  const create = async (label: string, client: TokenClient, body: Parameters<TokenClient["create"]>[0] = {}) => {
    const { errorCode, tokenId } = await client.create(body);
    labels.set(tokenId, label);
    if (errorCode === Errors.NONE) await isKnown(alice, tokenId);
    return [errorCode, tokenId] as const;
  };
  const sees = async (owner?: string) =>
    (await bob.describe(owner === undefined ? null : [named(owner)])).tokens.flatMap(({ tokenId }) => labels.get(tokenId) ?? []).toSorted();
  const allow = async (resourceType: number, resourceName: string, operation: number) => {
    const rule = { resourceType, resourceName, principal: "User:bob", host: "*", operation, permissionType: Permissions.ALLOW };
    await admin.raw.call(createAcls, 3, { creations: [{ ...rule, resourcePatternType: PatternTypes.LITERAL }] });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  };
  const forCarol = { ownerPrincipalType: "User", ownerPrincipalName: "carol" };
  const observed: unknown[] = [(await create("bob's", bob))[0], await bob.create(forCarol)];
  observed.push(await bob.create({ ...forCarol, renewers: [named("group", "Group")] }));
  await allow(ResourceTypes.USER, "User:carol", AclOperations.CREATE_TOKENS);
  observed.push((await create("carol's", bob, forCarol))[0], await sees(), await sees("carol"));
  const [, shared] = await create("alice's", alice, { renewers: [named("bob")] });
  const [, told] = await create("alice's, too", alice);
  observed.push(await sees(), await sees("alice"));
  await allow(ResourceTypes.DELEGATION_TOKEN, told, AclOperations.DESCRIBE);
  observed.push(await sees(), await sees("alice"), await sees("carol"));
  await allow(ResourceTypes.USER, "User:carol", AclOperations.DESCRIBE_TOKENS);
  observed.push(await sees(), await sees("alice"), await sees("carol"));
  const { tokens } = await alice.describe([named("alice")]);
  const hmacOf = (id: string) => tokens.find(({ tokenId }) => tokenId === id)?.hmac ?? Buffer.alloc(0);
  observed.push((await bob.renew(hmacOf(shared))).errorCode, (await bob.renew(hmacOf(told))).errorCode);
  for (const each of [alice, bob, admin]) each.close();
  return plain(observed);
});

compare("Kafka's console tools and franz-go come with a token that Kafka's tool has made, until it is withdrawn", async ({ name }) => {
  const bootstrap = await login(name);
  const at = ["--bootstrap-server", bootstrap, "--command-config"];
  const mine = propertiesOf(ALICE);
  const made = await tools.run("delegation-tokens", [...at, mine, "--create", "--max-life-time-period", "-1"]);
  const [, id = "", hmac = ""] = /^([\w-]{22}) (\S{86}==) /m.exec(made.stdout) ?? [];
  const watching = await clientOf(name, ALICE);
  await isKnown(watching, id);
  const withToken = propertiesOf({ mechanism: "SCRAM-SHA-512", user: id, password: hmac, isByToken: true });
  const topic = ["--topic", TOPIC];
  const go = async () => {
    if (!franzGo.canBuild()) return null;
    const wanted = { bootstrap, topic: TOPIC, mechanism: "SCRAM-SHA-256", user: id, password: hmac, isToken: true };
    return JSON.parse(await runOrThrow(franzGo.build(), [JSON.stringify(wanted)], { deadlineMs: 60_000 })) as Observation;
  };
  const produced = await tools.run("console-producer", [...at, withToken, ...topic], "by token\n");
  const read = ["--from-beginning", "--max-messages", "1", "--timeout-ms", "20000"];
  const consumed = await tools.run("console-consumer", [...at, withToken, ...topic, ...read]);
  const byGo = await go();
  const refused = await tools.run("delegation-tokens", [...at, withToken, "--create", "--max-life-time-period", "-1"]);
  await tools.run("delegation-tokens", [...at, mine, "--expire", "--hmac", hmac, "--expiry-time-period", "-1"]);
  await isGone(watching, id);
  watching.close();
  const afterwards = await tools.run("topics", [...at, withToken, "--list"]);
  return {
    produced: produced.exitCode,
    consumed: consumed.stdout,
    byGo,
    refused: firstLine(refused.stderr),
    afterwards: [afterwards.exitCode, firstLine(afterwards.stdout + afterwards.stderr)],
    byGoAfterwards: await go(),
  };
});

/** $HMAC: of the token that was made last. */
const LINES = `

--create
--create --describe
--create --max-life-time-period -1 --hmac x
--create --max-life-time-period -1 --renewer-principal bob
--create --max-life-time-period -1 --renewer-principal Group:bob
--create --max-life-time-period -1 --renewer-principal
--create --max-life-time-period 7200000 --renewer-principal User:bob --renewer-principal User:carol --owner-principal User:owner-%
--describe
--describe --hmac x
--describe --owner-principal User:owner-% --owner-principal User:nobody
--describe --owner-principal User:nobody
--renew
--renew --hmac $HMAC
--renew --hmac $HMAC --renew-time-period 5 --owner-principal User:x
--renew --hmac $HMAC --renew-time-period 5
--create --max-life-time-period 3600000
--renew --hmac $HMAC --renew-time-period 600000
--renew --hmac x! --renew-time-period 5
--renew --hmac AAAA --renew-time-period 5
--expire --hmac $HMAC
--expire --hmac $HMAC --expiry-time-period 5 --max-life-time-period 4
--expire --hmac $HMAC --expiry-time-period 600000
--expire --hmac $HMAC --expiry-time-period -1
--expire --hmac $HMAC --expiry-time-period -1
`
  .split("\n")
  .slice(1, -1);

describe.each(inject("brokers"))("on $name", ({ name }: BrokerUnderTest) => {
  test("our kafka-delegation-tokens prints what Kafka's prints", async () => {
    const expected = await transcribe(name, "jvm", (args) => tools.run("delegation-tokens", args));
    const observed = await transcribe(name, "our", (args) =>
      run(NODE, [`${ROOT}/scripts/odradek.cjs`, "kafka-delegation-tokens", ...args]),
    );
    expect(observed, "as Kafka's own").toEqual(expected);
  });
});

async function transcribe(name: BrokerName, mark: string, tool: (args: readonly string[]) => Promise<Outcome>): Promise<unknown> {
  const at = ["--bootstrap-server", await login(name), "--command-config", propertiesOf(ALICE)];
  const watching = await clientOf(name, ALICE);
  const observed: [string, unknown][] = [];
  let hmac = "";
  for (const line of LINES) {
    const words = line.replaceAll("$HMAC", hmac).replaceAll("%", mark).split(" ");
    const { exitCode, stdout, stderr } = await tool(line === "" ? [] : [...at, ...words]);
    const [, id, made] = (line.startsWith("--create") && /^([\w-]{22}) (\S{86}==) /m.exec(stdout)) || [];
    if (id !== undefined) await isKnown(watching, id);
    hmac = made ?? hmac;
    const lines = stdout
      .replaceAll(mark, "%")
      .replace(/\S{86}==/g, "<hmac>")
      .replace(/(?<![\w-])[\w-]{22}(?![\w-])/g, "<id>")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d/g, "<time>");
    observed.push([`${observed.length}: ${line}`, { exitCode, stdout: lines, stderr: firstLine(stderr) }]);
  }
  watching.close();
  return Object.fromEntries(observed);
}

/** What follows is a stack trace or a table of options, and each one's own. */
function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "" && !/^\[?\d/.test(line)) ?? "";
}

/** A file for --command-config. */
function propertiesOf({ mechanism, user, password, isByToken = false }: PasswordLogin): string {
  const path = join(folder, `${mechanism}-${user}.properties`);
  const module = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  const options = `username="${user}" password="${password}"${isByToken ? ' tokenauth="true"' : ""}`;
  const lines = [
    "security.protocol=SASL_PLAINTEXT",
    `sasl.mechanism=${mechanism}`,
    `sasl.jaas.config=org.apache.kafka.common.security.${module} required ${options};`,
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
