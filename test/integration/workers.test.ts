// Brokers on several threads of one process, over one data folder, as clients meet them.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, type KafkaConfig, logLevel, type Producer } from "kafkajs";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { consumerGroupHeartbeat } from "../../protocol/messages/index.ts";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import { certificateText, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { RawClient } from "../support/raw-client.ts";
import { WorkerProcess } from "./worker-process.ts";

const UNTIL = { timeout: 60_000, interval: 50 };

describe("worker threads", { timeout: 240_000 }, () => {
  let folder: string;
  let running: WorkerProcess | undefined;
  let kafka: Kafka;
  const opened: { disconnect(): Promise<void> }[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "odradek-workers-"));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.disconnect()));
    await WorkerProcess.killAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  /** `count` threads; 0: without the option. */
  async function start(count: number, ...args: string[]): Promise<WorkerProcess> {
    await Promise.all(opened.splice(0).map((client) => client.disconnect()));
    const workers = count === 0 ? [] : ["--workers", String(count)];
    running = await WorkerProcess.start(folder, ["--port", "auto", ...workers, ...args]);
    kafka = new Kafka({ brokers: running.bootstrapServers.slice(0, 1), logLevel: logLevel.NOTHING, retry: { retries: 8 } });
    return running;
  }

  async function connected<Client extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: Client): Promise<Client> {
    await client.connect();
    opened.push(client);
    return client;
  }

  async function leaders(topic: string): Promise<number[]> {
    const admin = await connected(kafka.admin());
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return partitions.toSorted((a, b) => a.partitionId - b.partitionId).map(({ leader }) => leader);
  }

  /** All values of a topic, partition by partition, read by a group until there are so many. A consumer that joins again may read some again. */
  async function valuesOf(topic: string, count: number, groupId = `reader-${Math.random()}`): Promise<string[][]> {
    const values = new Map<number, Map<number, string>>();
    const seen = () => [...values.values()].reduce((sum, { size }) => sum + size, 0);
    const consumer = await connected(kafka.consumer({ groupId, maxWaitTimeInMs: 100 }));
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const ofPartition = values.get(partition) ?? new Map<number, string>();
        values.set(partition, ofPartition.set(Number(message.offset), String(message.value)));
      },
    });
    await vi.waitUntil(() => seen() >= count, UNTIL);
    await consumer.disconnect();
    opened.splice(opened.indexOf(consumer), 1);
    const partitions = Array.from({ length: Math.max(...values.keys()) + 1 }, (_, partition) => [...(values.get(partition) ?? [])]);
    expect(seen(), JSON.stringify(partitions)).toBe(count);
    return partitions.map((ofPartition) => ofPartition.toSorted(([a], [b]) => a - b).map(([, value]) => value));
  }

  /** Values 0 to count - 1 to each of the partitions. */
  async function produce(producer: Producer, topic: string, partitions: number, count: number): Promise<void> {
    const messages = Array.from({ length: partitions }, (_, partition) =>
      Array.from({ length: count }, (_, value) => ({ partition, value: String(value) })),
    );
    await producer.send({ topic, messages: messages.flat() });
  }

  const inOrder = (count: number) => Array.from({ length: count }, (_, value) => String(value));

  test("share the partitions of a topic, which clients write and read through any of them", async () => {
    const { bootstrapServers } = await start(2, "--topic", "orders:4");
    expect(bootstrapServers).toHaveLength(2);
    expect((await leaders("orders")).toSorted()).toEqual([1, 1, 2, 2]);
    await produce(await connected(kafka.producer()), "orders", 4, 50);
    for (const server of bootstrapServers) {
      kafka = new Kafka({ brokers: [server], logLevel: logLevel.NOTHING });
      expect(await valuesOf("orders", 200)).toEqual(Array.from({ length: 4 }, () => inOrder(50)));
    }
  });

  test("take part in one transaction, whoever coordinates it and whoever has the records and offsets", async () => {
    await start(2, "--topic", "orders:4", "--topic", "source:1");
    // Both internal topics have 50 partitions and come into being with the first who asks.
    const onBoth = (prefix: string) =>
      [0, 1].map(
        (parity) =>
          inOrder(40)
            .map((number) => `${prefix}${number}`)
            .find((id) => partitionFor(id, 50) % 2 === parity) ?? prefix,
      );
    for (const transactionalId of onBoth("id")) {
      const producer = await connected(kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true }));
      for (const groupId of onBoth("group")) {
        const aborted = await producer.transaction();
        await aborted.send({ topic: "orders", messages: [0, 1, 2, 3].map((partition) => ({ partition, value: "aborted" })) });
        await aborted.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic: "source", partitions: [{ partition: 0, offset: "99" }] }],
        });
        await aborted.abort();
        const committed = await producer.transaction();
        await committed.send({ topic: "orders", messages: [0, 1, 2, 3].map((partition) => ({ partition, value: transactionalId })) });
        await committed.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic: "source", partitions: [{ partition: 0, offset: "7" }] }],
        });
        await committed.commit();
      }
    }
    for (const topic of ["__transaction_state", "__consumer_offsets"]) expect(new Set(await leaders(topic))).toEqual(new Set([1, 2]));
    const [one = "", other = ""] = onBoth("id");
    expect(await valuesOf("orders", 16)).toEqual(Array.from({ length: 4 }, () => [one, one, other, other]));
    const admin = await connected(kafka.admin());
    for (const groupId of onBoth("group")) {
      await vi.waitFor(async () => {
        expect(await admin.fetchOffsets({ groupId, topics: ["source"] })).toMatchObject([{ partitions: [{ partition: 0, offset: "7" }] }]);
      }, UNTIL);
    }
  });

  test("reach each other where their only listener speaks TLS and asks for certificates and logins: a transaction over them is committed", async () => {
    const settings = {
      listeners: "SASL_SSL://localhost:0",
      "odradek.users": '{"alice":"secret"}',
      ...tlsSettings("SASL_SSL", { ...TRUSTED, "ssl.client.auth": "required" }),
    };
    const access: Partial<KafkaConfig> = {
      ssl: { ca: [certificateText("ca.pem")], key: certificateText("client.key"), cert: certificateText("client.pem") },
      sasl: { mechanism: "scram-sha-256", username: "alice", password: "secret" },
    };
    const set = Object.entries(settings).flatMap((pair) => ["--set", pair.join("=")]);
    const { bootstrapServers } = await WorkerProcess.start(folder, ["--workers", "2", "--topic", "orders:4", ...set]);
    kafka = new Kafka({ brokers: bootstrapServers.slice(0, 1), logLevel: logLevel.NOTHING, ...access });
    const producer = await connected(kafka.producer({ transactionalId: "id", maxInFlightRequests: 1, idempotent: true }));
    const transaction = await producer.transaction();
    await transaction.send({ topic: "orders", messages: [0, 1, 2, 3].map((partition) => ({ partition, value: "committed" })) });
    await transaction.commit();
    expect(await valuesOf("orders", 4)).toEqual(Array.from({ length: 4 }, () => ["committed"]));
  });

  test("delete topics, make them again, and add partitions", async () => {
    const workers = await start(2, "--topic", "orders:4");
    const admin = await connected(kafka.admin());
    const producer = await connected(kafka.producer());
    for (let round = 1; round <= 3; round++) {
      await produce(producer, "orders", 4, 10 * round);
      await admin.deleteTopics({ topics: ["orders"] });
      expect(readdirSync(folder).filter((name) => /^orders-\d+$/.test(name))).toEqual([]);
      await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 4 }] });
    }
    await admin.createPartitions({ topicPartitions: [{ topic: "orders", count: 6 }] });
    expect((await leaders("orders")).toSorted()).toEqual([1, 1, 1, 2, 2, 2]);
    const later = await connected(kafka.producer());
    await produce(later, "orders", 6, 5);
    expect(await valuesOf("orders", 30)).toEqual(Array.from({ length: 6 }, () => inOrder(5)));
    // What other threads say comes through the one log of the process.
    await vi.waitFor(() => {
      const brokers = workers.lines.filter(({ msg }) => msg === "deleted partitions").map(({ broker = 1 }) => broker);
      expect(new Set(brokers)).toEqual(new Set([1, 2]));
    }, UNTIL);
  });

  test("pass partitions on to each other while they are written to", async () => {
    await start(2, "--topic", "orders:2");
    const admin = await connected(kafka.admin());
    const producer = await connected(kafka.producer({ idempotent: true, maxInFlightRequests: 1 }));
    const sent = [0, 0];
    let isMoving = true;
    // One request a partition: kafkajs forgets the one that has to go elsewhere where another of the same request was taken.
    const sending = sent.map(async (_, partition) => {
      while (isMoving) {
        await producer.send({ topic: "orders", messages: [{ partition, value: String(sent[partition]) }] });
        sent[partition] = (sent[partition] ?? 0) + 1;
      }
    });
    for (const [zero, one] of [
      [1, 1],
      [2, 2],
      [1, 2],
      [2, 1],
    ] as const) {
      const before = [...sent];
      const partitionAssignment = [
        { partition: 0, replicas: [zero] },
        { partition: 1, replicas: [one] },
      ];
      await admin.alterPartitionReassignments({ topics: [{ topic: "orders", partitionAssignment }] });
      expect(await leaders("orders")).toEqual([zero, one]);
      await vi.waitUntil(() => sent.every((count, partition) => count > (before[partition] ?? 0) + 1), UNTIL);
    }
    isMoving = false;
    await Promise.all(sending);
    const [zero = 0, one = 0] = sent;
    expect(await valuesOf("orders", zero + one)).toEqual([inOrder(zero), inOrder(one)]);
  });

  test("pass a group's coordinator on while its members read and commit", async () => {
    await start(2, "--topic", "orders:2");
    const admin = await connected(kafka.admin());
    const producer = await connected(kafka.producer());
    /** By partition and offset: what was not committed yet when the coordinator moved may come again. */
    const seen = new Set<string>();
    const consumer = await connected(kafka.consumer({ groupId: "group", maxWaitTimeInMs: 100, heartbeatInterval: 200 }));
    await consumer.subscribe({ topic: "orders", fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ partition, message }) => {
        seen.add(`${partition} ${message.offset}`);
      },
    });
    const home = partitionFor("group", 50);
    for (let round = 1; round <= 3; round++) {
      await produce(producer, "orders", 2, 10);
      await vi.waitUntil(() => seen.size === 20 * round, UNTIL);
      const to = (await leaders("__consumer_offsets"))[home] === 1 ? 2 : 1;
      const topics = [{ topic: "__consumer_offsets", partitionAssignment: [{ partition: home, replicas: [to] }] }];
      await admin.alterPartitionReassignments({ topics });
      expect((await leaders("__consumer_offsets"))[home]).toBe(to);
    }
    await vi.waitFor(async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: "group", topics: ["orders"] });
      expect(offsets?.partitions.map(({ offset }) => offset)).toEqual(["30", "30"]);
    }, UNTIL);
  });

  test("hear of each other's new topics, which members of groups on any of them subscribe to by an expression", async () => {
    const { bootstrapServers } = await start(2, "--topic", "orders-eu");
    const admin = await connected(kafka.admin());
    await admin.fetchOffsets({ groupId: "g" });
    const coordinators = await leaders("__consumer_offsets");
    const groups = [1, 2].map((worker) => {
      const groupId = ["g1", "g2", "g3", "g4", "g5", "g6"].find((id) => coordinators[partitionFor(id, 50)] === worker);
      return { worker, groupId: groupId ?? "none" };
    });
    const clients: RawClient[] = [];
    onTestFinished(() => {
      for (const client of clients) client.close();
    });
    const members = await Promise.all(
      groups.map(async ({ worker, groupId }) => {
        const client = await RawClient.connect(Number(bootstrapServers[worker - 1]?.split(":")[1]));
        clients.push(client);
        let memberEpoch = 0;
        const joins = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: [], subscribedTopicRegex: "orders-.*", topicPartitions: [] };
        return async () => {
          const first = memberEpoch === 0 ? joins : {};
          const answer = await client.call(consumerGroupHeartbeat, 1, { groupId, memberId: "m", memberEpoch, ...first });
          expect(answer?.errorCode).toBe(0);
          memberEpoch = answer?.memberEpoch ?? 0;
          return answer?.assignment?.topicPartitions.length ?? 0;
        };
      }),
    );
    expect(await Promise.all(members.map((beat) => beat()))).toEqual([1, 1]);
    await admin.createTopics({ topics: [{ topic: "orders-us", numPartitions: 2 }] });
    for (const beat of members) await vi.waitUntil(async () => (await beat()) === 2, UNTIL);
  });

  test("may be another number at the next start, or none", async () => {
    await start(2, "--topic", "orders:4", "--topic", "single:1");
    await produce(await connected(kafka.producer()), "orders", 4, 20);
    const group = await valuesOf("orders", 80, "group");
    for (const [count, expected] of [
      [3, [1, 1, 2]],
      [0, [4]],
      [2, [2, 2]],
    ] as const) {
      expect(await running?.stop()).toBe(0);
      expect(existsSync(join(folder, ".kafka_cleanshutdown"))).toBe(true);
      await start(count);
      const counts = Object.values(Object.groupBy(await leaders("orders"), String)).map((led) => led?.length);
      expect(counts.toSorted()).toEqual(expected);
      expect(await valuesOf("orders", 80)).toEqual(group);
      const admin = await connected(kafka.admin());
      const [offsets] = await admin.fetchOffsets({ groupId: "group", topics: ["orders"] });
      expect(offsets?.partitions.map(({ offset }) => offset)).toEqual(["20", "20", "20", "20"]);
    }
  });

  test("keep what they acknowledged when the process is killed", async () => {
    await start(2, "--topic", "orders:4");
    const acknowledged = [0, 0, 0, 0];
    const producer = await connected(kafka.producer({ idempotent: true, retry: { retries: 1, initialRetryTime: 50 } }));
    const sending = acknowledged.map(async (_, partition) => {
      for (;;) {
        const number = acknowledged[partition] ?? 0;
        await producer.send({ topic: "orders", messages: [{ partition, value: String(number) }] });
        acknowledged[partition] = number + 1;
      }
    });
    const ended = Promise.allSettled(sending);
    await vi.waitUntil(() => acknowledged.every((count) => count > 50), UNTIL);
    await running?.kill();
    await ended;
    await start(2);
    const admin = await connected(kafka.admin());
    const offsets = await admin.fetchTopicOffsets("orders");
    const counts = offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
    const values = await valuesOf(
      "orders",
      counts.reduce((sum, count) => sum + count, 0),
    );
    values.forEach((found, partition) => {
      // What was sent last may be there although nobody was told.
      expect(found.length - (acknowledged[partition] ?? 0)).toBeOneOf([0, 1]);
      expect(found).toEqual(inOrder(found.length));
    });
  });

  test("stop in order when one of them fails, and keep what they acknowledged", async () => {
    const signal = join(folder, "fail-now");
    const hook = join(folder, "hook.cjs");
    const code = `const { isMainThread } = require("node:worker_threads");
      if (!isMainThread) setInterval(() => {
        if (require("node:fs").existsSync(${JSON.stringify(signal)})) throw new Error("struck by lightning");
      }, 20).unref();`;
    writeFileSync(hook, code);
    running = await WorkerProcess.start(folder, ["--port", "auto", "--workers", "2", "--topic", "orders:4"], ["--require", hook]);
    kafka = new Kafka({ brokers: running.bootstrapServers.slice(0, 1), logLevel: logLevel.NOTHING });
    const producer = await connected(kafka.producer());
    await produce(producer, "orders", 4, 50);
    writeFileSync(signal, "");
    expect(await running.ended()).toBe(1);
    expect(running.lines).toContainEqual(expect.objectContaining({ level: "error", msg: "the broker cannot go on, and stops" }));
    expect(existsSync(join(folder, ".kafka_cleanshutdown"))).toBe(false);
    await start(2);
    expect(await valuesOf("orders", 200)).toEqual(Array.from({ length: 4 }, () => inOrder(50)));
  });

  test("do not start on a folder whose metadata is damaged, and delete nothing there", async () => {
    const workers = await start(2, "--topic", "orders:4");
    expect(await workers.stop()).toBe(0);
    const journal = join(folder, "metadata.journal");
    const whole = readFileSync(journal);
    writeFileSync(journal, whole.subarray(0, -30));
    const names = readdirSync(folder).toSorted();
    await expect(start(2)).rejects.toThrow(/ended with \d+: odradek: .*metadata\.journal/);
    expect(readdirSync(folder).toSorted()).toEqual(names);
    writeFileSync(journal, whole);
    await start(2);
    expect(await leaders("orders")).toHaveLength(4);
  });

  test("say which port one of them cannot have", async () => {
    const taken = net.createServer().listen(0, "localhost");
    await vi.waitUntil(() => taken.listening, UNTIL);
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      await expect(start(2, "--port", `0,${port}`)).rejects.toThrow(`ended with 3: odradek: Port ${port} (given with --port) is in use`);
    } finally {
      taken.close();
    }
  });
});
