// Ways around access rules that come to mind, each tried and refused. Ways around a login itself are tried in ../server/sasl.test.ts, and
// what a broker must prove in ../cluster/peer-proof.test.ts.

import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { decodeResponse } from "../../protocol/headers.ts";
import {
  addPartitionsToTxn,
  createAcls,
  describeAcls,
  endTxn,
  fetch,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  metadata,
  offsetCommit,
  produce,
  saslAuthenticate,
  saslHandshake,
  syncGroup,
} from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { logIn } from "../access-rules/login.ts";
import { oneRecord } from "../access-rules/probes-data.ts";
import {
  ALLOW,
  ALTER,
  allow,
  CLUSTER,
  CLUSTER_NAME,
  DENY,
  GROUP,
  LITERAL,
  type Need,
  PREFIXED,
  READ,
  type Rule,
  TOPIC,
  TRANSACTIONAL_ID,
  WRITE,
} from "../access-rules/rules.ts";
import { SetUp } from "../access-rules/set-up.ts";
import { RawClient } from "../support/raw-client.ts";

const ADMIN = "admin";
const ALICE = "alice";
/** Users who are nearly alice. */
const IMPOSTORS = ["ALICE", "Alice", "alice ", "alic", "alicea", "User:alice", "al\u0131ce", "*"];
const USERS = [ADMIN, ALICE, "mallory", ...IMPOSTORS];
const TOPIC_NAME = "orders";

let broker: RunningBroker;
let setUp: SetUp;
const admin = { client: undefined as RawClient | undefined };

beforeAll(async () => {
  broker = await startBroker({
    users: Object.fromEntries(USERS.map((user) => [user, user])),
    topics: [TOPIC_NAME, "Orders", "orders-eu", "secret"],
    settings: {
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": `User:${ADMIN}`,
      "connection.failed.authentication.delay.ms": 0,
    },
  });
  admin.client = await logIn(broker.port, ADMIN);
  setUp = new SetUp(admin.client, 0);
  await setUp.coordinators();
});
afterEach(() => setUp.dropRules());
afterAll(async () => {
  admin.client?.close();
  await broker.stop();
});

async function as(user: string): Promise<RawClient> {
  const client = await logIn(broker.port, user);
  onTestFinished(() => client.close());
  return client;
}

const write = (name: string): Need => ({ resourceType: TOPIC, resourceName: name, operation: WRITE });
const read = (name: string): Need => ({ resourceType: TOPIC, resourceName: name, operation: READ });
const readGroup: Need = { resourceType: GROUP, resourceName: "readers", operation: READ };

function recordsFor(name: string, records = oneRecord(), transactionalId: string | null = null) {
  return { transactionalId, acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData: [{ index: 0, records }] }] };
}

function errorOf(answer: DecodedMessage<typeof produce.response> | undefined): number | undefined {
  return answer?.responses[0]?.partitionResponses[0]?.errorCode;
}

/** The error of a record that is written to a topic. */
async function writing(
  client: RawClient,
  name = TOPIC_NAME,
  ...record: [records?: Buffer, transactionalId?: string]
): Promise<number | undefined> {
  return errorOf(await client.call(produce, 9, recordsFor(name, ...record)));
}

describe("a rule for alice", () => {
  test.each(IMPOSTORS)("says nothing about the user %j", async (impostor) => {
    await setUp.makeRules([allow(write(TOPIC_NAME), "User:alice")]);
    expect(await writing(await as(ALICE))).toBe(Errors.NONE);
    expect(await writing(await as(impostor))).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
  });

  test.each(["user:alice", "USER:alice", "Group:alice"])("that calls her %s says nothing about her", async (principal) => {
    await setUp.makeRules([allow(write(TOPIC_NAME), principal)]);
    expect(await writing(await as(ALICE))).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
  });

  test.each<[string, Partial<Rule>, string]>([
    ["by a name in another case", { resourceName: "Orders" }, TOPIC_NAME],
    ["by a prefix in another case", { resourceName: "Ord", resourcePatternType: PREFIXED }, TOPIC_NAME],
    ["by what is a prefix, but literally meant", { resourceName: TOPIC_NAME }, "orders-eu"],
    ["by a longer prefix", { resourceName: "orders-", resourcePatternType: PREFIXED }, TOPIC_NAME],
    ["by a prefix that is a star", { resourceName: "*", resourcePatternType: PREFIXED }, TOPIC_NAME],
    ["by a name with a star in it", { resourceName: "orders*" }, "orders-eu"],
    ["on a group of that name", { resourceType: GROUP }, TOPIC_NAME],
    ["from another address that begins like hers", { host: "127.0.0.11" }, TOPIC_NAME],
    ["from a network", { host: "127.0.0.0/8" }, TOPIC_NAME],
    ["from a host by its name", { host: "localhost" }, TOPIC_NAME],
  ])("opens nothing else: %s", async (_, change, asked) => {
    await setUp.makeRules([allow(write(TOPIC_NAME), "User:alice", change)]);
    expect(await writing(await as(ALICE), asked)).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
  });

  test.each<[string, Partial<Rule>]>([
    ["everybody", { principal: "User:*" }],
    ["everybody on all topics", { principal: "User:*", resourceName: "*" }],
    ["her by a prefix", { resourceName: "o", resourcePatternType: PREFIXED }],
    ["her from where she is", { host: "127.0.0.1" }],
  ])("does not help against one that denies it to %s", async (_, change) => {
    const rule = allow(write(TOPIC_NAME), "User:alice");
    await setUp.makeRules([rule, { ...rule, permissionType: DENY, ...change }]);
    expect(await writing(await as(ALICE))).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
  });
});

