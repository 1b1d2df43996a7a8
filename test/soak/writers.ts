// Producers of a soak. Each writes values "<name>:<number>" in turn to the partitions of its topic, numbered for each partition by itself, and
// tells what it heard of them. What is given up is told too: nobody knows whether it is there.

import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, type Producer as KafkajsProducer } from "kafkajs";
import { Brokers } from "../../src/client/brokers.ts";
import { PRODUCER_DEFAULTS, Producer } from "../../src/client/producer.ts";
import { QUIET } from "../support/kafkajs.ts";
import type { TransactionOutcome } from "./accounts.ts";

const RETRY_MS = 200;
const ABORTS = 4;
const MAX_RECORD_BYTES = 1 << 20;

export interface WriterPlace {
  readonly bootstrap: string;
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  readonly paceMs: number;
  /** Of each value, at least. */
  readonly sizeBytes: number;
}

export interface RecordsOptions extends WriterPlace {
  /** So many keys in turn, each numbered by itself as a writer "key-<n>". */
  readonly keys?: number;
  readonly acknowledged: (writer: string, partition: number, number: number, offset: number) => void;
  readonly unknown: (writer: string, partition: number, number: number) => void;
}

export interface RecordWriter {
  /** Settles when what it began is done with. */
  end(): Promise<void>;
}

interface SoakRecord {
  readonly writer: string;
  readonly number: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** What comes next for each partition. */
class Numbers {
  readonly #next = new Map<string, number>();

  take(place: string): number {
    const number = this.#next.get(place) ?? 0;
    this.#next.set(place, number + 1);
    return number;
  }
}

export class OurRecords implements RecordWriter {
  readonly #options: RecordsOptions;
  readonly #going: Promise<void>;
  #isOver = false;

  constructor(options: RecordsOptions) {
    this.#options = options;
    this.#going = this.#write();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #write(): Promise<void> {
    const { partitions, paceMs } = this.#options;
    const brokers = new Brokers(this.#options.bootstrap, { clientId: this.#options.name });
    const producers = Array.from({ length: partitions }, (_, partition) => this.#producerFor(brokers, partition));
    const numbers = new Numbers();
    for (let turn = 0; !this.#isOver; turn++) {
      const partition = turn % partitions;
      const producer = producers[partition];
      if (producer === undefined) break;
      try {
        await producer.open();
        producer.append(this.#record(numbers, turn, partition));
      } catch {
        // Not begun: the broker is away.
        await sleep(RETRY_MS);
      }
      await Promise.all([sleep(paceMs), producer.room()]);
    }
    await Promise.all(producers.map((producer) => producer.flush()));
    await brokers.close();
  }

  #producerFor(brokers: Brokers, partition: number): Producer<SoakRecord> {
    const { topic, acknowledged, unknown } = this.#options;
    return new Producer<SoakRecord>(brokers, topic, {
      ...PRODUCER_DEFAULTS,
      maxRecordBytes: MAX_RECORD_BYTES,
      // Those that wait while the broker is away.
      bufferBytes: MAX_RECORD_BYTES,
      only: partition,
      delivered: ({ baseOffset, records }) => {
        for (const [index, { writer, number }] of records.entries()) acknowledged(writer, partition, number, baseOffset + index);
      },
      failed: (records) => {
        for (const { writer, number } of records) unknown(writer, partition, number);
      },
    });
  }

  #record(numbers: Numbers, turn: number, partition: number): SoakRecord {
    const { name, keys, sizeBytes } = this.#options;
    const writer = keys === undefined ? name : `key-${turn % keys}`;
    const number = numbers.take(`${writer}/${partition}`);
    const value = Buffer.from(textOf(writer, number, sizeBytes));
    return { writer, number, key: keys === undefined ? null : Buffer.from(writer), value };
  }
}

function textOf(writer: string, number: number, sizeBytes: number): string {
  return `${writer}:${number}:`.padEnd(sizeBytes, ".");
}

function kafkajsFor({ bootstrap, name }: WriterPlace): Kafka {
  const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 100 };
  return new Kafka({ clientId: name, brokers: [bootstrap], ...QUIET, requestTimeout: 5000, connectionTimeout: 2000, retry });
}

/** One record at a time: of several, kafkajs sends those again that were answered. */
export class KafkajsRecords implements RecordWriter {
  readonly #options: RecordsOptions;
  readonly #going: Promise<void>;
  #isOver = false;

  constructor(options: RecordsOptions) {
    this.#options = options;
    this.#going = this.#write();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #write(): Promise<void> {
    const { name, topic, partitions, paceMs, sizeBytes, acknowledged, unknown } = this.#options;
    const producer = kafkajsFor(this.#options).producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    await producer.connect();
    const numbers = new Numbers();
    for (let turn = 0; !this.#isOver; turn++) {
      const partition = turn % partitions;
      const number = numbers.take(`${partition}`);
      try {
        const [answer] = await producer.send({ topic, acks: -1, messages: [{ partition, value: textOf(name, number, sizeBytes) }] });
        acknowledged(name, partition, number, Number(answer?.baseOffset ?? -1));
      } catch {
        unknown(name, partition, number);
      }
      await sleep(paceMs);
    }
    await producer.disconnect();
  }
}

export interface TransactionsOptions extends WriterPlace {
  readonly ended: (number: number, outcome: TransactionOutcome) => void;
}

/** A record into each partition a transaction; every fourth is aborted on purpose. */
export class KafkajsTransactions implements RecordWriter {
  readonly #options: TransactionsOptions;
  readonly #going: Promise<void>;
  #isOver = false;
  #producer: KafkajsProducer | undefined;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#going = this.#write();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #write(): Promise<void> {
    const { paceMs, ended } = this.#options;
    for (let number = 0; !this.#isOver; number++) {
      ended(number, await this.#transaction(number));
      await sleep(paceMs);
    }
    // Whoever takes the id over ends what was left open, so that nothing hides what was committed.
    await this.#connected().catch(() => undefined);
    await this.#producer?.disconnect();
  }

  async #transaction(number: number): Promise<TransactionOutcome> {
    const { name, topic, partitions, sizeBytes } = this.#options;
    let isCommitting = false;
    try {
      const producer = await this.#connected();
      const transaction = await producer.transaction();
      for (let partition = 0; partition < partitions; partition++)
        await transaction.send({ topic, acks: -1, messages: [{ partition, value: textOf(name, number, sizeBytes) }] });
      isCommitting = number % ABORTS !== ABORTS - 1;
      if (isCommitting) await transaction.commit();
      else await transaction.abort();
      return isCommitting ? "committed" : "aborted";
    } catch {
      await this.#producer?.disconnect().catch(() => undefined);
      this.#producer = undefined;
      await sleep(RETRY_MS);
      return isCommitting ? "unknown" : "aborted";
    }
  }

  async #connected(): Promise<KafkajsProducer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = kafkajsFor(this.#options).producer({
      transactionalId: this.#options.name,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 10_000,
    });
    await producer.connect();
    this.#producer = producer;
    return producer;
  }
}
