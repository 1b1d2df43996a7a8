// A broker with access rules inside a test: who may do what, by login, by certificate, and without either.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { type RunningBroker, type StartOptions, startBroker } from "../../src/index.ts";

const QUIET = { logLevel: logLevel.NOTHING, retry: { retries: 0 } };

async function start(options: StartOptions): Promise<RunningBroker> {
  const broker = await startBroker(options);
  onTestFinished(() => broker.stop());
  return broker;
}

async function administering<Result>(options: KafkaConfig, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Kafka({ ...options, ...QUIET }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

const EVERY_RULE = { resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 };

/** Whether a client may see the rules, which is to describe the cluster. */
async function seesRules(options: KafkaConfig): Promise<boolean> {
  try {
    return (await administering(options, (admin) => admin.describeAcls(EVERY_RULE))).resources.length > 0;
  } catch (error) {
    expect(error).toMatchObject({ type: "CLUSTER_AUTHORIZATION_FAILED" });
    return false;
  }
}

test("a user may do what rules say and nothing else, and who is to do everything is said in one of them", async () => {
  const acls = ["User:alice allow describe cluster", "User:eve allow all", "User:eve deny describe cluster", "User:admin allow all"];
  const broker = await start({ users: { alice: "a", bob: "b", eve: "c", admin: "d" }, acls });
  const seen: Record<string, boolean> = {};
  for (const user of ["alice", "bob", "eve", "admin"]) seen[user] = await seesRules(broker.connection.kafkajs({ user }));
  expect(seen).toEqual({ alice: true, bob: false, eve: false, admin: true });
});

test("what a rule hides is hidden, and a rule that is taken away holds no more on open connections", async () => {
  const acls = ["User:alice allow create,read topic orders*", "User:alice deny describe topic orders-eu", "User:admin allow all"];
  const broker = await start({ users: { alice: "a", admin: "b" }, topics: ["orders", "orders-eu", "ledger"], acls });
  const admin = (work: (one: Admin) => Promise<unknown>) => administering(broker.connection.kafkajs({ user: "admin" }), work);
  await administering(broker.connection.kafkajs({ user: "alice" }), async (alice) => {
    const seen = async () => (await alice.listTopics()).toSorted();
    expect(await seen()).toEqual(["orders"]);
    expect(await alice.createTopics({ topics: [{ topic: "orders-us" }] })).toBe(true);
    await expect(alice.createTopics({ topics: [{ topic: "ledgers" }] })).rejects.toMatchObject({
      errors: [{ type: "TOPIC_AUTHORIZATION_FAILED" }],
    });
    await admin((one) => one.deleteAcls({ filters: [{ ...EVERY_RULE, principal: "User:alice", permissionType: 2 }] }));
    expect(await seen()).toEqual(["orders", "orders-eu", "orders-us"]);
  });
  // The test's own doings with the broker are asked nothing.
  await broker.produce("ledger", "mine");
  expect(await broker.read("ledger")).toMatchObject([{ value: "mine" }]);
});

test("a client is known by its certificate, and without one and without a login by no name", async () => {
  const acls = ["User:CN=alice allow describe cluster", "User:ANONYMOUS allow create topic orders"];
  const broker = await start({ tls: true, settings: { "ssl.client.auth": "requested" }, acls });
  const given = broker.connection.kafkajs();
  const as = (name: string) => ({ ...given, ssl: { ...given.ssl, ...broker.tls.clientCertificate(name) } });
  expect([await seesRules(given), await seesRules(as("alice")), await seesRules(as("bob"))]).toEqual([false, true, false]);
});

test("rules that are given again are not there twice, and those that were made before stay", async () => {
  const data = mkdtempSync(join(tmpdir(), "odradek-acls-"));
  onTestFinished(() => rmSync(data, { recursive: true }));
  const options = { data, users: { admin: "a" }, topics: [] };
  for (const [acls, principals] of [
    [
      ["User:admin allow all", "User:alice allow read topic t"],
      ["User:admin", "User:alice"],
    ],
    [
      ["User:admin allow all", "User:bob allow read topic t"],
      ["User:admin", "User:alice", "User:bob"],
    ],
  ] as const) {
    const broker = await startBroker({ ...options, settings: { "odradek.acls": JSON.stringify(acls) } });
    const { resources } = await administering(broker.connection.kafkajs({ user: "admin" }), (admin) => admin.describeAcls(EVERY_RULE));
    await broker.stop();
    const kept = resources.flatMap((resource) =>
      resource.acls.map(({ principal }) => `${resource.resourceType} ${resource.resourceName} ${principal}`),
    );
    expect(new Set(kept).size).toBe(kept.length);
    expect([...new Set(kept.map((each) => each.split(" ")[2]))].toSorted()).toEqual(principals);
  }
});

test("a rule that is none is said with what is wrong, before anything listens", async () => {
  await expect(startBroker({ acls: ["User:a allow raed topic t"] })).rejects.toThrow(
    'odradek.acls: "User:a allow raed topic t": there is no operation raed (did you mean read?)',
  );
});

test("rules about users that nobody can be are a line in the log", async () => {
  const lines: unknown[][] = [];
  const record = (...line: unknown[]) => void lines.push(line);
  const logger = { isDebugging: false, debug: () => undefined, info: () => undefined, warn: record, error: record, child: () => logger };
  await start({ acls: ["User:alice allow read topic t", "User:ANONYMOUS allow read topic t"], logger });
  expect(lines).toEqual([
    [{ principals: ["User:alice"], everybodyIs: "User:ANONYMOUS" }, expect.stringContaining("no listener asks clients who they are")],
  ]);
  lines.length = 0;
  await start({ acls: ["User:alice allow read topic t"], users: { alice: "a" }, logger });
  expect(lines).toEqual([]);
});
