// node-rdkafka (librdkafka with callbacks) as a client program of the interop suite: node-rdkafka-client.mjs PACKAGES BOOTSTRAP, PACKAGES being a
// folder with the package, built. See client-process.ts for the calls.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { inOrder, serve, steadily, until } from "../node/line-server.ts";

const [, , packages, bootstrap] = process.argv;
const require = createRequire(`${packages}/`);
const { AdminClient, CODES, KafkaConsumer, librdkafkaVersion, Producer } = require("node-rdkafka");
const { version } = require("node-rdkafka/package.json");

const CALL_MS = 20_000;
const COMMON = { "metadata.broker.list": bootstrap, "broker.address.family": "v4" };
const NO_ADMIN = "its administration is of topics alone";
const admin = AdminClient.create(COMMON);
const administrate = (call, ...args) => promisify(admin[call].bind(admin))(...args);
const transactional = new Map();
const member = { consumer: undefined, received: [], polling: undefined };
/** An error for each code, whose name is the protocol's. */
const NAMES = new Map(Object.entries(CODES.ERRORS).map(([name, code]) => [code, name]));

const calls = {
  about: async () => ({
    version: `${version} (librdkafka ${librdkafkaVersion})`,
    codecs: ["none", "gzip", "snappy", "lz4"],
    lacks: {
      codecs: "zstd is not built in",
      describeConfigs: NO_ADMIN,
      alterConfigs: NO_ADMIN,
      listGroups: NO_ADMIN,
      describeGroup: NO_ADMIN,
      deleteGroup: NO_ADMIN,
    },
  }),

  async createTopic({ topic, partitions, configs = {} }) {
    await administrate("createTopic", { topic, num_partitions: partitions, replication_factor: 1, config: configs }, CALL_MS);
    return null;
  },

  async deleteTopic({ topic }) {
    await administrate("deleteTopic", topic, CALL_MS);
    return null;
  },

  async partitionCount({ topic }) {
    return withReader({}, async (consumer) => {
      const { topics } = await metadataOf(consumer, topic);
      const found = topics.find(({ name }) => name === topic);
      const partitions = found?.partitions ?? [];
      if (partitions.length === 0) throw Object.assign(new Error("no partitions"), { code: CODES.ERRORS.ERR_UNKNOWN_TOPIC_OR_PART });
      return partitions.length;
    });
  },

  listTopics: ({ prefix }) =>
    withReader({}, async (consumer) => {
      const { topics } = await metadataOf(consumer);
      return topics
        .map(({ name }) => name)
        .filter((name) => name.startsWith(prefix))
        .toSorted();
    }),

  async addPartitions({ topic, partitions }) {
    await administrate("createPartitions", topic, partitions, CALL_MS);
    return null;
  },

  async produce({ topic, codec = "none", acks = -1, isIdempotent = false, records }) {
    const settings = { "compression.codec": codec, "enable.idempotence": isIdempotent, "linger.ms": 50, "message.max.bytes": 10_000_000 };
    return withProducer(settings, acks, async (producer) => {
      const reports = await sendAll(producer, topic, records);
      return inOrder(reports.map(({ partition, offset }) => ({ partition, offset })));
    });
  },

  async produceSteadily({ topic, partitions, count, everyMs }) {
    return withProducer({ "message.timeout.ms": 60_000, "linger.ms": 0 }, -1, (producer) => {
      const send = ({ partition, value }) => sendAll(producer, topic, [{ partition, key: null, value, timestampMs: Date.now() }]);
      return steadily({ partitions, count, everyMs }, send, toRefusal);
    });
  },

  async transact({ id, topic, records, offsets, end }) {
    const known = transactional.get(id) ?? { producer: await transactionalProducer(id), isOpen: false };
    transactional.set(id, known);
    const { producer } = known;
    const step = (call, ...args) => promisify(producer[call].bind(producer))(...args);
    if (!known.isOpen) await step("beginTransaction");
    known.isOpen = end === "open";
    await sendAll(producer, topic, records);
    if (offsets !== undefined) {
      const { group, partition, offset } = offsets;
      await withReader({ "group.id": group }, (consumer) =>
        step("sendOffsetsToTransaction", [{ topic: offsets.topic, partition, offset }], consumer, CALL_MS),
      );
    }
    if (end === "commit") await step("commitTransaction", CALL_MS);
    if (end === "abort") await step("abortTransaction", CALL_MS);
    return null;
  },

  async read({ topic, partitions, from, count, waitMs = 15_000, isolation = "read_committed" }) {
    return withReader({ "isolation.level": isolation }, async (consumer) => {
      consumer.assign(await placesOf(consumer, topic, partitions, from));
      return inOrder(await take(consumer, count, waitMs));
    });
  },

  async readNew({ topic, partitions, records }) {
    return withReader({ "enable.partition.eof": true }, async (consumer) => {
      const ends = new Set();
      consumer.on("partition.eof", ({ partition }) => ends.add(partition));
      consumer.assign(partitions.map((partition) => ({ topic, partition, offset: -1 })));
      consumer.setDefaultConsumeTimeout(100);
      const early = consume(consumer, 1);
      await until(() => ends.size >= partitions.length, 2000);
      await early;
      await calls.produce({ topic, records });
      return inOrder(await take(consumer, records.length, CALL_MS));
    });
  },

  watermarks: ({ topic, partitions }) =>
    withReader({}, (consumer) =>
      Promise.all(
        partitions.map(async (partition) => {
          const ask = promisify(consumer.queryWatermarkOffsets.bind(consumer));
          const { lowOffset, highOffset } = await ask(topic, partition, CALL_MS);
          return { low: lowOffset, high: highOffset };
        }),
      ),
    ),

  offsetsForTime: ({ topic, partitions, timestampMs }) =>
    withReader({}, async (consumer) =>
      (await placesOf(consumer, topic, partitions, { timestampMs })).map(({ offset }) => Math.max(offset, -1)),
    ),

  async join({ topic, group }) {
    const settings = { "group.id": group, "session.timeout.ms": 6000, "heartbeat.interval.ms": 500 };
    const consumer = await connected(new KafkaConsumer(consumerSettings(settings), { "auto.offset.reset": "earliest" }));
    consumer.setDefaultConsumeTimeout(100);
    consumer.subscribe([topic]);
    Object.assign(member, { consumer, received: [], isLeaving: false });
    member.polling = poll(consumer);
    return null;
  },

  assignment: async () =>
    member.consumer
      .assignments()
      .map(({ partition }) => partition)
      .toSorted((a, b) => a - b),

  received: async () => inOrder(member.received),

  async leave() {
    member.isLeaving = true;
    await member.polling;
    await disconnected(member.consumer);
    return null;
  },

  committed: ({ topic, group, partitions }) =>
    withReader({ "group.id": group }, async (consumer) => {
      const ask = promisify(consumer.committed.bind(consumer));
      const found = await ask(
        partitions.map((partition) => ({ topic, partition })),
        CALL_MS,
      );
      return found.map(({ offset }) => (typeof offset === "number" ? Math.max(offset, -1) : -1));
    }),

  commit: ({ topic, group, offsets }) =>
    withReader({ "group.id": group }, async (consumer) => {
      consumer.commitSync(offsets.map(({ partition, offset }) => ({ topic, partition, offset })));
      return null;
    }),
};

