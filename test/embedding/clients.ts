// kafkajs against a broker of the test: quick to retry, silent, and disconnected after the test.

import { type Consumer, Kafka, type KafkaConfig, type Producer, type ProducerConfig } from "kafkajs";
import { onTestFinished } from "vitest";
import { type ClusterOptions, type RunningBroker, startCluster } from "../../src/index.ts";
import { QUIET } from "../support/kafkajs.ts";

/** Stopped after the test, when its clients are gone: they would go on looking for it. */
export async function clusterWith(options: ClusterOptions = {}): Promise<RunningBroker> {
  const cluster = await startCluster(options);
  onTestFinished(() => cluster.stop());
  return cluster;
}

export function kafkaFor(broker: RunningBroker, config: Partial<KafkaConfig> = {}): Kafka {
  const retry = { initialRetryTime: 10, maxRetryTime: 50, retries: 20 };
  return new Kafka({ ...broker.connection.kafkajs(), ...QUIET, retry, requestTimeout: 2000, ...config });
}

export async function producerFor(broker: RunningBroker, config: ProducerConfig = {}, kafka: Partial<KafkaConfig> = {}): Promise<Producer> {
  const producer = kafkaFor(broker, kafka).producer(config);
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  return producer;
}

export interface ConsumeOptions {
  readonly fromBeginning?: boolean;
  readonly autoCommit?: boolean;
  readonly clientId?: string;
  readonly handle?: (value: string) => Promise<void>;
}

/** Consumes in the background; `seen` grows as values come. */
export async function consume(
  broker: RunningBroker,
  groupId: string,
  topic: string,
  options: ConsumeOptions = {},
): Promise<{ consumer: Consumer; seen: string[] }> {
  const { fromBeginning = true, autoCommit = true, clientId = "consumer", handle } = options;
  const consumer = kafkaFor(broker, { clientId }).consumer({
    groupId,
    sessionTimeout: 6000,
    heartbeatInterval: 100,
    rebalanceTimeout: 3000,
    // It disconnects only when its last fetch is answered.
    maxWaitTimeInMs: 500,
  });
  const seen: string[] = [];
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run({
    autoCommit,
    eachMessage: async ({ message }) => {
      seen.push(String(message.value));
      await handle?.(String(message.value));
    },
  });
  return { consumer, seen };
}

/** The message of what an operation throws. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "nothing failed";
}