test("requests behind a login in one packet are those of who logs in, and of nobody else", async () => {
  await setUp.makeRules([allow(write(TOPIC_NAME), "User:alice")]);
  for (const [user, expected] of [
    [ALICE, Errors.NONE],
    ["mallory", Errors.TOPIC_AUTHORIZATION_FAILED],
  ] as const) {
    const client = await RawClient.connect(broker.port);
    client.socket.cork();
    client.send(saslHandshake, 1, { mechanism: "PLAIN" });
    client.send(saslAuthenticate, 2, { authBytes: Buffer.from(`\0${user}\0${user}`) });
    client.send(produce, 9, recordsFor(TOPIC_NAME));
    client.socket.uncork();
    const [, , frame = Buffer.alloc(0)] = [await client.next(), await client.next(), await client.next()];
    expect(errorOf(decodeResponse(produce, 9, frame).body)).toBe(expected);
    client.close();
  }
});

test("a login as somebody on whose behalf another would act is refused", async () => {
  const client = await RawClient.connect(broker.port);
  await client.call(saslHandshake, 1, { mechanism: "PLAIN" });
  const answer = await client.call(saslAuthenticate, 2, { authBytes: Buffer.from(`${ADMIN}\0mallory\0mallory`) });
  expect(answer?.errorCode).toBe(Errors.SASL_AUTHENTICATION_FAILED);
  expect(await client.next()).toBeUndefined();
});

test.each(["broker-1", "1", ADMIN, `User:${ADMIN}`, "__admin_client"])("a client that calls itself %s may do no more", async (clientId) => {
  const client = await RawClient.connect(broker.port, "127.0.0.1", clientId);
  onTestFinished(() => client.close());
  await client.call(saslHandshake, 1, { mechanism: "PLAIN" });
  await client.call(saslAuthenticate, 2, { authBytes: Buffer.from("\0mallory\0mallory") });
  for (const topic of [TOPIC_NAME, "__consumer_offsets", "__transaction_state"]) {
    expect(await writing(client, topic)).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
  }
  await setUp.makeRules([allow(write("__consumer_offsets"), "User:mallory")]);
  if (clientId !== "__admin_client") expect(await writing(client, "__consumer_offsets")).toBe(Errors.INVALID_TOPIC_EXCEPTION);
});

describe("a fetch session", () => {
  const fetching = (client: RawClient, sessionId: number, sessionEpoch: number, topics: readonly string[]) =>
    client.call(fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      sessionId,
      sessionEpoch,
      topics: topics.map((topic) => ({ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] })),
    });
  const partitionOf = (answer: Awaited<ReturnType<typeof fetching>>) => answer?.responses[0]?.partitions[0];

  async function begunByAlice() {
    await setUp.makeRules([allow(read(TOPIC_NAME), "User:alice"), allow(write(TOPIC_NAME), "User:alice")]);
    const alice = await as(ALICE);
    await writing(alice);
    const first = await fetching(alice, 0, 0, [TOPIC_NAME]);
    expect(partitionOf(first)).toMatchObject({ errorCode: Errors.NONE });
    return { alice, sessionId: first?.sessionId ?? 0 };
  }

  test("does not outlive the rule: who went on reading in it is refused", async () => {
    const { alice, sessionId } = await begunByAlice();
    await setUp.dropRules();
    const partition = partitionOf(await fetching(alice, sessionId, 1, []));
    expect(partition).toMatchObject({ errorCode: Errors.TOPIC_AUTHORIZATION_FAILED });
    expect(partition?.records?.length ?? 0).toBe(0);
  });

  test("is not a way in for who knows its number", async () => {
    const { sessionId } = await begunByAlice();
    const partition = partitionOf(await fetching(await as("mallory"), sessionId, 1, []));
    expect(partition).toMatchObject({ errorCode: Errors.TOPIC_AUTHORIZATION_FAILED });
    expect(partition?.records?.length ?? 0).toBe(0);
  });
});

