// The logs of all brokers of a process over their one engine. Bytes are stored once: when leadership goes from one broker to another, the
// log goes with it, open as it is. Brokers hear of a new image one after another; whoever leads next takes the log over, and what the
// one before gives up then is no longer its own.
//
// It also knows who leads here, so that a follower can serve reads of a partition that it holds a replica of (KIP-392).

import { assert } from "../base/assert.ts";
import type { Slices } from "../base/slices.ts";
import type { Partition } from "../partition/partition.ts";
import type { PartitionLog } from "../storage/partition-log.ts";
import type { LogIdentity, LogSpec, StorageEngine } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";

/** Has a log that was made for a leader to come. */
const NOBODY = -1;

interface OpenLog {
  readonly log: PartitionLog;
  owner: number;
}

export class SharedLogs {
  readonly engine: StorageEngine;
  readonly #open = new Map<string, OpenLog>();
  readonly #led = new Map<string, Partition>();
  #previous: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  readonly #failureListeners = new Set<(partition: TopicPartition) => void>();

  constructor(engine: StorageEngine) {
    this.engine = engine;
    engine.onFailure((partition) => {
      for (const listener of this.#failureListeners) listener(partition);
    });
  }

  /** See StorageEngine. Gives a function that ends it. */
  onFailure(listener: (partition: TopicPartition) => void): () => void {
    this.#failureListeners.add(listener);
    return () => this.#failureListeners.delete(listener);
  }

  /**
   * Makes logs for partitions that are to come into the metadata, before they do: what cannot be made is not to be there. Whoever will lead
   * them takes them. Throws StorageError, and has then made none.
   */
  async make(specs: readonly LogSpec[], slices: Slices): Promise<void> {
    const made: LogSpec[] = [];
    try {
      for (const spec of specs) {
        if (slices.isOver) await slices.next();
        if (this.#isClosed) throw new StorageError("WRITE_FAILED", "The broker stops and makes no more logs", { topic: spec.topic });
        this.take(NOBODY, spec);
        made.push(spec);
      }
    } catch (error) {
      this.unmake(made);
      throw error;
    }
  }

  /** Nothing is made any more; resolves when what was begun is committed or undone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#previous;
  }

  /** Those who make logs do so one after another, each until it is decided whether they stay. */
  inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#previous.then(action);
    this.#previous = turn.catch(() => undefined);
    return turn;
  }

  /** The partitions did not come into the metadata. */
  unmake(specs: readonly LogIdentity[]): void {
    for (const spec of specs) this.delete(spec);
  }

  /** The log is the broker's from now on, whoever had it. Throws StorageError. */
  take(brokerId: number, spec: LogSpec): PartitionLog {
    const name = topicPartitionName(spec);
    const known = this.#open.get(name);
    if (known !== undefined && known.log.topicId === spec.topicId && known.log.isIntact) {
      known.owner = brokerId;
      known.log.configure(spec.settings);
      return known.log;
    }
    this.#open.delete(name);
    known?.log.close();
    const log = this.engine.open(spec);
    assert(!(log instanceof Promise), "this engine opens logs at once");
    this.#open.set(name, { log, owner: brokerId });
    return log;
  }

  /** Closes the log unless another broker has taken it over. */
  release(brokerId: number, log: PartitionLog): void {
    const name = topicPartitionName(log.topicPartition);
    const known = this.#open.get(name);
    if (known?.log !== log || known.owner !== brokerId) return;
    this.#open.delete(name);
    log.close();
  }

  delete(log: LogIdentity): void {
    this.#open.delete(topicPartitionName(log));
    this.engine.delete(log);
  }

  lead(partition: Partition): void {
    this.#led.set(nameOf(partition), partition);
  }

  resign(partition: Partition): void {
    if (this.#led.get(nameOf(partition)) === partition) this.#led.delete(nameOf(partition));
  }

  /** The partition as its leader has it, whichever broker of the process that is. */
  led(topic: string, index: number): Partition | undefined {
    return this.#led.get(topicPartitionName({ topic, partition: index }));
  }
}

function nameOf({ topic, index }: Partition): string {
  return topicPartitionName({ topic, partition: index });
}