/** Takes a few records at a time and commits them, until the member leaves. */
async function poll(consumer) {
  while (!member.isLeaving) {
    const messages = await consume(consumer, 10);
    for (const { partition, offset, value } of messages) member.received.push({ partition, offset, value: value?.toString() ?? null });
    try {
      for (const message of messages) consumer.commitMessageSync(message);
    } catch {
      // A rebalance came in between: the next owner reads the records again.
    }
    await sleep(5);
  }
}

async function consume(consumer, count) {
  try {
    return await promisify(consumer.consume.bind(consumer))(count);
  } catch (error) {
    if (consumer.failure === undefined && !("unassigned" in error) && error.code !== CODES.ERRORS.ERR__TIMED_OUT) consumer.failure = error;
    return [];
  }
}

async function take(consumer, count, waitMs) {
  consumer.setDefaultConsumeTimeout(100);
  const deadline = performance.now() + waitMs;
  const seen = [];
  while (seen.length < count && performance.now() < deadline) {
    for (const message of await consume(consumer, count - seen.length)) seen.push(toRecord(message));
    if (consumer.failure !== undefined) throw consumer.failure;
  }
  return seen;
}

function consumerSettings(more) {
  return { ...COMMON, "enable.auto.commit": false, "fetch.wait.max.ms": 100, "allow.auto.create.topics": false, ...more };
}

