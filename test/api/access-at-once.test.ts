// Access rules that change while clients are connected: the next request hears of it, in a fetch session, a group or a transaction too, and
// what brokers do among themselves asks nobody.

import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AclOperations } from "../../protocol/acl-codes.ts";
import { errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { LogLevels } from "../../src/base/log-levels.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { authorizerOf } from "../../src/broker/authorizing.ts";
import { emptyImage } from "../../src/cluster/image.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { KAFKA_LOGGERS } from "../../src/config/kafka-loggers.ts";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { parseAcl } from "../../src/security/acl-notation.ts";
import { logIn } from "../access-rules/login.ts";
import type { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const SETTINGS = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:admin",
};
const USERS = { admin: "admin", alice: "alice" };
const NO_PRODUCER = { producerId: -1, producerEpoch: -1 };

let broker: RunningBroker;
let admin: RawClient;
let alice: RawClient;
let topicCount = 0;
let topic: string;

beforeAll(async () => {
  broker = await startBroker({ users: USERS, settings: SETTINGS });
  admin = await logIn(broker.port, "admin");
});
beforeEach(async () => {
  topic = `topic-${++topicCount}`;
  alice = await logIn(broker.port, "alice");
  await admin.call(messages.createTopics, 7, {
    topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  });
  return () => alice.close();
});
afterAll(() => broker.stop());

async function allow(...sentences: string[]): Promise<void> {
  const creations = sentences.flatMap((sentence) => parseAcl(`User:alice allow ${sentence}`)).map(toCreation);
  const answer = await admin.call(messages.createAcls, 3, { creations });
  expect(answer?.results.map(({ errorCode }) => errorCode)).toEqual(creations.map(() => 0));
}

function toCreation({ patternType, permission, ...acl }: ReturnType<typeof parseAcl>[number]) {
  return { ...acl, resourcePatternType: patternType, permissionType: permission };
}

async function withdrawAll(): Promise<void> {
  const everything = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null };
  await admin.call(messages.deleteAcls, 3, { filters: [{ ...everything, operation: 1, permissionType: 1 }] });
}

function produceRequest(acks: number, transactional: { id: string; producerId: number; producerEpoch: number } | undefined) {
  const producer = transactional === undefined ? {} : { ...transactional, baseSequence: 0, isTransactional: true };
  const { bytes } = buildBatch([{ key: null, value: Buffer.from("value") }], { timestamp: Date.now(), ...producer });
  return {
    transactionalId: transactional?.id ?? null,
    acks,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: bytes }] }],
  };
}

async function produced(client: RawClient, transactional?: Parameters<typeof produceRequest>[1]): Promise<string> {
  const answer = await client.call(messages.produce, 11, produceRequest(-1, transactional));
  return errorName(answer?.responses[0]?.partitionResponses[0]?.errorCode ?? -1);
}

function fetchRequest(session: { readonly sessionId: number; readonly sessionEpoch: number }, maxWaitMs = 0) {
  const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 };
  return {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1_000_000,
    ...session,
    topics: session.sessionEpoch > 0 ? [] : [{ topic, partitions: [partition] }],
    forgottenTopicsData: [],
  };
}

test("a producer on an open connection is refused once its rule is gone, and goes on when it is back", async () => {
  expect(await produced(alice)).toBe("TOPIC_AUTHORIZATION_FAILED");
  await allow(`write topic ${topic}`);
  expect(await produced(alice)).toBe("NONE");
  await withdrawAll();
  expect(await produced(alice)).toBe("TOPIC_AUTHORIZATION_FAILED");
});

test("a producer that wants no answers loses its connection", async () => {
  alice.send(messages.produce, 11, produceRequest(0, undefined));
  await alice.closed();
});

