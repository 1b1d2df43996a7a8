// The engine of a cluster of many machines: batches of all partitions in objects of a store, their order and their owners in a database. An
// engine is that of one incarnation of a broker; when that ends, whatever was not committed is forgotten, and what its logs
// were is opened again by whoever leads them then, with an engine of its own.

import type { Clock } from "../base/clock.ts";
import { Gate } from "../base/gate.ts";
import type { Logger } from "../base/logger.ts";
import type { ObjectStore } from "../base/object-store.ts";
import type { Random } from "../base/random.ts";
import type { PartitionLog } from "../storage/partition-log.ts";
import type { CompactionLimits, LogDirectory, LogIdentity, LogSpec, StorageEngine } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import type { Catalog, OpenOutcome } from "./catalog.ts";
import { ChunkCache } from "./chunk-cache.ts";
import { DisklessLog, type LogContext } from "./diskless-log.ts";
import { LogDeletions } from "./log-deletions.ts";
import { ObjectKeys } from "./object-keys.ts";
import type { DisklessSettings } from "./settings.ts";
import { DisklessCleaner } from "./upkeep/log-cleaner.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";
import { WritePipeline } from "./write-pipeline.ts";

export interface DisklessEngineOptions {
  readonly store: ObjectStore;
  /** Where the store has the objects, as it was given: "s3://bucket/prefix". */
  readonly location: string;
  readonly clusterId: string;
  /** Of the keys of objects; empty: none. */
  readonly prefix: string;
  readonly settings: DisklessSettings;
  readonly producerIdExpirationMs: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What an engine is given for its incarnation. */
export interface EngineTerm {
  readonly incarnation: number;
  /** Closed with it, as is what follows. */
  readonly catalog: Catalog;
  /** Begins and ends with it. */
  readonly upkeep?: Upkeep | undefined;
}

interface Opening {
  readonly spec: LogSpec;
  readonly resolve: (log: PartitionLog) => void;
  readonly reject: (error: unknown) => void;
}

const OPENED_AT_ONCE = 1000;
const LONG_BATCHES_AT_ONCE = 2;

export class DisklessEngine implements StorageEngine {
  readonly opensAtOnce = false;
  readonly #options: DisklessEngineOptions;
  readonly #cache: ChunkCache;
  readonly #longBatches = new Gate(LONG_BATCHES_AT_ONCE);
  readonly #logs = new Set<DisklessLog>();
  readonly #deletions: LogDeletions;
  readonly #catalog: Catalog;
  readonly #context: LogContext;
  readonly #upkeep: Upkeep | undefined;
  /** Absent without upkeep. */
  readonly #cleaner: DisklessCleaner | undefined;
  #openings: Opening[] = [];
  #failureListener: ((partition: TopicPartition) => void) | undefined;
  #fencedListener: (() => void) | undefined;

  constructor(options: DisklessEngineOptions, { incarnation, catalog, upkeep }: EngineTerm) {
    this.#options = options;
    this.#catalog = catalog;
    this.#cache = new ChunkCache(options.store, () => options.settings.cacheBytes);
    this.#deletions = new LogDeletions(catalog, options);
    this.#context = this.#newContext(incarnation);
    this.#upkeep = upkeep;
    this.#cleaner = this.#begin(upkeep);
  }

  /** Called when the rows say that this incarnation has ended. */
  onFenced(listener: () => void): void {
    this.#fencedListener = listener;
  }

  #newContext(incarnation: number): LogContext {
    const { store, clusterId, prefix, settings, clock, random, logger, producerIdExpirationMs } = this.#options;
    const catalog = this.#catalog;
    const pipeline = new WritePipeline({
      catalog,
      store,
      keys: new ObjectKeys({ prefix, clusterId, incarnation }),
      origin: { clusterId, incarnation },
      clock,
      random,
      logger,
      lingerMs: () => settings.appendLingerMs,
      objectBytes: () => settings.appendMaxBytes,
      pendingBytes: () => settings.pendingMaxBytes,
      fenced: () => this.#fenced(),
    });
    return {
      catalog,
      pipeline,
      cache: this.#cache,
      clock,
      longBatches: this.#longBatches,
      producerIdExpirationMs,
      failed: (log) => this.#failureListener?.(log.topicPartition),
      closed: (log) => this.#logs.delete(log),
    };
  }

