// A producer and a consumer of kafkajs beside each other for some time, whose sessions end meanwhile.

import type { Kafka } from "kafkajs";

const LONGEST_WAIT_MS = 20_000;

/** Makes the topic; says whether all that was sent was read, in order and once. */
export async function echoes(kafka: Kafka, topic: string, forMs: number): Promise<boolean> {
  const [producer, consumer, admin] = [kafka.producer(), kafka.consumer({ groupId: topic }), kafka.admin()];
  const read: string[] = [];
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
  const endMs = Date.now() + forMs;
  const sent: string[] = [];
  while (Date.now() < endMs) {
    sent.push(`${sent.length}`);
    await producer.send({ topic, messages: [{ value: `${sent.length - 1}` }] });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  while (read.length < sent.length && Date.now() < endMs + LONGEST_WAIT_MS) await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  return JSON.stringify(read) === JSON.stringify(sent);
}
