// The logs of all brokers of a process over their one engine. Bytes are stored once: when leadership goes from one broker to another, the
// log goes with it, open as it is. Brokers hear of a new image one after another; whoever leads next takes the log over, and what the
// one before gives up then is no longer its own.
//
// Where the engine takes its time to open a log, a partition has one opening at a time. What comes of it is closed when it is not wanted any
// more, and only then the log is opened for whoever wants it by then: nobody serves what another broker may have written to meanwhile.
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

/** A log that is being opened. */
interface Opening {
  readonly brokerId: number;
  readonly topicId: string;
  isWanted: boolean;
  /** Never rejects. */
  hasEnded: Promise<unknown>;
}

export class SharedLogs {
  readonly engine: StorageEngine;
  readonly #open = new Map<string, OpenLog>();
  readonly #openings = new Map<string, Opening>();
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
   * them takes them. Only for engines that open at once. Throws StorageError, and has then made none.
   */
  async make(specs: readonly LogSpec[], slices: Slices): Promise<void> {
    assert(this.engine.opensAtOnce, "a log is made by its leader where that takes time");
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

  /** Nothing is made any more, and what is being opened is closed when it comes; resolves when what was begun is committed or undone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const opening of this.#openings.values()) opening.isWanted = false;
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

  /**
   * The log is the broker's from now on, whoever had it. A promise where the engine takes its time: of `undefined` once another has taken the
   * log, or it was abandoned. Throws or rejects with StorageError.
   */
  take(brokerId: number, spec: LogSpec): PartitionLog | Promise<PartitionLog | undefined> {
    const name = topicPartitionName(spec);
    const before = this.#openings.get(name);
    if (before !== undefined) return this.#openAfter(before, brokerId, spec);
    const known = this.#open.get(name);
    if (known !== undefined && known.log.topicId === spec.topicId && known.log.isIntact) {
      known.owner = brokerId;
      known.log.configure(spec.settings);
      return known.log;
    }
    this.#open.delete(name);
    known?.log.close();
    const log = this.engine.open(spec);
    if (log instanceof Promise) return this.#whenOpen(brokerId, spec, () => log);
    this.#open.set(name, { log, owner: brokerId });
    return log;
  }

  #openAfter(before: Opening, brokerId: number, spec: LogSpec): Promise<PartitionLog | undefined> {
    before.isWanted = false;
    return this.#whenOpen(brokerId, spec, async (opening) => {
      await before.hasEnded;
      return opening.isWanted ? await this.engine.open(spec) : undefined;
    });
  }

  #whenOpen(
    brokerId: number,
    spec: LogSpec,
    open: (opening: Opening) => Promise<PartitionLog | undefined>,
  ): Promise<PartitionLog | undefined> {
    const name = topicPartitionName(spec);
    const opening: Opening = { brokerId, topicId: spec.topicId, isWanted: true, hasEnded: Promise.resolve() };
    this.#openings.set(name, opening);
    const outcome = open(opening)
      .then((log) => {
        if (opening.isWanted && log !== undefined) this.#open.set(name, { log, owner: brokerId });
        else log?.close();
        return opening.isWanted ? log : undefined;
      })
      .finally(() => {
        if (this.#openings.get(name) === opening) this.#openings.delete(name);
      });
    opening.hasEnded = outcome.catch(() => undefined);
    return outcome;
  }

  /** The broker does not want any more what it is waiting for: it is closed when it comes. */
  abandon(brokerId: number, partition: TopicPartition): void {
    const opening = this.#openings.get(topicPartitionName(partition));
    if (opening?.brokerId === brokerId) opening.isWanted = false;
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
    const name = topicPartitionName(log);
    const opening = this.#openings.get(name);
    if (opening?.topicId === log.topicId) opening.isWanted = false;
    if (this.#open.get(name)?.log.topicId === log.topicId) this.#open.delete(name);
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
