// Sends records to the partitions of a topic: keyless ones go round, a key always goes to the same partition, the one that Kafka's own
// clients choose for it.

import type { BatchOptions, NewRecord } from "../../protocol/records/batch-builder.ts";
import { murmur2 } from "../base/murmur2.ts";
import type { Client, Partition } from "./client.ts";
import { CommandError } from "./command-error.ts";

const MOST_RECORDS_AT_ONCE = 1000;
/** How long records are gathered while more are coming. */
const LINGER_MS = 5;

/** Gathers records per partition and sends them when they are many, or when no more come for a moment. */
export class Sender {
  readonly #client: Client;
  readonly #topic: string;
  readonly #partitions: readonly Partition[];
  readonly #waiting = new Map<Partition, NewRecord[]>();
  #waitingCount = 0;
  readonly #options: BatchOptions;
  #round = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #failure: unknown;
  count = 0;

  constructor(client: Client, topic: string, partitions: readonly Partition[], options: BatchOptions = {}) {
    this.#options = options;
    this.#client = client;
    this.#topic = topic;
    this.#partitions = partitions;
  }

  async add(record: NewRecord): Promise<void> {
    const partition = this.#partitionFor(record);
    const waiting = this.#waiting.get(partition);
    if (waiting === undefined) this.#waiting.set(partition, [record]);
    else waiting.push(record);
    if (++this.#waitingCount >= MOST_RECORDS_AT_ONCE) return this.flush();
    this.#timer ??= setTimeout(() => this.#sendWaiting(), LINGER_MS);
  }

  /** Settles when all that was added is acknowledged; raises what went wrong since the last time. */
  async flush(): Promise<void> {
    this.#sendWaiting();
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #partitionFor({ key }: NewRecord): Partition {
    const count = this.#partitions.length;
    const index = key === null ? this.#round++ % count : (murmur2(key) & 0x7fffffff) % count;
    const partition = this.#partitions[index];
    if (partition === undefined) throw new CommandError(`The topic ${this.#topic} has no partitions.`);
    return partition;
  }

  #sendWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batches = [...this.#waiting];
    this.#waiting.clear();
    this.#waitingCount = 0;
    this.#sending = this.#sending
      .then(async () => {
        for (const [partition, records] of batches) {
          await this.#client.produce(this.#topic, partition, records, this.#options);
          this.count += records.length;
        }
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  }
}