describe("when the rule goes, what was begun goes no further:", () => {
  test("a transaction takes no more records and no more partitions, and is not committed", async () => {
    const rules = [
      allow(write(TOPIC_NAME), "User:alice"),
      allow({ resourceType: TRANSACTIONAL_ID, resourceName: "t", operation: WRITE }, "User:alice"),
    ];
    await setUp.makeRules(rules);
    const alice = await as(ALICE);
    const producer = await alice.call(initProducerId, 4, { transactionalId: "t", transactionTimeoutMs: 60_000 });
    const by = { producerId: producer?.producerId ?? -1, producerEpoch: producer?.producerEpoch ?? -1 };
    const adding = () =>
      alice.call(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: "t",
        v3AndBelowProducerId: by.producerId,
        v3AndBelowProducerEpoch: by.producerEpoch,
        v3AndBelowTopics: [{ name: TOPIC_NAME, partitions: [0] }],
      });
    expect((await adding())?.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode).toBe(Errors.NONE);
    await setUp.dropRules();
    expect(await writing(alice, TOPIC_NAME, oneRecord(by), "t")).toBe(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    expect((await adding())?.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode).toBe(
      Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    );
    const ending = () => alice.call(endTxn, 3, { transactionalId: "t", ...by, committed: true });
    expect((await ending())?.errorCode).toBe(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    await setUp.makeRules(rules);
    expect((await ending())?.errorCode).toBe(Errors.NONE);
  });

  test("a member of a group cannot go on, commit or leave", async () => {
    await setUp.makeRules([allow(readGroup, "User:alice"), allow(read(TOPIC_NAME), "User:alice")]);
    const alice = await as(ALICE);
    const joined = await alice.call(joinGroup, 3, {
      groupId: "readers",
      sessionTimeoutMs: 30_000,
      memberId: "",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: Buffer.alloc(0) }],
    });
    const member = { groupId: "readers", generationId: joined?.generationId ?? -1, memberId: joined?.memberId ?? "" };
    expect((await alice.call(syncGroup, 3, { ...member, assignments: [] }))?.errorCode).toBe(Errors.NONE);
    expect((await alice.call(heartbeat, 3, member))?.errorCode).toBe(Errors.NONE);
    await setUp.dropRules();
    const refused = Errors.GROUP_AUTHORIZATION_FAILED;
    expect((await alice.call(heartbeat, 3, member))?.errorCode).toBe(refused);
    expect((await alice.call(syncGroup, 3, { ...member, assignments: [] }))?.errorCode).toBe(refused);
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }];
    const committed = await alice.call(offsetCommit, 7, {
      groupId: member.groupId,
      generationIdOrMemberEpoch: member.generationId,
      memberId: member.memberId,
      topics: [{ name: TOPIC_NAME, partitions }],
    });
    expect(committed?.topics[0]?.partitions[0]?.errorCode).toBe(refused);
    expect((await alice.call(leaveGroup, 2, { groupId: "readers", memberId: member.memberId }))?.errorCode).toBe(refused);
  });
});

test("nobody gives themselves rules, or makes themselves a super user", async () => {
  const mallory = await as("mallory");
  const rule = {
    resourceType: CLUSTER,
    resourceName: CLUSTER_NAME,
    resourcePatternType: LITERAL,
    principal: "User:mallory",
    host: "*",
    operation: ALTER,
    permissionType: ALLOW,
  };
  expect((await mallory.call(createAcls, 3, { creations: [rule] }))?.results[0]?.errorCode).toBe(Errors.CLUSTER_AUTHORIZATION_FAILED);
  const altering = (client: RawClient, name: string, value: string) =>
    client.call(incrementalAlterConfigs, 1, {
      resources: [{ resourceType: 4, resourceName: "", configs: [{ name, configOperation: 0, value }] }],
      validateOnly: false,
    });
  expect((await altering(mallory, "super.users", "User:mallory"))?.responses[0]?.errorCode).toBe(Errors.CLUSTER_AUTHORIZATION_FAILED);
  // Not even who may alter settings can: it is read at the start.
  expect((await altering(await as(ADMIN), "super.users", "User:mallory"))?.responses[0]?.errorCode).toBe(Errors.INVALID_REQUEST);
  const everything = {
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    principalFilter: null,
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  };
  const seen = await mallory.call(describeAcls, 3, everything);
  expect(seen).toMatchObject({ errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, resources: [] });
});

test("names of any length and form are refused like others, and hide what is there from what is not", async () => {
  const mallory = await as("mallory");
  for (const groupId of ["x".repeat(32_000), "__proto__", "hardcode", "*", "", "\0"]) {
    expect((await mallory.call(heartbeat, 3, { groupId, generationId: 1, memberId: "m" }))?.errorCode).toBe(
      Errors.GROUP_AUTHORIZATION_FAILED,
    );
  }
  const names = ["secret", "not-there", "__consumer_offsets", "constructor"];
  const answer = await mallory.call(metadata, 12, { topics: names.map((name) => ({ name })), includeTopicAuthorizedOperations: true });
  const shapes = new Set(answer?.topics.map(({ name: _, ...shape }) => JSON.stringify(shape)));
  expect([...shapes]).toHaveLength(1);
  expect(answer?.topics[0]?.errorCode).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
});
