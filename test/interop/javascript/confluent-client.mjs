// @confluentinc/kafka-javascript (librdkafka with kafkajs's interface) as a client program of the interop suite: confluent-client.mjs PACKAGES
// BOOTSTRAP, PACKAGES being a folder with the package, built. See client-process.ts for the calls. It has no reader outside a group, so each
// read has a group of its own, with the offsets to start from committed before.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { inOrder, Refused, serve, steadily, until } from "../node/line-server.ts";

const [, , packages, bootstrap] = process.argv;
const require = createRequire(`${packages}/`);
const { KafkaJS, librdkafkaVersion } = require("@confluentinc/kafka-javascript");
const { version } = require("@confluentinc/kafka-javascript/package.json");

const CALL_MS = 20_000;
const NO_CALL = "its administration has no such call";
const kafka = new KafkaJS.Kafka({
  "bootstrap.servers": bootstrap,
  "broker.address.family": "v4",
  kafkaJS: { brokers: [bootstrap], logLevel: KafkaJS.logLevel.NOTHING },
});
const admin = kafka.admin();
const transactional = new Map();
const member = { consumer: undefined, received: [] };

const calls = {
  about: async () => ({
    version: `${version} (librdkafka ${librdkafkaVersion})`,
    codecs: ["none", "gzip", "snappy", "lz4"],
    lacks: { codecs: "zstd is not built in", addPartitions: NO_CALL, describeConfigs: NO_CALL, alterConfigs: NO_CALL },
  }),

  async createTopic({ topic, partitions, configs = {} }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const topics = [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }];
    if (!(await admin.createTopics({ topics, timeout: CALL_MS }))) throw new Refused("not created");
    return null;
  },

  async deleteTopic({ topic }) {
    await admin.deleteTopics({ topics: [topic], timeout: CALL_MS });
    return null;
  },

  async partitionCount({ topic }) {
    const [described] = await admin.fetchTopicMetadata({ topics: [topic], timeout: CALL_MS });
    return described.partitions.length;
  },

  listTopics: async ({ prefix }) => beginning(await admin.listTopics(), prefix),

  async produce({ topic, codec = "none", acks = -1, isIdempotent = false, records }) {
    const settings = { acks, idempotent: isIdempotent, compression: codec };
    return withProducer(settings, { "message.max.bytes": 10_000_000 }, async (producer) => {
      const sent = await producer.send({ topic, messages: records.map(toMessage) });
      return inOrder(
        sent.flatMap(({ partition, baseOffset }) =>
          records.filter((record) => record.partition === partition).map((_, index) => ({ partition, offset: Number(baseOffset) + index })),
        ),
      );
    });
  },

  produceSteadily: ({ topic, partitions, count, everyMs }) =>
    withProducer({}, { "message.timeout.ms": 60_000 }, (producer) =>
      steadily({ partitions, count, everyMs }, (message) => producer.send({ topic, messages: [message] }), toRefusal),
    ),

  async transact({ id, topic, records, offsets, end }) {
    const known = transactional.get(id) ?? { producer: await transactionalProducer(id) };
    transactional.set(id, known);
    known.open ??= await known.producer.transaction();
    const transaction = known.open;
    if (records.length > 0) await transaction.send({ topic, messages: records.map(toMessage) });
    if (offsets !== undefined) {
      const { group, partition, offset } = offsets;
      const consumer = kafka.consumer({ kafkaJS: { groupId: group } });
      await consumer.connect();
      const topics = [{ topic: offsets.topic, partitions: [{ partition, offset: `${offset}` }] }];
      await transaction.sendOffsets({ consumer, topics });
      await consumer.disconnect();
    }
    if (end === "open") return null;
    known.open = undefined;
    await (end === "commit" ? transaction.commit() : transaction.abort());
    return null;
  },

  async read({ topic, partitions, from, count, waitMs = 15_000, isolation = "read_committed" }) {
    const starts = await startsOf(topic, partitions, from);
    return withReader({ topic, partitions, starts, readUncommitted: isolation === "read_uncommitted" }, async (seen) => {
      await until(() => seen.length >= count, waitMs);
      return inOrder(seen);
    });
  },

  async readNew({ topic, partitions, records }) {
    const starts = (await calls.watermarks({ topic, partitions })).map(({ high }) => high);
    return withReader({ topic, partitions, starts }, async (seen) => {
      await calls.produce({ topic, records });
      await until(() => seen.length >= records.length, CALL_MS);
      return inOrder(seen);
    });
  },

  async watermarks({ topic, partitions }) {
    const offsets = await admin.fetchTopicOffsets(topic, { timeout: CALL_MS });
    return partitions.map((partition) => {
      const found = offsets.find((each) => each.partition === partition);
      return { low: Number(found?.low ?? -1), high: Number(found?.high ?? -1) };
    });
  },

  async offsetsForTime({ topic, partitions, timestampMs }) {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs, { timeout: CALL_MS });
    return partitions.map((partition) => Number(found.find((each) => each.partition === partition)?.offset ?? -1));
  },

  async join({ topic, group }) {
    const settings = { groupId: group, sessionTimeout: 6000, heartbeatInterval: 500, fromBeginning: true, autoCommit: false };
    const consumer = kafka.consumer({ kafkaJS: settings, "fetch.wait.max.ms": 100 });
    Object.assign(member, { consumer, received: [] });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        member.received.push({ partition, offset: Number(message.offset), value: message.value?.toString() ?? null });
        const next = { topic, partition, offset: `${Number(message.offset) + 1}` };
        // Where a rebalance came in between, the next owner reads the record again.
        await consumer.commitOffsets([next]).catch(() => undefined);
      },
    });
    return null;
  },

  assignment: async () =>
    member.consumer
      .assignment()
      .map(({ partition }) => partition)
      .toSorted((a, b) => a - b),

  received: async () => inOrder(member.received),

  async leave() {
    await member.consumer.disconnect();
    return null;
  },

  async committed({ topic, group, partitions }) {
    const found = await admin.fetchOffsets({ groupId: group, topics: [{ topic, partitions }], timeout: CALL_MS });
    const offsets = found[0]?.partitions ?? [];
    return partitions.map((partition) => Math.max(Number(offsets.find((each) => each.partition === partition)?.offset ?? -1), -1));
  },

  async commit({ topic, group, offsets }) {
    const consumer = kafka.consumer({ kafkaJS: { groupId: group, autoCommit: false } });
    await consumer.connect();
    await consumer.commitOffsets(offsets.map(({ partition, offset }) => ({ topic, partition, offset: `${offset}` })));
    await consumer.disconnect();
    return null;
  },

  async listGroups({ prefix }) {
    const { groups } = await admin.listGroups({ timeout: CALL_MS });
    return beginning(
      groups.map(({ groupId }) => groupId),
      prefix,
    );
  },

  async describeGroup({ group }) {
    const [found] = (await admin.describeGroups([group], { timeout: CALL_MS })).groups;
    const [state = "none"] = Object.entries(KafkaJS.ConsumerGroupStates).find(([, code]) => code === found?.state) ?? [];
    return { state, members: found?.members.length ?? 0 };
  },

  async deleteGroup({ group }) {
    await admin.deleteGroups([group], { timeout: CALL_MS });
    return null;
  },
};

