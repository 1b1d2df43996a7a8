// kafkajs as a client program of the interop suite: kafkajs-client.ts BOOTSTRAP. See client-process.ts for the calls.
// kafkajs has no consumer outside a group, so each read joins a group of its own, with the offsets to start from committed before.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { CompressionTypes, type Consumer, Kafka, type KafkaMessage, logLevel, type Message } from "kafkajs";
import type { ClientCalls, RecordSeen, RecordToSend } from "../client-process.ts";

type Calls = { [C in keyof ClientCalls]: (args: Parameters<ClientCalls[C]>[0]) => Promise<ReturnType<ClientCalls[C]>> };
type Received = { partition: number; offset: number; value: string | null };

const CALL_MS = 20_000;
const kafka = new Kafka({
  clientId: "interop",
  brokers: [process.argv[2] ?? ""],
  logLevel: logLevel.NOTHING,
  retry: { retries: 5, initialRetryTime: 100 },
});
const admin = kafka.admin();
const member: { consumer: Consumer | undefined; assignment: number[]; received: Received[] } = {
  consumer: undefined,
  assignment: [],
  received: [],
};

class Refused extends Error {
  constructor(name: string, message = "") {
    super(message);
    this.name = name;
  }
}

const calls: Calls = {
  async createTopic({ topic, partitions, configs = {} }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const isNew = await admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }] });
    if (!isNew) throw new Refused("not created");
    return null;
  },

  async deleteTopic({ topic }) {
    await admin.deleteTopics({ topics: [topic] });
    return null;
  },

  async partitionCount({ topic }) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  },

  async produce({ topic, codec = "none", acks = -1, isIdempotent = false, records }) {
    const producer = kafka.producer({ idempotent: isIdempotent, allowAutoTopicCreation: false });
    await producer.connect();
    try {
      const compression = codec === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
      const answers = await producer.send({ topic, acks, compression, messages: records.map(toMessage) });
      const sent = answers.flatMap(({ partition, baseOffset }) =>
        records.filter((record) => record.partition === partition).map((_, index) => ({ partition, offset: Number(baseOffset) + index })),
      );
      return inOrder(sent);
    } finally {
      await producer.disconnect();
    }
  },

  async read({ topic, partitions, from, count, waitMs = 15_000 }) {
    const groupId = `reader-${randomUUID()}`;
    if (from !== "beginning") {
      const starts =
        "offset" in from
          ? partitions.map(() => from.offset)
          : await calls.offsetsForTime({ topic, partitions, timestampMs: from.timestampMs });
      const offsets = partitions.map((partition, index) => ({ partition, offset: `${starts[index]}` }));
      await admin.setOffsets({ groupId, topic, partitions: offsets });
    }
    return withReader({ groupId, topic, fromBeginning: true }, async (_, seen) => {
      await until(() => seen.length >= count, waitMs);
      return inOrder(seen.filter((record) => partitions.includes(record.partition)));
    });
  },

  async readNew({ topic, records }) {
    return withReader({ groupId: `reader-${randomUUID()}`, topic, fromBeginning: false }, async (isFetching, seen) => {
      await until(isFetching, CALL_MS);
      await calls.produce({ topic, records });
      await until(() => seen.length >= records.length, CALL_MS);
      return inOrder(seen);
    });
  },

  async watermarks({ topic, partitions }) {
    const offsets = await admin.fetchTopicOffsets(topic);
    return partitions.map((partition) => {
      const found = offsets.find((each) => each.partition === partition);
      return { low: Number(found?.low ?? -1), high: Number(found?.high ?? -1) };
    });
  },

  async offsetsForTime({ topic, partitions, timestampMs }) {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
    return partitions.map((partition) => Number(found.find((each) => each.partition === partition)?.offset ?? -1));
  },

  async join({ topic, group }) {
    const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 100 });
    Object.assign(member, { consumer, assignment: [], received: [] });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      member.assignment = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ partition, message }) => {
        member.received.push({ partition, offset: Number(message.offset), value: message.value?.toString() ?? null });
      },
    });
    return null;
  },

  async assignment() {
    return member.assignment;
  },

  async received() {
    return inOrder(member.received);
  },

  async leave() {
    await member.consumer?.disconnect();
    return null;
  },

  async committed({ topic, group, partitions }) {
    const found = (await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]?.partitions ?? [];
    return partitions.map((partition) => Number(found.find((each) => each.partition === partition)?.offset ?? -1));
  },
};

type ReaderOptions = { groupId: string; topic: string; fromBeginning: boolean };

/** Runs a consumer while `use` looks at what it has seen, and whether it has fetched once. */
async function withReader<T>(
  { groupId, topic, fromBeginning }: ReaderOptions,
  use: (isFetching: () => boolean, seen: RecordSeen[]) => Promise<T>,
): Promise<T> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  const seen: RecordSeen[] = [];
  const known = new Set<string>(); // After a rebalance kafkajs starts again from what is committed, here from the start.
  let fetches = 0;
  consumer.on(consumer.events.FETCH, () => fetches++);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      const place = `${partition}/${message.offset}`;
      if (!known.has(place)) seen.push(toRecord(partition, message));
      known.add(place);
    },
  });
  try {
    return await use(() => fetches > 0, seen);
  } finally {
    await consumer.disconnect();
  }
}

function toMessage({ partition, key, value, timestampMs, headers = [] }: RecordToSend): Message {
  return { partition, key, value, timestamp: `${timestampMs}`, headers: Object.fromEntries(headers) };
}

function toRecord(partition: number, { offset, key, value, timestamp, headers = {} }: KafkaMessage): RecordSeen {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    timestampMs: Number(timestamp),
    headers: Object.entries(headers).map(([name, content]) => [name, String(content)] as const),
  };
}

function inOrder<T extends { partition: number; offset: number }>(records: readonly T[]): T[] {
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function until(isDone: () => boolean, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isDone() && performance.now() < deadline) await sleep(20);
}

/** The protocol's name of an error where there is one, also of the first one inside an aggregate. */
function toRefusal(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) return { name: "Error", message: `${error}` };
  const inner = "errors" in error && Array.isArray(error.errors) ? error.errors[0] : error;
  const name = "type" in inner && typeof inner.type === "string" ? inner.type : inner.name;
  return { name, message: inner.message };
}

async function answer(line: string): Promise<void> {
  const { id, call, args } = JSON.parse(line) as { id: number; call: keyof ClientCalls; args: never };
  try {
    process.stdout.write(`${JSON.stringify({ id, result: await calls[call](args) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, refused: toRefusal(error) })}\n`);
  }
}

await admin.connect();
const lines = createInterface(process.stdin);
lines.on("line", (line) => void answer(line));
lines.on("close", () => process.exit(0));