test("a fetch session hears of a topic that may not be read any more, although there was nothing new in it, and reads on later", async () => {
  await allow(`read topic ${topic}`);
  const first = await alice.call(messages.fetch, 12, fetchRequest({ sessionId: 0, sessionEpoch: 0 }));
  const sessionId = first?.sessionId ?? 0;
  const next = async (sessionEpoch: number) => {
    const answer = await alice.call(messages.fetch, 12, fetchRequest({ sessionId, sessionEpoch }));
    return answer?.responses.flatMap(({ partitions }) =>
      partitions.map(({ errorCode, records }) => `${errorName(errorCode)} ${records?.length === 0 ? "empty" : "records"}`),
    );
  };
  expect(await next(1)).toEqual([]);
  await withdrawAll();
  expect(await next(2)).toEqual(["TOPIC_AUTHORIZATION_FAILED empty"]);
  await produced(admin);
  expect(await next(3)).toEqual(["TOPIC_AUTHORIZATION_FAILED empty"]);
  await allow(`read topic ${topic}`);
  expect(await next(4)).toEqual(["NONE records"]);
});

test("a consumer that waits for records is not given those that come after its rule is gone", async () => {
  await allow(`read topic ${topic}`);
  const waiting = alice.call(messages.fetch, 12, fetchRequest({ sessionId: 0, sessionEpoch: -1 }, 10_000));
  await withdrawAll();
  await produced(admin);
  const answer = await waiting;
  expect(answer?.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorName(errorCode)))).toEqual([
    "TOPIC_AUTHORIZATION_FAILED",
  ]);
});

test("a member of a group is refused while its rule is gone, and is still the member that it was", async () => {
  await allow("read group members");
  await admin.call(messages.findCoordinator, 4, { keyType: 0, coordinatorKeys: ["members"] });
  const protocols = [{ name: "range", metadata: Buffer.alloc(0) }];
  const join = { groupId: "members", sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, protocolType: "consumer", protocols };
  const joined = await alice.call(messages.joinGroup, 3, { ...join, memberId: "" });
  const member = { groupId: "members", generationId: joined?.generationId ?? -1, memberId: joined?.memberId ?? "" };
  await alice.call(messages.syncGroup, 3, { ...member, assignments: [] });
  const heartbeat = async () => errorName((await alice.call(messages.heartbeat, 3, member))?.errorCode ?? -1);
  const committed = async () => {
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }];
    const { generationId, ...own } = member;
    const answer = await alice.call(messages.offsetCommit, 7, {
      ...own,
      generationIdOrMemberEpoch: generationId,
      topics: [{ name: topic, partitions }],
    });
    return errorName(answer?.topics[0]?.partitions[0]?.errorCode ?? -1);
  };
  expect([await heartbeat(), await committed()]).toEqual(["NONE", "TOPIC_AUTHORIZATION_FAILED"]);
  await allow(`read topic ${topic}`);
  expect(await committed()).toBe("NONE");
  await withdrawAll();
  expect([await heartbeat(), await committed()]).toEqual(["GROUP_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"]);
  await allow("read group members");
  expect(await heartbeat()).toBe("NONE");
});

test("a transaction cannot be ended or gone on with while the right to its id is gone, and ends as it would when it is back", async () => {
  const rules = [`write topic ${topic}`, "write transactional-id payments"];
  await allow(...rules);
  await admin.call(messages.findCoordinator, 4, { keyType: 1, coordinatorKeys: ["payments"] });
  const id = "payments";
  const init = await alice.call(messages.initProducerId, 4, { transactionalId: id, transactionTimeoutMs: 60_000, ...NO_PRODUCER });
  const producer = { producerId: init?.producerId ?? -1, producerEpoch: init?.producerEpoch ?? -1 };
  const added = async () => {
    const answer = await alice.call(messages.addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: id,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    });
    return errorName(answer?.resultsByTopicV3AndBelow?.[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1);
  };
  const ended = async () =>
    errorName((await alice.call(messages.endTxn, 3, { transactionalId: id, ...producer, committed: true }))?.errorCode ?? -1);
  expect(await added()).toBe("NONE");
  expect(await produced(alice, { id, ...producer })).toBe("NONE");
  await withdrawAll();
  const REFUSED = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
  expect([await added(), await produced(alice, { id, ...producer }), await ended()]).toEqual([REFUSED, REFUSED, REFUSED]);
  await allow(...rules);
  expect(await ended()).toBe("NONE");
  // The marker was written, which the broker does itself.
  await expect
    .poll(async () => {
      const partitions = [{ partitionIndex: 0, timestamp: -1 }];
      const answer = await admin.call(messages.listOffsets, 7, { replicaId: -1, isolationLevel: 1, topics: [{ name: topic, partitions }] });
      return answer?.topics[0]?.partitions[0]?.offset;
    })
    .toBe(2);
});

