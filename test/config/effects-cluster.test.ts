// Settings of brokers, their listeners and topics: each is changed and its effect seen. A title begins with the settings that it is about.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { planStart } from "../../src/cli/start-plan.ts";
import { RawClient } from "../support/raw-client.ts";
import { EffectBench, seen, turns } from "./effect-bench.ts";

async function metadata({ asking }: EffectBench, topic?: string) {
  const topics = topic === undefined ? [] : [{ name: topic }];
  return asking.ask(messages.metadata, { topics, allowAutoTopicCreation: true }, 9);
}

test("node.id, broker.id: the broker goes by that number, under either name", async () => {
  const ids = async (bench: EffectBench) => (await metadata(bench)).brokers.map(({ nodeId }) => nodeId);
  expect(await seen({ "node.id": 7 }, ids)).toEqual([[1], [7]]);
  expect(await seen({ "broker.id": 8 }, ids)).toEqual([[1], [8]]);
});

test("broker.rack: clients are told the rack", async () => {
  const racks = async (bench: EffectBench) => (await metadata(bench)).brokers.map(({ rack }) => rack);
  expect(await seen({ "broker.rack": "east" }, racks)).toEqual([[null], ["east"]]);
});

test("listeners: the broker listens on each", async () => {
  const count = ({ node }: EffectBench) => node.cluster.image.brokers.get(1)?.endpoints.length;
  const settings = { "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT" };
  expect(await seen({ listeners: "PLAINTEXT://127.0.0.1:0,INSIDE://127.0.0.1:0" }, count, { settings })).toEqual([1, 2]);
});

test("listener.security.protocol.map: a listener of another name than its protocol's is served", async () => {
  const listeners = "INSIDE://127.0.0.1:0";
  await expect(EffectBench.start({ settings: { listeners } })).rejects.toThrow("INSIDE");
  await using bench = await EffectBench.start({ settings: { listeners, "listener.security.protocol.map": "INSIDE:PLAINTEXT" } });
  expect((await metadata(bench)).brokers.length).toBe(1);
  expect(() => planStart({ set: [`listeners=${listeners}`] }, {})).toThrow("INSIDE");
  expect(planStart({ set: [`listeners=${listeners}`, "listener.security.protocol.map=INSIDE:PLAINTEXT"] }, {}).port).toBe(0);
});

test("controller.listener.names: the controllers' listeners are not opened", async () => {
  const names = ({ node }: EffectBench) => node.cluster.image.brokers.get(1)?.endpoints.map(({ listener }) => listener);
  const settings = {
    listeners: "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  };
  expect(await seen({ "controller.listener.names": "CONTROLLER" }, names, { settings })).toEqual([
    ["PLAINTEXT", "CONTROLLER"],
    ["PLAINTEXT"],
  ]);
});

test("advertised.listeners: clients are told that address", async () => {
  const told = async (bench: EffectBench) => (await metadata(bench)).brokers.map(({ host, port }) => `${host}:${port}`);
  const [without, advertised] = await seen({ "advertised.listeners": "PLAINTEXT://broker.example:1234" }, told);
  expect(without).not.toEqual(advertised);
  expect(advertised).toEqual(["broker.example:1234"]);
});

test("log.dir, log.dirs: data is kept in that folder, log.dirs counting more", () => {
  const data = (...set: string[]) => planStart({ set }, {}).data;
  expect(data("log.dir=/somewhere/a")).toBe("/somewhere/a");
  expect(data("log.dir=/somewhere/a", "log.dirs=/somewhere/b,/somewhere/c")).toBe("/somewhere/b");
});

test("connections.max.idle.ms: a silent connection is closed after that time", async () => {
  const isClosedIn2s = async ({ clock, asking }: EffectBench) => {
    const client = await RawClient.connect(asking.broker.port);
    let isClosed = false;
    void client.closed().then(() => {
      isClosed = true;
    });
    await turns(20);
    await clock.advance(2000);
    await Promise.race([client.closed(), new Promise((resolve) => setTimeout(resolve, 200))]);
    client.close();
    return isClosed;
  };
  expect(await seen({ "connections.max.idle.ms": 1000 }, isClosedIn2s)).toEqual([false, true]);
});

test("socket.request.max.bytes: a larger request closes its connection", async () => {
  const isServed = async ({ asking }: EffectBench) => {
    const client = await RawClient.connect(asking.broker.port);
    const topics = [{ name: "x".repeat(200) }];
    const answer = await client.call(messages.metadata, 9, { topics, allowAutoTopicCreation: false });
    client.close();
    return answer !== undefined;
  };
  expect(await seen({ "socket.request.max.bytes": 100 }, isServed)).toEqual([true, false]);
});

function fetchOf(partitions: readonly number[], sessionEpoch = -1) {
  return {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1 << 20,
    sessionId: 0,
    sessionEpoch,
    topics: [{ topic: "t", partitions: partitions.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 })) }],
  };
}