async function startsOf(topic, partitions, from) {
  if (from === "beginning") return (await calls.watermarks({ topic, partitions })).map(({ low }) => low);
  if ("offset" in from) return partitions.map(() => from.offset);
  return calls.offsetsForTime({ topic, partitions, timestampMs: from.timestampMs });
}

async function withProducer(settings, more, use) {
  const producer = kafka.producer({ kafkaJS: { allowAutoTopicCreation: false, ...settings }, "linger.ms": 10, ...more });
  await producer.connect();
  try {
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

async function transactionalProducer(id) {
  const producer = kafka.producer({ kafkaJS: { transactionalId: id, transactionTimeout: 60_000 }, "linger.ms": 0 });
  await producer.connect();
  return producer;
}

/** Runs a consumer from these offsets while `use` looks at what it has seen. */
async function withReader({ topic, partitions, starts, readUncommitted = false }, use) {
  const groupId = `reader-${randomUUID()}`;
  await calls.commit({ topic, group: groupId, offsets: partitions.map((partition, index) => ({ partition, offset: starts[index] })) });
  const consumer = kafka.consumer({
    kafkaJS: { groupId, readUncommitted, autoCommit: false, fromBeginning: true },
    "fetch.wait.max.ms": 100,
  });
  const seen = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (partitions.includes(partition)) seen.push(toRecord(partition, message));
    },
  });
  try {
    return await use(seen);
  } finally {
    await consumer.disconnect();
  }
}

function toMessage({ partition, key, value, timestampMs, headers = [] }) {
  return { partition, key, value, timestamp: `${timestampMs}`, headers: Object.fromEntries(headers) };
}

function toRecord(partition, { offset, key, value, timestamp, headers = {} }) {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    timestampMs: Number(timestamp),
    headers: Object.entries(headers).map(([name, content]) => [name, String(content)]),
  };
}

function beginning(names, prefix) {
  return names.filter((name) => name.startsWith(prefix)).toSorted();
}

function toRefusal(error) {
  const inner = error.errors?.[0] ?? error.groups?.[0]?.error ?? error;
  return { name: inner.type ?? inner.name, message: inner.message };
}

await admin.connect();
serve(calls, toRefusal);
