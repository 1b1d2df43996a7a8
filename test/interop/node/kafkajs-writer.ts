// A producer with kafkajs, which writes what happens to it into a log of its own (../machines/writer-log.ts): kafkajs-writer.ts '<options>'.
// What it does is in ../machines/writer.ts. One record at a time: of several, kafkajs sends those again that were answered when another
// one's leader is gone.

import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, type Producer } from "kafkajs";
import { QUIET } from "../../support/kafkajs.ts";
import { nowUs } from "../event-log.ts";
import type { WriterOptions } from "../machines/writer.ts";

const ABORTS = 4;
const RETRY_MS = 200;
const options = JSON.parse(process.argv[2] ?? "") as WriterOptions & { readonly log: string };
const { topic, partitions } = options;
const kafka = new Kafka({
  clientId: options.name,
  brokers: options.bootstrap.split(","),
  ...QUIET,
  requestTimeout: 5000,
  connectionTimeout: 2000,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: options.deliveryMs / 500 },
});
let isEnding = false;

function tell(event: string, fields: object = {}): void {
  appendFileSync(options.log, `${JSON.stringify({ atUs: nowUs(), event, ...fields })}\n`);
}

async function writeRecords(): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  for (let number = 0; !isEnding; number++) {
    const partition = number % partitions;
    const [place, value, sinceUs] = [`${topic}/${partition}`, `${options.name}:${number}`, nowUs()] as const;
    try {
      const [answer] = await producer.send({ topic, acks: -1, messages: [{ partition, value }] });
      tell("sent", { sinceUs, place, offset: Number(answer?.baseOffset ?? -1), value });
    } catch (error) {
      tell("unsent", { sinceUs, place, value, error: `${error}` });
    }
    await sleep(options.paceMs);
  }
  await producer.disconnect();
}

async function writeTransactions(transactionalId: string): Promise<void> {
  let producer: Producer | undefined;
  for (let number = 0; !isEnding; number++) {
    const records = [0, 1].map((part) => [(number + part) % partitions, `${options.name}:${number}:${part}`] as const);
    const told = { number, sinceUs: nowUs(), records: records.map(([partition, value]) => [`${topic}/${partition}`, value]) };
    let isCommitting = false;
    try {
      producer ??= await connected(kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 }));
      const transaction = await producer.transaction();
      for (const [partition, value] of records) await transaction.send({ topic, acks: -1, messages: [{ partition, value }] });
      isCommitting = number % ABORTS !== ABORTS - 1;
      if (isCommitting) await transaction.commit();
      else await transaction.abort();
      tell("transaction", { ...told, outcome: isCommitting ? "committed" : "aborted" });
    } catch (error) {
      tell("transaction", { ...told, outcome: isCommitting ? "unknown" : "aborted", error: `${error}` });
      await producer?.disconnect().catch(() => undefined);
      producer = undefined;
      await sleep(RETRY_MS);
    }
    await sleep(options.paceMs);
  }
  await producer?.disconnect();
}

async function connected(producer: Producer): Promise<Producer> {
  await producer.connect();
  return producer;
}

process.stdin.on("end", () => {
  isEnding = true;
});
process.stdin.resume();
try {
  await (options.transactionalId === undefined ? writeRecords() : writeTransactions(options.transactionalId));
  tell("left");
} catch (error) {
  tell("failed", { error: `${error}` });
}