test("fetch.max.bytes: an answer holds no more, but for its first batch", async () => {
  const partitionsRead = async (bench: EffectBench) => {
    await bench.asking.createTopic("t", { partitions: 2 });
    for (const partition of [0, 1]) await bench.asking.append("t", partition, 100, bench.clock.now());
    const { responses } = await bench.asking.ask(messages.fetch, fetchOf([0, 1]), 12);
    return responses[0]?.partitions.filter(({ records }) => (records?.length ?? 0) > 0).length;
  };
  expect(await seen({ "fetch.max.bytes": 1024 }, partitionsRead)).toEqual([2, 1]);
});

test("max.incremental.fetch.session.cache.slots: without slots no fetch session begins", async () => {
  const hasSession = async (bench: EffectBench) => (await bench.asking.ask(messages.fetch, fetchOf([0], 0), 12)).sessionId > 0;
  expect(await seen({ "max.incremental.fetch.session.cache.slots": 0 }, hasSession, { topic: {} })).toEqual([true, false]);
});

test("max.request.partition.size.limit: DescribeTopicPartitions answers with no more at a time", async () => {
  const described = async ({ asking }: EffectBench) => {
    await asking.createTopic("t", { partitions: 3 });
    const answer = await asking.ask(messages.describeTopicPartitions, {
      topics: [{ name: "t" }],
      responsePartitionLimit: 2000,
      cursor: null,
    });
    return answer.topics[0]?.partitions.length;
  };
  expect(await seen({ "max.request.partition.size.limit": 2 }, described)).toEqual([3, 2]);
});

test("auto.create.topics.enable: a topic is made when its metadata is asked for", async () => {
  const error = async (bench: EffectBench) => (await metadata(bench, "new")).topics[0]?.errorCode;
  expect(await seen({ "auto.create.topics.enable": false }, error)).toEqual([Errors.NONE, Errors.UNKNOWN_TOPIC_OR_PARTITION]);
});

test("num.partitions: a topic without a given number has so many partitions", async () => {
  const count = async (bench: EffectBench) => (await metadata(bench, "new")).topics[0]?.partitions.length;
  expect(await seen({ "num.partitions": 3 }, count)).toEqual([1, 3]);
});

test("default.replication.factor: a topic without a given factor has so many replicas", async () => {
  const count = async (bench: EffectBench) => (await metadata(bench, "new")).topics[0]?.partitions[0]?.replicaNodes.length;
  expect(await seen({ "default.replication.factor": 2 }, count, { others: [{}] })).toEqual([1, 2]);
});

test("delete.topic.enable: clients may delete topics", async () => {
  const error = async ({ asking }: EffectBench) => {
    const { responses } = await asking.ask(messages.deleteTopics, { topics: [{ name: "t", topicId: ZERO_UUID }], timeoutMs: 1000 });
    return responses[0]?.errorCode;
  };
  expect(await seen({ "delete.topic.enable": false }, error, { topic: {} })).toEqual([Errors.NONE, Errors.TOPIC_DELETION_DISABLED]);
});

const AUTHORIZER = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer" };

/** What becomes of making an access rule. */
async function ruleMade({ asking }: EffectBench) {
  const rule = {
    resourceType: 2,
    resourceName: "t",
    resourcePatternType: 3,
    principal: "User:a",
    host: "*",
    operation: 3,
    permissionType: 3,
  };
  return (await asking.ask(messages.createAcls, { creations: [rule] })).results[0]?.errorCode;
}

test("authorizer.class.name: there are access rules, and nobody may do what none allows", async () => {
  expect(await seen(AUTHORIZER, ruleMade)).toEqual([Errors.SECURITY_DISABLED, Errors.CLUSTER_AUTHORIZATION_FAILED]);
});

test("super.users: they may do everything", async () => {
  expect(await seen({ ...AUTHORIZER, "super.users": "User:a; User:ANONYMOUS" }, ruleMade)).toEqual([Errors.SECURITY_DISABLED, Errors.NONE]);
});

test("allow.everyone.if.no.acl.found: everybody may do what no access rule is about", async () => {
  const settings = { ...AUTHORIZER, "allow.everyone.if.no.acl.found": true };
  expect(await seen(settings, ruleMade)).toEqual([Errors.SECURITY_DISABLED, Errors.NONE]);
});

async function made(bench: EffectBench, name: string) {
  const { topics, cluster } = bench.node.broker.services;
  if (!cluster.image.topicsByName.has(name)) expect(await topics.autoCreate(name)).toBeUndefined();
  const topic = cluster.image.topicsByName.get(name);
  return [
    topic?.partitions.length,
    topic?.partitions[0]?.replicas.length,
    topic?.configs["segment.bytes"],
    topic?.configs["min.insync.replicas"],
  ];
}

