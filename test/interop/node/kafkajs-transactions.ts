// Transactions with kafkajs: prints what it observed as JSON.   node kafkajs-transactions.ts <bootstrap> <name of topics and ids>

import { type Consumer, Kafka, logLevel } from "kafkajs";

const [bootstrap = "", name = ""] = process.argv.slice(2);
const kafka = new Kafka({ clientId: "interop", brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 10 } });
const observed: Record<string, unknown> = {};
const input = `${name}-input`;

function transactional(id: string) {
  return kafka.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 60_000 });
}

async function read(readUncommitted: boolean, topic = name): Promise<string[]> {
  const consumer: Consumer = kafka.consumer({ groupId: `${topic}-reader-${readUncommitted}-${Math.random()}`, readUncommitted });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let lastMs = Date.now();
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(`${message.offset}:${message.value}`);
      lastMs = Date.now();
    },
  });
  // There is always something to read; the first of it takes as long as it takes.
  while (Date.now() - lastMs < (values.length === 0 ? 30_000 : 2500)) await new Promise((resolve) => setTimeout(resolve, 100));
  await consumer.disconnect();
  return values;
}

async function attempt(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return "done";
  } catch (error) {
    return error instanceof Error ? `${error.name} ${(error as { type?: string }).type ?? ""}` : "failed";
  }
}

const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  topics: [
    { topic: name, numPartitions: 1 },
    { topic: input, numPartitions: 1 },
  ],
  waitForLeaders: true,
});

const producer = transactional(name);
await producer.connect();
const committed = await producer.transaction();
await committed.send({ topic: name, messages: ["a", "b"].map((value) => ({ key: "k", value })) });
await committed.sendOffsets({ consumerGroupId: `${name}-group`, topics: [{ topic: input, partitions: [{ partition: 0, offset: "5" }] }] });
await committed.commit();
const aborted = await producer.transaction();
await aborted.send({ topic: name, messages: [{ key: "k", value: "c" }] });
await aborted.sendOffsets({ consumerGroupId: `${name}-group`, topics: [{ topic: input, partitions: [{ partition: 0, offset: "9" }] }] });
await aborted.abort();
observed["committed offsets"] = (await admin.fetchOffsets({ groupId: `${name}-group`, topics: [input] }))[0]?.partitions;
observed["committed"] = await read(false);
observed["uncommitted"] = await read(true);

const first = await producer.transaction();
await first.send({ topic: name, messages: [{ key: "k", value: "first" }] });
const rival = transactional(name);
await rival.connect();
const second = await rival.transaction();
await second.send({ topic: name, messages: [{ key: "k", value: "second" }] });
observed["first sends"] = await attempt(() => first.send({ topic: name, messages: [{ key: "k", value: "late" }] }));
observed["first commits"] = await attempt(() => first.commit());
await second.commit();
observed["in the end"] = await read(false);
await rival.disconnect();
await producer.disconnect();
await admin.disconnect();
console.log(JSON.stringify(observed));
process.exit(0);
