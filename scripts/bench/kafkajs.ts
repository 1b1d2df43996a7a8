// A kafkajs program, as most of our users have one: 100-byte messages sent 1000 at a time, then read by a consumer of a group.

import { Kafka, logLevel } from "kafkajs";
import { launchAndWait } from "./contender.ts";
import type { ContenderName, Figure } from "./figures.ts";

const MESSAGES = 300_000;
const PER_SEND = 1000;
const VALUE_BYTES = 100;

export async function measureKafkajs(name: ContenderName): Promise<Figure[]> {
  const contender = await launchAndWait(name);
  try {
    const kafka = new Kafka({ brokers: [contender.bootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "bench", numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    return [
      { contender: name, what: "kafkajs produce", unit: "messages/s", value: await produce(kafka) },
      { contender: name, what: "kafkajs consume", unit: "messages/s", value: await consume(kafka) },
    ];
  } finally {
    await contender.stop();
  }
}

async function produce(kafka: Kafka): Promise<number> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: PER_SEND }, () => ({ value: Buffer.alloc(VALUE_BYTES, "x") }));
  await producer.send({ topic: "bench", messages });
  const startedMs = performance.now();
  for (let sent = PER_SEND; sent < MESSAGES; sent += PER_SEND) await producer.send({ topic: "bench", messages });
  const tookMs = performance.now() - startedMs;
  await producer.disconnect();
  return ((MESSAGES - PER_SEND) / tookMs) * 1000;
}

async function consume(kafka: Kafka): Promise<number> {
  const consumer = kafka.consumer({ groupId: "bench" });
  await consumer.connect();
  await consumer.subscribe({ topic: "bench", fromBeginning: true });
  let count = 0;
  let firstMs = 0;
  await new Promise<void>((done) => {
    void consumer.run({
      eachBatch: async ({ batch }) => {
        if (count === 0) firstMs = performance.now();
        count += batch.messages.length;
        if (count >= MESSAGES) done();
      },
    });
  });
  const tookMs = performance.now() - firstMs;
  await consumer.disconnect();
  return (MESSAGES / tookMs) * 1000;
}
