// An unmodified client of users' choice against a broker in this process, on both filesystems.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompressionTypes, type Consumer, Kafka, type KafkaMessage, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunningBroker, startBroker } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "odradek-kafkajs-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ["in memory", "memory"],
  ["on disk", join(folder, "data")],
])("kafkajs against a broker %s", (_, data) => {
  let broker: RunningBroker;
  let kafka: Kafka;
  const opened: { disconnect(): Promise<void> }[] = [];

  beforeAll(async () => {
    broker = await startBroker({ data });
    kafka = new Kafka({ clientId: "test", brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING, retry: { retries: 3 } });
  });
  afterEach(async () => {
    for (const client of opened.splice(0)) await client.disconnect();
  });
  afterAll(() => broker.stop());

  async function producer() {
    const made = kafka.producer();
    opened.push(made);
    await made.connect();
    return made;
  }

  async function admin() {
    const made = kafka.admin();
    opened.push(made);
    await made.connect();
    return made;
  }

  async function consumer(groupId: string, topic: string, fromBeginning = true): Promise<Consumer> {
    const made = kafka.consumer({ groupId, maxWaitTimeInMs: 100, sessionTimeout: 6000, heartbeatInterval: 500 });
    opened.push(made);
    await made.connect();
    await made.subscribe({ topic, fromBeginning });
    return made;
  }

  async function read(from: Consumer, count: number): Promise<(KafkaMessage & { partition: number })[]> {
    const seen: (KafkaMessage & { partition: number })[] = [];
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`got ${seen.length} of ${count} messages within 30 s`)), 30_000);
      void from.run({
        eachMessage: async ({ message, partition }) => {
          seen.push({ ...message, partition });
          if (seen.length === count) {
            clearTimeout(deadline);
            resolve();
          }
        },
      });
    });
    return seen;
  }

  test("a topic that nobody created is there with the first send, and a consumer gets what was sent", async () => {
    const sender = await producer();
    const [sent] = await sender.send({
      topic: "first",
      messages: [
        { key: "k", value: "v", headers: { trace: "1", many: ["a", "b"] }, timestamp: "1700000000000" },
        { key: null, value: "no key" },
        { key: "gone", value: null },
        { key: "", value: "" },
      ],
    });
    expect(sent).toMatchObject({ topicName: "first", partition: 0, errorCode: 0, baseOffset: "0" });
    const messages = await read(await consumer("g-first", "first"), 4);
    expect(messages.map(({ key, value, offset }) => [key?.toString(), value?.toString(), offset])).toEqual([
      ["k", "v", "0"],
      [undefined, "no key", "1"],
      ["gone", undefined, "2"],
      ["", "", "3"],
    ]);
    expect(messages[0]?.timestamp).toBe("1700000000000");
    expect(messages[0]?.headers?.["trace"]?.toString()).toBe("1");
    expect(messages[0]?.headers?.["many"]?.toString()).toBe("a,b");
  });

  test("gzip batches arrive as they were sent", async () => {
    const sender = await producer();
    const value = "x".repeat(10_000);
    await sender.send({ topic: "zipped", compression: CompressionTypes.GZIP, messages: [{ value }, { value: "second" }] });
    const messages = await read(await consumer("g-zipped", "zipped"), 2);
    expect(messages.map((message) => message.value?.toString())).toEqual([value, "second"]);
  });

  test("a second consumer of a group goes on where the first one committed", async () => {
    const sender = await producer();
    await sender.send({ topic: "resumed", messages: [{ value: "1" }, { value: "2" }] });
    const first = await consumer("g-resumed", "resumed");
    await read(first, 2);
    await first.commitOffsets([{ topic: "resumed", partition: 0, offset: "2" }]);
    await first.disconnect();
    await sender.send({ topic: "resumed", messages: [{ value: "3" }] });
    const messages = await read(await consumer("g-resumed", "resumed"), 1);
    expect(messages.map((message) => message.value?.toString())).toEqual(["3"]);
  });

  test("two consumers of a group share its partitions, and each record is read once", async () => {
    const topics = await admin();
    await topics.createTopics({ topics: [{ topic: "shared", numPartitions: 4 }], waitForLeaders: true });
    const members = [await consumer("g-shared", "shared"), await consumer("g-shared", "shared")];
    const seen: string[] = [];
    const assigned = new Map<number, number>();
    const joined = members.map(
      (member, index) =>
        new Promise<void>((resolve) => {
          member.on(member.events.GROUP_JOIN, ({ payload }) => {
            assigned.set(index, payload.memberAssignment["shared"]?.length ?? 0);
            if (assigned.get(index) === 2) resolve();
          });
          void member.run({ eachMessage: async ({ message }) => void seen.push(message.value?.toString() ?? "") });
        }),
    );
    await Promise.all(joined);
    const sender = await producer();
    const values = Array.from({ length: 40 }, (_unused, index) => String(index));
    await sender.send({ topic: "shared", messages: values.map((value, index) => ({ value, partition: index % 4 })) });
    await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(values.length);
    expect(seen.toSorted()).toEqual(values.toSorted());
  });

  test("an idempotent producer's batches are numbered without gaps", async () => {
    const sender = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    opened.push(sender);
    await sender.connect();
    const offsets: (string | undefined)[] = [];
    for (let index = 0; index < 20; index++) {
      const [sent] = await sender.send({ topic: "idempotent", messages: [{ value: String(index) }] });
      offsets.push(sent?.baseOffset);
    }
    expect(offsets).toEqual(Array.from({ length: 20 }, (_unused, index) => String(index)));
  });

  test("the admin client finds what it asks for", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "made", numPartitions: 3, configEntries: [{ name: "retention.ms", value: "1000" }] }] });
    expect(await client.createTopics({ topics: [{ topic: "made" }] })).toBe(false);
    const { topics } = await client.fetchTopicMetadata({ topics: ["made"] });
    expect(topics[0]?.partitions.map(({ leader, isr }) => [leader, isr])).toEqual([
      [1, [1]],
      [1, [1]],
      [1, [1]],
    ]);
    const sender = await producer();
    await sender.send({ topic: "made", messages: [{ partition: 1, value: "x", timestamp: "1700000000000" }] });
    expect(await client.fetchTopicOffsets("made")).toContainEqual({ partition: 1, offset: "1", high: "1", low: "0" });
    expect(await client.fetchTopicOffsetsByTimestamp("made", 1_600_000_000_000)).toContainEqual({ partition: 1, offset: "0" });
    const { resources } = await client.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: "made", configNames: ["retention.ms"] }],
    });
    expect(resources[0]?.configEntries).toMatchObject([{ configName: "retention.ms", configValue: "1000" }]);
    const cluster = await client.describeCluster();
    expect(cluster.brokers).toHaveLength(1);
    expect(cluster.clusterId).toHaveLength(22);
    await client.setOffsets({ groupId: "g-made", topic: "made", partitions: [{ partition: 1, offset: "1" }] });
    expect(await client.fetchOffsets({ groupId: "g-made", topics: ["made"] })).toMatchObject([
      { topic: "made", partitions: expect.arrayContaining([expect.objectContaining({ partition: 1, offset: "1" })]) },
    ]);
    expect((await client.listGroups()).groups.map(({ groupId }) => groupId)).toContain("g-made");
    await client.deleteGroups(["g-made"]);
    await client.deleteTopics({ topics: ["made"] });
    expect(await client.listTopics()).not.toContain("made");
  });
});

test("records, topics, groups and offsets are there again after a restart", async () => {
  const data = join(folder, "restarted");
  const open = () => startBroker({ data });
  const first = await open();
  const clientOf = (broker: RunningBroker) => new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
  const sender = clientOf(first).producer();
  await sender.connect();
  await sender.send({ topic: "kept", messages: [{ value: "1" }, { value: "2" }] });
  await sender.disconnect();
  const admin = clientOf(first).admin();
  await admin.connect();
  await admin.setOffsets({ groupId: "g", topic: "kept", partitions: [{ partition: 0, offset: "1" }] });
  await admin.disconnect();
  await first.stop();

  const second = await open();
  expect(second.clusterId).toBe(first.clusterId);
  const consumer = clientOf(second).consumer({ groupId: "g", maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: "kept" });
  const value = await new Promise<string | undefined>((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) });
  });
  expect(value).toBe("2");
  await consumer.disconnect();
  await second.stop();
});
