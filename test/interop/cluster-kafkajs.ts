// The clients of a cluster's scenario with kafkajs, in this process. See cluster-workload.ts for what they do.

import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, Kafka, type KafkaConfig, type Producer, type ProducerConfig } from "kafkajs";
import { QUIET } from "../support/kafkajs.ts";
import type { ClientEvent, ProducerName, TransactionOutcome } from "./cluster-history.ts";
import {
  GROUP,
  LEDGER,
  LEDGER_PARTITIONS,
  ORDERS,
  ORDERS_PARTITIONS,
  TRANSACTIONAL_ID,
  type Workload,
  type WorkloadCalls,
  type WorkloadOptions,
} from "./cluster-workload.ts";

const KEYS = 8;
const PACE_MS = 4;
/** One that never stops trying would hold the test up. */
const CLOSE_MS = 20_000;
/** One in so many transactions is aborted on purpose. */
const ABORTS = 4;
/** kafkajs goes on asking a replica that its leader preferred, though it is away, until that is so old: five minutes by default. */
const REPLICA_KEPT_MS = 2000;
const PATIENT = { initialRetryTime: 50, maxRetryTime: 500, retries: 1_000_000 };

export async function startKafkajsWorkload(options: WorkloadOptions): Promise<Workload> {
  const workload = new KafkajsWorkload(options);
  await workload.start();
  return workload;
}

class KafkajsWorkload implements Workload {
  readonly #options: WorkloadOptions;
  readonly #consumers: Consumer[] = [];
  readonly #producing: Promise<void>[] = [];
  #isOver = false;

  readonly #calls: { [C in keyof WorkloadCalls]: (args: Parameters<WorkloadCalls[C]>[0]) => Promise<ReturnType<WorkloadCalls[C]>> } = {
    quiesce: async () => {
      this.#isOver = true;
      await Promise.all(this.#producing);
      return null;
    },
    send: (args) => this.#sendOnce(args ?? { topic: "", partition: 0, value: "" }),
    nodesReadFrom: async () => null,
  };

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const [index, rack] of this.#options.racks.entries()) await this.#join(`member ${index + 1}`, rack);
    this.#producing.push(
      this.#produce("idempotent", { idempotent: true, maxInFlightRequests: 1 }),
      this.#produce("plain", { maxInFlightRequests: 1 }),
      this.#transact(),
    );
  }

  call<C extends keyof WorkloadCalls>(call: C, args?: Parameters<WorkloadCalls[C]>[0]): Promise<ReturnType<WorkloadCalls[C]>> {
    return this.#calls[call](args);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    const closing = Promise.all(this.#producing).then(() => Promise.all(this.#consumers.map((consumer) => consumer.disconnect())));
    await Promise.race([closing, sleep(CLOSE_MS)]);
  }

  #kafka(config: Partial<KafkaConfig> = {}): Kafka {
    const brokers = this.#options.bootstrap.split(",");
    return new Kafka({ brokers, ...QUIET, retry: PATIENT, requestTimeout: 5000, connectionTimeout: 2000, ...config });
  }

  async #produce(name: ProducerName, config: ProducerConfig): Promise<void> {
    const producer = this.#kafka({ clientId: name }).producer({ ...config, allowAutoTopicCreation: false });
    try {
      await producer.connect();
      for (let number = 0; !this.#isOver; number++) {
        await this.#send(producer, name, number);
        await sleep(PACE_MS);
      }
    } catch (error) {
      this.#tell({ event: "died", who: `producer ${name}`, error: nameOf(error) });
    } finally {
      await producer.disconnect();
    }
  }

  /** One record at a time: of several, kafkajs sends those again that were answered when another one's leader is gone. */
  async #send(producer: Producer, name: ProducerName, number: number): Promise<void> {
    const key = number % KEYS;
    const partition = key % ORDERS_PARTITIONS;
    const value = `${name} k${key} ${number}`;
    try {
      const [answer] = await producer.send({ topic: ORDERS, acks: -1, messages: [{ partition, key: `k${key}`, value }] });
      this.#tell({ event: "sent", value, partition, offset: Number(answer?.baseOffset ?? -1) });
    } catch (error) {
      this.#tell({ event: "unsent", value, error: nameOf(error) });
    }
  }

  async #transact(): Promise<void> {
    const kafka = this.#kafka({ clientId: "transactional" });
    let producer: Producer | undefined;
    for (let number = 0; !this.#isOver; number++) {
      try {
        producer ??= await connected(kafka.producer({ transactionalId: TRANSACTIONAL_ID, idempotent: true, maxInFlightRequests: 1 }));
        this.#tell({ event: "transaction", number, outcome: await this.#runTransaction(producer, number) });
      } catch (error) {
        this.#tell({ event: "error", who: "transactional producer", error: nameOf(error) });
        this.#tell({ event: "transaction", number, outcome: "unknown" });
        await producer?.disconnect().catch(() => undefined);
        producer = undefined;
      }
      await sleep(PACE_MS);
    }
    await producer?.disconnect();
  }

  /** Rejects when the producer has to be replaced. */
  async #runTransaction(producer: Producer, number: number): Promise<TransactionOutcome> {
    const transaction = await producer.transaction();
    const messages = ["a", "b"].map((part, index) => ({ partition: (number + index) % LEDGER_PARTITIONS, value: `${number} ${part}` }));
    for (const message of messages) await transaction.send({ topic: LEDGER, acks: -1, messages: [message] });
    if (number % ABORTS === ABORTS - 1) {
      await transaction.abort();
      return "aborted";
    }
    await transaction.commit();
    return "committed";
  }

  async #join(member: string, rackId: string): Promise<void> {
    const kafka = this.#kafka({ clientId: member });
    const patience = { sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 200, metadataMaxAge: REPLICA_KEPT_MS };
    const consumer = kafka.consumer({ groupId: GROUP, rackId, ...patience });
    this.#consumers.push(consumer);
    const { GROUP_JOIN, COMMIT_OFFSETS, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => this.#tell({ event: "assigned", member, partitions: payload.memberAssignment[ORDERS] ?? [] }));
    consumer.on(COMMIT_OFFSETS, ({ payload }) => {
      for (const { partitions } of payload.topics)
        for (const { partition, offset } of partitions)
          this.#tell({ event: "committed", member, partition: Number(partition), offset: Number(offset) });
    });
    consumer.on(CRASH, ({ payload }) => {
      const isEnd = !payload.restart && !this.#isOver;
      this.#tell({ event: isEnd ? "died" : "error", who: member, error: nameOf(payload.error) });
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [ORDERS], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) =>
        this.#tell({ event: "received", member, partition, offset: Number(message.offset), value: String(message.value) }),
    });
  }

  async #sendOnce({ topic, partition, value }: { topic: string; partition: number; value: string }) {
    const retry = { initialRetryTime: 100, retries: 3 };
    const producer = this.#kafka({ clientId: "impatient", retry }).producer({ allowAutoTopicCreation: false });
    try {
      await producer.connect();
      const [answer] = await producer.send({ topic, acks: -1, messages: [{ partition, value }] });
      return { offset: Number(answer?.baseOffset ?? -1) };
    } catch (error) {
      return { error: nameOf(error) };
    } finally {
      await producer.disconnect();
    }
  }

  #tell(event: ClientEvent): void {
    this.#options.tell(event);
  }
}

async function connected(producer: Producer): Promise<Producer> {
  await producer.connect();
  return producer;
}

/** The protocol's name of an error where it has one. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return "type" in cause && typeof cause.type === "string" ? cause.type : `${cause.name}: ${cause.message}`;
}
