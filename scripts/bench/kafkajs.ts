// A kafkajs program, as most of our users have one: 100-byte messages sent 1000 at a time, then read by a consumer of a group.

import { Kafka, logLevel } from "kafkajs";
import { BROKERS, type Scenario } from "./scenario.ts";

const MESSAGES = 300_000;
const PER_SEND = 1000;
const VALUE_BYTES = 100;

export const kafkajs: Scenario = {
  name: "kafkajs",
  about: "a kafkajs program produces and consumes",
  contenders: [...BROKERS, "kfake"],
  async measure(run) {
    const contender = await run.launch();
    const topic = await contender.createTopic("kafkajs");
    const kafka = new Kafka({ brokers: [contender.bootstrap], logLevel: logLevel.NOTHING });
    const messages = run.scaled(MESSAGES, 2 * PER_SEND);
    run.add("kafkajs produce", "messages/s", await produce(kafka, topic, messages));
    run.add("kafkajs consume", "messages/s", await consume(kafka, topic, messages));
  },
};

async function produce(kafka: Kafka, topic: string, wanted: number): Promise<number> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: PER_SEND }, () => ({ value: Buffer.alloc(VALUE_BYTES, "x") }));
  await producer.send({ topic, messages });
  const startedMs = performance.now();
  let sent = 0;
  for (; sent < wanted - PER_SEND; sent += PER_SEND) await producer.send({ topic, messages });
  const tookMs = performance.now() - startedMs;
  await producer.disconnect();
  return (sent / tookMs) * 1000;
}

async function consume(kafka: Kafka, topic: string, wanted: number): Promise<number> {
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let count = 0;
  let firstMs = 0;
  let firstCount = 0;
  await new Promise<void>((done) => {
    void consumer.run({
      eachBatch: async ({ batch }) => {
        if (count === 0) {
          firstMs = performance.now();
          firstCount = batch.messages.length;
        }
        count += batch.messages.length;
        if (count >= wanted - PER_SEND) done();
      },
    });
  });
  const tookMs = performance.now() - firstMs;
  await consumer.disconnect();
  // All in one batch: then nothing says how long it took.
  return count === firstCount ? Number.NaN : ((count - firstCount) / tookMs) * 1000;
}
