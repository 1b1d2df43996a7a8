// @platformatic/kafka as a client program of the interop suite: platformatic-client.mjs PACKAGES BOOTSTRAP, PACKAGES being a folder with the
// package. See client-process.ts for the calls. It has no reader outside a group, so each read has a group of its own, and joins nothing.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { inOrder, serve, steadily, until } from "../node/line-server.ts";

const [, , packages, bootstrap] = process.argv;
const require = createRequire(`${packages}/`);
const { Admin, Consumer, Producer, ConfigResourceTypes, IncrementalAlterConfigTypes, stringSerializers } = require("@platformatic/kafka");
const { version } = JSON.parse(readFileSync(`${packages}/node_modules/@platformatic/kafka/package.json`, "utf8"));

const CALL_MS = 20_000;
const COMMON = { clientId: "interop", bootstrapBrokers: [bootstrap], retries: 5, retryDelay: 200 };
/** For a broker that is away for a while: a stream whose retries are over is destroyed. */
const PATIENT = { retries: 100, retryDelay: 500 };
const TOPIC = ConfigResourceTypes?.TOPIC ?? 2;
const SET = IncrementalAlterConfigTypes?.SET ?? 0;
const LACKS = { "offsets in transactions": "it adds those of records that a member of its own has read" };
const admin = new Admin(COMMON);
const transactional = new Map();
const member = { consumer: undefined, stream: undefined, received: [] };

const calls = {
  about: async () => ({ version, codecs: ["none", "gzip", "snappy", "lz4", "zstd"], lacks: LACKS }),

  async createTopic({ topic, partitions, configs = {} }) {
    const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries });
    // Kafka may not know it at once, and what is sent or read then fails.
    const isKnown = async () => {
      const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
      return metadata.topics.get(topic)?.partitions.every(({ leader }) => leader >= 0) ?? false;
    };
    for (let tries = 0; tries < 50 && !(await isKnown().catch(() => false)); tries++) await sleep(50);
    return null;
  },

  async deleteTopic({ topic }) {
    await admin.deleteTopics({ topics: [topic] });
    return null;
  },

  async partitionCount({ topic }) {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  },

  listTopics: async ({ prefix }) => beginning(await admin.listTopics(), prefix),

  async addPartitions({ topic, partitions }) {
    await admin.createPartitions({ topics: [{ name: topic, count: partitions, assignments: null }] });
    return null;
  },

  async describeConfigs({ topic, names }) {
    const resources = [{ resourceType: TOPIC, resourceName: topic, configurationKeys: names }];
    const [described] = await admin.describeConfigs({ resources });
    return Object.fromEntries(names.map((name) => [name, described.configs.find((each) => each.name === name)?.value ?? null]));
  },

  async alterConfigs({ topic, configs }) {
    const entries = Object.entries(configs).map(([name, value]) => ({ name, value, configOperation: SET }));
    await admin.incrementalAlterConfigs({ resources: [{ resourceType: TOPIC, resourceName: topic, configs: entries }] });
    return null;
  },

  async produce({ topic, codec = "none", acks = -1, isIdempotent = false, records }) {
    const producer = new Producer({ ...COMMON, serializers: stringSerializers, idempotent: isIdempotent, autocreateTopics: false });
    try {
      const sent = await producer.send({ acks, compression: codec, messages: records.map((record) => toMessage(topic, record)) });
      return inOrder(
        (sent.offsets ?? []).flatMap(({ partition, offset }) =>
          records.filter((record) => record.partition === partition).map((_, index) => ({ partition, offset: Number(offset) + index })),
        ),
      );
    } finally {
      await producer.close(true);
    }
  },

  async produceSteadily({ topic, partitions, count, everyMs }) {
    const producer = new Producer({ ...COMMON, ...PATIENT, serializers: stringSerializers });
    const send = (record) => producer.send({ acks: -1, messages: [{ topic, ...record }] });
    try {
      return await steadily({ partitions, count, everyMs }, send, toRefusal);
    } finally {
      await producer.close(true);
    }
  },

  async transact({ id, topic, records, end }) {
    const known = transactional.get(id) ?? { producer: transactionalProducer(id) };
    transactional.set(id, known);
    known.open ??= await known.producer.beginTransaction();
    const transaction = known.open;
    if (records.length > 0) await transaction.send({ messages: records.map((record) => toMessage(topic, record)) });
    if (end === "open") return null;
    known.open = undefined;
    await (end === "commit" ? transaction.commit() : transaction.abort());
    return null;
  },

  async read({ topic, partitions, from, count, waitMs = 15_000, isolation = "read_committed" }) {
    const starts = await startsOf(topic, partitions, from);
    const offsets = partitions.map((partition, index) => ({ topic, partition, offset: starts[index] }));
    return withReader({ topic, partitions, offsets, isolation }, async (seen) => {
      await until(() => seen.length >= count || seen.error !== undefined, waitMs);
      return inOrder(seen);
    });
  },

  async readNew({ topic, partitions, records }) {
    const ends = await offsetsAt(topic, partitions, -1n);
    const offsets = partitions.map((partition, index) => ({ topic, partition, offset: ends[index] }));
    return withReader({ topic, partitions, offsets }, async (seen) => {
      await calls.produce({ topic, records });
      await until(() => seen.length >= records.length || seen.error !== undefined, CALL_MS);
      return inOrder(seen);
    });
  },

  async watermarks({ topic, partitions }) {
    const [lows, highs] = [await offsetsAt(topic, partitions, -2n), await offsetsAt(topic, partitions, -1n)];
    return partitions.map((_, index) => ({ low: Number(lows[index]), high: Number(highs[index]) }));
  },

  offsetsForTime: async ({ topic, partitions, timestampMs }) =>
    (await offsetsAt(topic, partitions, BigInt(timestampMs))).map((offset) => Number(offset)),

  async join({ topic, group }) {
    const settings = { groupId: group, sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500, maxWaitTime: 100 };
    const consumer = new Consumer({ ...COMMON, ...PATIENT, ...settings });
    Object.assign(member, { consumer, received: [] });
    // Each record is committed as it is taken, before the next one is.
    const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest", autocommit: true });
    member.stream = stream;
    stream.on("error", () => undefined);
    stream.on("data", ({ partition, offset, value }) => {
      member.received.push({ partition, offset: Number(offset), value: value?.toString() ?? null });
    });
    return null;
  },

  async assignment() {
    const assigned = (member.consumer.assignments ?? []).flatMap(({ partitions }) => partitions);
    return assigned.toSorted((a, b) => a - b);
  },

  received: async () => inOrder(member.received),

  async leave() {
    await member.stream.close();
    await member.consumer.close(true);
    return null;
  },

  async committed({ topic, group, partitions }) {
    const asked = [{ groupId: group, topics: [{ name: topic, partitionIndexes: partitions }] }];
    const [found] = await admin.listConsumerGroupOffsets({ groups: asked });
    const offsets = found?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    return partitions.map((partition) => Number(offsets.find((each) => each.partitionIndex === partition)?.committedOffset ?? -1));
  },

  async commit({ topic, group, offsets }) {
    const partitionOffsets = offsets.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }));
    await admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] });
    return null;
  },

  listGroups: async ({ prefix }) => beginning([...(await admin.listGroups()).keys()], prefix),

  async describeGroup({ group }) {
    const found = (await admin.describeGroups({ groups: [group] })).get(group);
    return { state: found?.state ?? "none", members: found?.members.size ?? 0 };
  },

  async deleteGroup({ group }) {
    await admin.deleteGroups({ groups: [group] });
    return null;
  },
};