test("offsets.topic.num.partitions, offsets.topic.replication.factor, offsets.topic.segment.bytes: that is how __consumer_offsets is made", async () => {
  const settings = {
    "offsets.topic.num.partitions": 5,
    "offsets.topic.replication.factor": 2,
    "offsets.topic.segment.bytes": 2_000_000,
  };
  expect(await seen(settings, (bench) => made(bench, "__consumer_offsets"), { others: [{}] })).toEqual([
    [50, 1, "104857600", undefined],
    [5, 2, "2000000", undefined],
  ]);
});

test("transaction.state.log.num.partitions, transaction.state.log.replication.factor, transaction.state.log.segment.bytes, transaction.state.log.min.isr: that is how __transaction_state is made", async () => {
  const settings = {
    "transaction.state.log.num.partitions": 5,
    "transaction.state.log.replication.factor": 2,
    "transaction.state.log.segment.bytes": 2_000_000,
    "transaction.state.log.min.isr": 2,
  };
  expect(await seen(settings, (bench) => made(bench, "__transaction_state"), { others: [{}] })).toEqual([
    [50, 1, "104857600", "1"],
    [5, 2, "2000000", "2"],
  ]);
});

test("share.coordinator.state.topic.num.partitions, share.coordinator.state.topic.replication.factor, share.coordinator.state.topic.segment.bytes, share.coordinator.state.topic.min.isr: that is how __share_group_state is made", async () => {
  const settings = {
    "share.coordinator.state.topic.num.partitions": 5,
    "share.coordinator.state.topic.replication.factor": 2,
    "share.coordinator.state.topic.segment.bytes": 2_000_000,
    "share.coordinator.state.topic.min.isr": 2,
  };
  expect(await seen(settings, (bench) => made(bench, "__share_group_state"), { others: [{}] })).toEqual([
    [50, 1, "104857600", "1"],
    [5, 2, "2000000", "2"],
  ]);
});

/** Brokers 2 and 3 hold the topic; 3 goes first, so that only 2 is in sync, then 2 goes and 3 comes. */
async function leaderWithoutTheOnlyReplicaInSync(
  bench: EffectBench,
  configs: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const topic = {
    name: "t",
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [2, 3] }],
    configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
  };
  await bench.asking.ask(messages.createTopics, { topics: [topic], timeoutMs: 1000, validateOnly: false });
  const leader = () => bench.node.cluster.image.topicsByName.get("t")?.partitions[0]?.leader;
  await bench.node.stopBroker(3);
  expect(leader()).toBe(2);
  await bench.node.stopBroker(2);
  expect(leader()).toBe(-1);
  await bench.node.restartBroker(3);
  return leader();
}

test("unclean.leader.election.enable: a replica that is not in sync leads when no other is there, by the topic's setting or the brokers'", async () => {
  const seenWith = async (options: { brokers?: "given" | "altered"; topic?: boolean }) => {
    const settings = options.brokers === "given" ? { "unclean.leader.election.enable": true } : {};
    await using bench = await EffectBench.start({ settings, others: [settings, settings] });
    if (options.brokers === "altered") await bench.alterBrokers({ "unclean.leader.election.enable": "true" });
    return await leaderWithoutTheOnlyReplicaInSync(bench, options.topic ? { "unclean.leader.election.enable": "true" } : {});
  };
  expect(await seenWith({})).toBe(-1);
  expect(await seenWith({ topic: true })).toBe(3);
  expect(await seenWith({ brokers: "given" })).toBe(3);
  expect(await seenWith({ brokers: "altered" })).toBe(3);
});

test("min.insync.replicas: a write with acks=all is refused while fewer are in sync, by the topic's setting or the brokers'", async () => {
  const seenWith = async (options: { brokers?: "given" | "altered"; topic?: boolean; replicas?: number[] }) => {
    const settings = options.brokers === "given" ? { "min.insync.replicas": 2 } : {};
    await using bench = await EffectBench.start({ settings, others: [settings] });
    if (options.brokers === "altered") await bench.alterBrokers({ "min.insync.replicas": "2" });
    const configs = options.topic ? [{ name: "min.insync.replicas", value: "2" }] : [];
    const assignments = [{ partitionIndex: 0, brokerIds: options.replicas ?? [1, 2] }];
    const topic = { name: "t", numPartitions: -1, replicationFactor: -1, assignments, configs };
    await bench.asking.ask(messages.createTopics, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    const produce = async () => (await bench.asking.append("t", 0, 1, bench.clock.now())).errorCode;
    const before = await produce();
    await bench.node.stopBroker(2);
    return [before, await produce()];
  };
  const { NONE, NOT_ENOUGH_REPLICAS } = Errors;
  expect(await seenWith({})).toEqual([NONE, NONE]);
  expect(await seenWith({ topic: true })).toEqual([NONE, NOT_ENOUGH_REPLICAS]);
  expect(await seenWith({ brokers: "given" })).toEqual([NONE, NOT_ENOUGH_REPLICAS]);
  expect(await seenWith({ brokers: "altered" })).toEqual([NONE, NOT_ENOUGH_REPLICAS]);
  expect(await seenWith({ topic: true, replicas: [1] }), "of the replicas that there are").toEqual([NONE, NONE]);
});