test("a topic is made for who may write to it only where they may make it too", async () => {
  const named = async (name: string) => {
    const answer = await alice.call(messages.metadata, 9, { topics: [{ name, topicId: ZERO_UUID }], allowAutoTopicCreation: true });
    return errorName(answer?.topics[0]?.errorCode ?? -1);
  };
  expect(await named("made-1")).toBe("TOPIC_AUTHORIZATION_FAILED");
  await allow("write topic made-*");
  expect(await named("made-1")).toBe("TOPIC_AUTHORIZATION_FAILED");
  const before = await admin.call(messages.metadata, 9, { topics: null });
  expect(before?.topics.map(({ name }) => name)).not.toContain("made-1");
  await allow("create topic made-*");
  expect(await named("made-1")).toBe("NONE");
  await withdrawAll();
  await allow("describe topic made-*", "create cluster");
  expect(await named("made-2")).toBe("NONE");
});

test("brokers need no rules: a transaction over two of them commits for who may only write", async () => {
  const acls = [
    "User:alice allow write topic pairs",
    "User:alice allow write transactional-id pairs",
    "User:alice allow idempotent_write cluster",
  ];
  const cluster = await startCluster({ brokers: 2, users: USERS, settings: SETTINGS, acls, topics: [{ name: "pairs", partitions: 4 }] });
  try {
    const kafka = new Kafka({ ...cluster.connection.kafkajs({ user: "alice" }), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      transactionalId: "pairs",
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: "pairs", messages: [0, 1, 2, 3].map((partition) => ({ partition, value: `${partition}` })) });
    await transaction.commit();
    await producer.disconnect();
    // Read as committed: the coordinator has written its markers to both brokers.
    const committed = async () => (await cluster.topics.read("pairs")).map(({ value }) => value);
    await expect.poll(committed).toEqual(["0", "1", "2", "3"]);
  } finally {
    await cluster.stop();
  }
});

test("who is refused something has a line in the log, and one a second for whatever is asked of the kind", async () => {
  const lines: RecordedLine[] = [];
  const clock = new VirtualClock();
  const config = brokerConfig({ argument: SETTINGS });
  const ground = { config, clock, logLevels: new LogLevels(recordingLogger(lines), KAFKA_LOGGERS) };
  const access = authorizerOf(ground, { image: emptyImage("") })?.accessOf("User:alice", "127.0.0.1");
  for (let index = 0; index < 100; index++) access?.permits("READ TOPIC", `topic-${index}`);
  access?.permits("WRITE TOPIC", "topic-0");
  await clock.advance(1000);
  access?.permits("READ TOPIC", "topic-100");
  const told = lines.map(({ message, facts }) => `${message}: ${facts["permission"]} ${facts["name"]} ${facts["meanwhile"] ?? ""}`.trim());
  expect(told).toEqual([
    "access was denied: READ TOPIC topic-0",
    "access was denied: WRITE TOPIC topic-0",
    "access was denied: READ TOPIC topic-100 99",
  ]);
});

test("the operations that clients are told are theirs by the rules, on topics and on the cluster", async () => {
  const told = async () => {
    const request = { topics: [{ name: topic }], includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true };
    const answer = await alice.call(messages.metadata, 10, request);
    return [answer?.topics[0]?.topicAuthorizedOperations, answer?.clusterAuthorizedOperations].map(operationsIn);
  };
  await withdrawAll();
  expect(await told()).toEqual(["not told", []]);
  await allow(`write topic ${topic}`, "create cluster");
  expect(await told()).toEqual([["WRITE", "DESCRIBE"], []]);
  await allow("describe cluster");
  expect(await told()).toEqual([
    ["WRITE", "DESCRIBE"],
    ["CREATE", "DESCRIBE"],
  ]);
});

function operationsIn(bits: number | undefined): string | string[] {
  if (bits === undefined || bits < 0) return "not told";
  return Object.entries(AclOperations).flatMap(([name, code]) => ((bits & (1 << code)) === 0 ? [] : [name]));
}