function transactionalProducer(id) {
  return new Producer({ ...COMMON, serializers: stringSerializers, idempotent: true, transactionalId: id });
}

async function startsOf(topic, partitions, from) {
  if (from === "beginning") return offsetsAt(topic, partitions, -2n);
  if ("offset" in from) return partitions.map(() => BigInt(from.offset));
  return offsetsAt(topic, partitions, BigInt(from.timestampMs));
}

async function offsetsAt(topic, partitions, timestamp) {
  const asked = [{ name: topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })) }];
  const [found] = await admin.listOffsets({ topics: asked });
  return partitions.map((partition) => found.partitions.find((each) => each.partitionIndex === partition)?.offset ?? -1n);
}

/** Runs a stream that is not a member's while `use` looks at what it has seen. */
async function withReader({ topic, partitions, offsets, isolation = "read_committed" }, use) {
  const consumer = new Consumer({ ...COMMON, groupId: `reader-${randomUUID()}`, maxWaitTime: 100 });
  const isolationLevel = isolation === "read_committed" ? 1 : 0;
  const stream = await consumer.consume({ topics: [topic], mode: "manual", offsets, isolationLevel, autocommit: false });
  const seen = [];
  stream.on("error", (error) => {
    seen.error = error;
  });
  stream.on("data", (message) => {
    if (partitions.includes(message.partition)) seen.push(toRecord(message));
  });
  try {
    const result = await use(seen);
    if (seen.error !== undefined) throw seen.error;
    return result;
  } finally {
    await consumer.close(true);
  }
}

function toMessage(topic, { partition, key, value, timestampMs, headers = [] }) {
  const message = { topic, partition, timestamp: BigInt(timestampMs), headers: Object.fromEntries(headers) };
  return { ...message, ...(key === null ? {} : { key }), ...(value === null ? {} : { value }) };
}

function toRecord({ partition, offset, key, value, timestamp, headerEntries }) {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    timestampMs: Number(timestamp),
    headers: headerEntries.map(([name, content]) => [name.toString(), content.toString()]),
  };
}

function beginning(names, prefix) {
  return names.filter((name) => name.startsWith(prefix)).toSorted();
}

/** The innermost error, with the protocol's name where it has one. */
function toRefusal(error) {
  const inner = error.errors?.[0] ?? error.cause;
  if (inner instanceof Error) return toRefusal(inner);
  return { name: error.apiId ?? error.code ?? error.name, message: error.message };
}

serve(calls, toRefusal);
