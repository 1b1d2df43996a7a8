// A consumer that reads committed records only, as clients do it: it leaves out what the list of aborted transactions names, until the
// marker that ends each.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { readControlBatch } from "../../protocol/records/control-batch.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { Client, Disconnected, TOPIC, type World } from "./world.ts";

export interface Seen {
  readonly offset: number;
  readonly value: string;
}

const ABORT = 0;

export class SimulatedConsumer {
  readonly partition: number;
  readonly seen: Seen[] = [];
  /** Where it began to read. */
  readonly from: number;
  position: number;
  #client: Client;
  readonly #world: World;
  #isStopped = false;

  constructor(world: World, partition: number, from = 0) {
    this.#world = world;
    this.#client = new Client(world);
    this.partition = partition;
    this.from = from;
    this.position = from;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(): Promise<void> {
    const { scheduler, dice } = this.#world.options;
    while (!this.#isStopped) {
      const isAtEnd = (await this.poll(dice.pick([0, 40, 100]), dice.pick([100, 400, 1 << 20]))) === "end";
      if (isAtEnd) await scheduler.sleep(dice.between(0, 20));
    }
  }

  /** Reads once. "end": there was nothing to read. */
  async poll(maxWaitMs: number, maxBytes: number): Promise<"end" | "read" | "failed"> {
    try {
      const response = await this.#client.call(messages.fetch, 12, {
        maxWaitMs,
        minBytes: 1,
        maxBytes,
        isolationLevel: 1,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ topic: TOPIC, partitions: [{ partition: this.partition, fetchOffset: this.position, partitionMaxBytes: maxBytes }] }],
      });
      const found = response.responses[0]?.partitions[0];
      if (found === undefined || found.errorCode !== Errors.NONE) {
        await this.#world.options.scheduler.sleep(20);
        return "failed";
      }
      const before = this.position;
      this.#take(
        Buffer.isBuffer(found.records) ? found.records : Buffer.concat([...(found.records ?? [])]),
        found.abortedTransactions ?? [],
      );
      if (this.position > found.lastStableOffset)
        throw new Error(`read to ${this.position}, past the last stable offset ${found.lastStableOffset}`);
      return this.position === before ? "end" : "read";
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      await this.#world.options.scheduler.sleep(20);
      return "failed";
    }
  }

  #take(records: Buffer, aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]): void {
    const coming = aborted.toSorted((one, other) => one.firstOffset - other.firstOffset);
    const left = new Set<number>();
    for (const batch of batchesOf(records)) {
      while (coming[0] !== undefined && coming[0].firstOffset <= batch.lastOffset) left.add(coming.shift()?.producerId ?? -1);
      if (batch.isControl) {
        if (readControlBatch(batch)?.type === ABORT) left.delete(batch.producerId);
      } else if (!(batch.isTransactional && left.has(batch.producerId))) {
        for (const { offset, value } of recordsOf(batch)) {
          if (offset >= this.position) this.seen.push({ offset, value: value?.toString() ?? "" });
        }
      }
      this.position = Math.max(this.position, batch.nextOffset);
    }
  }
}
