// kafkajs as a client program of the interop suite: kafkajs-client.ts BOOTSTRAP. See client-process.ts for the calls.
// kafkajs has no consumer outside a group, so each read joins a group of its own, with the offsets to start from committed before.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CompressionTypes,
  type Consumer,
  Kafka,
  type KafkaMessage,
  logLevel,
  type Message,
  type Producer,
  type Transaction,
} from "kafkajs";
import type { RecordSeen, RecordToSend } from "../client-process.ts";
import { type Calls, inOrder, Refused, serve, steadily, until } from "./line-server.ts";

type Received = { partition: number; offset: number; value: string | null };

/** What kafkajs names ConfigResourceTypes.TOPIC: it cannot be imported into a module by its name. */
const TOPIC_RESOURCE = 2;
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

/** Of transactional producers, by their ids. */
type Transactional = { readonly producer: Producer; open: Transaction | undefined };
const transactional = new Map<string, Transactional>();

const calls: Calls = {
  async about() {
    const { version } = createRequire(import.meta.url)("kafkajs/package.json") as { version: string };
    const byPlugins = "only gzip without packages of others";
    return { version, codecs: ["none", "gzip"], lacks: { codecs: byPlugins, "consumer protocol": "it is older" } };
  },

  async createTopic({ topic, partitions, configs = {} }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const isNew = await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions, configEntries }] });
    if (!isNew) throw new Refused("not created");
    // It waits for leaders itself by default, but Kafka may not know the topic at once, and then it gives up.
    const isThere = async (): Promise<boolean> => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.every(({ leader }) => leader >= 0) ?? false;
    };
    for (let tries = 0; tries < 100 && !(await isThere().catch(() => false)); tries++) await sleep(50);
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

  async listTopics({ prefix }) {
    return beginning(await admin.listTopics(), prefix);
  },

  async addPartitions({ topic, partitions }) {
    await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
    return null;
  },

  async describeConfigs({ topic, names }) {
    const resource = { type: TOPIC_RESOURCE, name: topic, configNames: [...names] };
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    const entries = resources[0]?.configEntries ?? [];
    return Object.fromEntries(names.map((name) => [name, entries.find((entry) => entry.configName === name)?.configValue ?? null]));
  },

  async alterConfigs({ topic, configs }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
    return null;
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

  async produceSteadily({ topic, partitions, count, everyMs }) {
    const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 100, maxRetryTime: 500 } });
    await producer.connect();
    try {
      const send = (message: Message) => producer.send({ topic, messages: [message] });
      return await steadily({ partitions, count, everyMs }, send, toRefusal);
    } finally {
      await producer.disconnect();
    }
  },

  async transact({ id, topic, records, offsets, end }) {
    const producing = await transactionalProducer(id);
    const transaction = producing.open ?? (await producing.producer.transaction());
    producing.open = transaction;
    if (records.length > 0) await transaction.send({ topic, messages: records.map(toMessage) });
    if (offsets !== undefined) {
      const { group, partition, offset } = offsets;
      const topics = [{ topic: offsets.topic, partitions: [{ partition, offset: `${offset}` }] }];
      await transaction.sendOffsets({ consumerGroupId: group, topics });
    }
    if (end === "open") return null;
    producing.open = undefined;
    await (end === "commit" ? transaction.commit() : transaction.abort());
    return null;
  },

  async read({ topic, partitions, from, count, waitMs = 15_000, isolation = "read_committed" }) {
    const groupId = `reader-${randomUUID()}`;
    if (from !== "beginning") {
      const starts =
        "offset" in from
          ? partitions.map(() => from.offset)
          : await calls.offsetsForTime({ topic, partitions, timestampMs: from.timestampMs });
      const offsets = partitions.map((partition, index) => ({ partition, offset: `${starts[index]}` }));
      await admin.setOffsets({ groupId, topic, partitions: offsets });
    }
    const readUncommitted = isolation === "read_uncommitted";
    return withReader({ groupId, topic, fromBeginning: true, readUncommitted }, async (_, seen) => {
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

  async commit({ topic, group, offsets }) {
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: `${offset}` }));
    await admin.setOffsets({ groupId: group, topic, partitions });
    return null;
  },

  async listGroups({ prefix }) {
    const { groups } = await admin.listGroups();
    return beginning(
      groups.map(({ groupId }) => groupId),
      prefix,
    );
  },

  async describeGroup({ group }) {
    const [found] = (await admin.describeGroups([group])).groups;
    return { state: found?.state ?? "none", members: found?.members.length ?? 0 };
  },

  async deleteGroup({ group }) {
    await admin.deleteGroups([group]);
    return null;
  },
};

async function transactionalProducer(id: string): Promise<Transactional> {
  const known = transactional.get(id);
  if (known !== undefined) return known;
  const producer = kafka.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  const producing = { producer, open: undefined };
  transactional.set(id, producing);
  return producing;
}

function beginning(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => name.startsWith(prefix)).toSorted();
}

type ReaderOptions = { groupId: string; topic: string; fromBeginning: boolean; readUncommitted?: boolean };

/** Runs a consumer while `use` looks at what it has seen, and whether it has fetched once. */
async function withReader<T>(
  { groupId, topic, fromBeginning, readUncommitted = false }: ReaderOptions,
  use: (isFetching: () => boolean, seen: RecordSeen[]) => Promise<T>,
): Promise<T> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, readUncommitted });
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

/** The protocol's name of an error where there is one, also of the first one inside an aggregate. */
function toRefusal(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) return { name: "Error", message: `${error}` };
  let inner = "errors" in error && Array.isArray(error.errors) ? error.errors[0] : error;
  if ("groups" in inner && Array.isArray(inner.groups)) inner = inner.groups[0].error;
  const name = "type" in inner && typeof inner.type === "string" ? inner.type : inner.name;
  return { name, message: inner.message };
}

await admin.connect();
serve(calls, toRefusal);