  #begin(upkeep: Upkeep | undefined): DisklessCleaner | undefined {
    if (upkeep === undefined) return undefined;
    upkeep.start();
    const { clock, logger } = this.#options;
    const { replacer, store } = upkeep;
    return new DisklessCleaner({ catalog: this.#catalog, store, replacer, logs: () => this.#logs, clock, logger });
  }

  #fenced(): void {
    this.#options.logger.warn({}, "this broker's incarnation has ended; what it had not committed is forgotten");
    for (const log of [...this.#logs]) log.refused();
    this.#fencedListener?.();
  }

  open(spec: LogSpec): Promise<PartitionLog> {
    return new Promise((resolve, reject) => {
      this.#openings.push({ spec, resolve, reject });
      if (this.#openings.length === 1) queueMicrotask(() => this.#openAll());
    });
  }

  /** What was asked for in one turn is one question, up to a thousand logs. */
  #openAll(): void {
    const openings = this.#openings;
    this.#openings = [];
    for (let from = 0; from < openings.length; from += OPENED_AT_ONCE) void this.#openSome(openings.slice(from, from + OPENED_AT_ONCE));
  }

  async #openSome(openings: readonly Opening[]): Promise<void> {
    try {
      const requests = openings.map(({ spec: { topicId, partition, leaderEpoch } }) => ({ topicId, partition, leaderEpoch }));
      const outcomes = await this.#catalog.open(requests);
      for (const [index, opening] of openings.entries()) this.#opened(opening, outcomes[index]);
    } catch (error) {
      for (const { reject } of openings) reject(error);
    }
  }

  #opened({ spec, resolve, reject }: Opening, outcome: OpenOutcome | undefined): void {
    if (outcome?.kind !== "open") {
      const why = outcome?.kind === "deleted" ? "was deleted" : "is another broker's by now";
      reject(new StorageError("WRITE_FAILED", `The partition ${why}`, { partition: topicPartitionName(spec) }));
      return;
    }
    const { topic, partition, topicId, settings } = spec;
    const log = new DisklessLog({ topicPartition: { topic, partition }, topicId, settings, opened: outcome, context: this.#context });
    this.#logs.add(log);
    resolve(log);
  }

  delete(identity: LogIdentity): void {
    for (const log of this.#logs) if (log.topicId === identity.topicId && log.topicPartition.partition === identity.partition) log.close();
    this.#deletions.add(identity);
  }

  onFailure(listener: (partition: TopicPartition) => void): void {
    this.#failureListener = listener;
  }

  gather(work: () => void): void {
    work();
  }

  /** Facts for the log: how much waits to be stored and committed. */
  get waiting(): object {
    return this.#context.pipeline.waiting;
  }

  room(): Promise<void> | undefined {
    return this.#context.pipeline.room();
  }

  /** How much fits into a bucket nobody knows. */
  logDirectory(): LogDirectory {
    return { path: this.#options.location, totalBytes: -1, usableBytes: -1 };
  }

  async compact(limits: CompactionLimits): Promise<boolean> {
    return (await this.#cleaner?.clean(limits)) ?? false;
  }

  /** Rows need none. */
  async checkpoint(): Promise<void> {}

  /** What was appended is committed first, if the store and the database are there. */
  async close(): Promise<void> {
    this.#cleaner?.stop();
    this.#upkeep?.stop();
    await this.#context.pipeline.drain();
    for (const log of [...this.#logs]) log.close();
    this.#context.pipeline.close();
    await this.#deletions.close();
    await Promise.all([this.#catalog.close(), this.#upkeep?.close()]);
  }
}