async function withReader(settings, use) {
  const all = consumerSettings({ "group.id": `reader-${randomUUID()}`, ...settings });
  const consumer = await connected(new KafkaConsumer(all, { "auto.offset.reset": "error" }));
  consumer.on("event.error", (error) => {
    if (error.code === CODES.ERRORS.ERR__AUTO_OFFSET_RESET) consumer.failure = error;
  });
  try {
    return await use(consumer);
  } finally {
    await disconnected(consumer);
  }
}

async function placesOf(consumer, topic, partitions, from) {
  if (from === "beginning") return partitions.map((partition) => ({ topic, partition, offset: -2 }));
  if ("offset" in from) return partitions.map((partition) => ({ topic, partition, offset: from.offset }));
  const ask = promisify(consumer.offsetsForTimes.bind(consumer));
  return ask(
    partitions.map((partition) => ({ topic, partition, offset: from.timestampMs })),
    CALL_MS,
  );
}

async function withProducer(settings, acks, use) {
  const producer = await connectedProducer({ "allow.auto.create.topics": false, "message.timeout.ms": CALL_MS, ...settings }, acks);
  try {
    return await use(producer);
  } finally {
    clearInterval(producer.polling);
    await disconnected(producer);
  }
}

async function transactionalProducer(id) {
  const producer = await connectedProducer({ "transactional.id": id, "linger.ms": 0 }, -1);
  await promisify(producer.initTransactions.bind(producer))(CALL_MS);
  return producer;
}

async function connectedProducer(settings, acks) {
  const producer = new Producer({ ...COMMON, dr_cb: true, ...settings }, { "request.required.acks": acks });
  producer.on("event.error", () => undefined);
  producer.on("delivery-report", (error, report) => report.opaque?.(error, report));
  await connected(producer);
  producer.polling = setInterval(() => producer.poll(), 10);
  return producer;
}

/** Rejects with the first record that was not delivered. */
async function sendAll(producer, topic, records) {
  const sent = records.map(
    ({ partition, key, value, timestampMs, headers = [] }) =>
      new Promise((resolve, reject) => {
        const onReport = (error, report) => (error ? reject(error) : resolve(report));
        const content = value === null ? null : Buffer.from(value);
        const named = headers.map(([name, text]) => ({ [name]: text }));
        producer.produce(topic, partition, content, key, timestampMs, onReport, named);
      }),
  );
  const outcomes = await Promise.allSettled(sent);
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return outcomes.map(({ value }) => value);
}

async function connected(client) {
  await promisify(client.connect.bind(client))({ timeout: CALL_MS });
  return client;
}

/** From a timer, with nothing left to deliver: it may hang otherwise. */
async function disconnected(client) {
  await sleep(20);
  await promisify(client.disconnect.bind(client))();
}

function metadataOf(client, topic) {
  return promisify(client.getMetadata.bind(client))({ ...(topic === undefined ? {} : { topic }), timeout: CALL_MS });
}

function toRecord({ partition, offset, key, value, timestamp, headers = [] }) {
  return {
    partition,
    offset,
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    timestampMs: timestamp,
    headers: headers.flatMap((header) => Object.entries(header).map(([name, content]) => [name, content.toString()])),
  };
}

function toRefusal(error) {
  return { name: NAMES.get(error.code) ?? error.name, message: error.message };
}

serve(calls, toRefusal);
