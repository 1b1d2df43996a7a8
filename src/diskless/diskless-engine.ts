// The engine of a cluster of many machines: batches of all partitions in objects of a store, their order and their owners in a database. One
// engine is one incarnation of a broker at a time; when that ends, whatever was not committed is forgotten, and what its logs
// were is opened again by whoever leads them then.

import type { Clock } from "../base/clock.ts";
import { Gate } from "../base/gate.ts";
import type { Logger } from "../base/logger.ts";
import type { ObjectStore } from "../base/object-store.ts";
import type { Random } from "../base/random.ts";
import type { PartitionLog } from "../storage/partition-log.ts";
import type { CompactionLimits, LogIdentity, LogSpec, StorageEngine } from "../storage/storage-engine.ts";
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
  readonly clusterId: string;
  /** Of the keys of objects; empty: none. */
  readonly prefix: string;
  readonly settings: DisklessSettings;
  readonly producerIdExpirationMs: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
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
  #catalog: Catalog;
  #context: LogContext;
  #upkeep: Upkeep | undefined;
  /** Absent without upkeep. */
  #cleaner: DisklessCleaner | undefined;
  #openings: Opening[] = [];
  #failureListener: ((partition: TopicPartition) => void) | undefined;
  #fencedListener: (() => void) | undefined;

  /** @param upkeep of this incarnation, which begins and ends with it */
  constructor(options: DisklessEngineOptions, incarnation: number, catalog: Catalog, upkeep?: Upkeep) {
    this.#options = options;
    this.#catalog = catalog;
    this.#cache = new ChunkCache(options.store, () => options.settings.cacheBytes);
    this.#deletions = new LogDeletions(() => this.#catalog, options);
    this.#context = this.#newContext(incarnation);
    this.#cleaner = this.#begin(upkeep);
  }

  /** Called when the rows say that this incarnation has ended. */
  onFenced(listener: () => void): void {
    this.#fencedListener = listener;
  }

  /** The broker goes on as another incarnation: what the one before had open has failed. */
  reincarnate(incarnation: number, catalog: Catalog, upkeep?: Upkeep): void {
    const { pipeline } = this.#context;
    this.#catalog = catalog;
    this.#context = this.#newContext(incarnation);
    this.#cleaner?.stop();
    this.#upkeep?.close();
    this.#cleaner = this.#begin(upkeep);
    pipeline.close();
    for (const log of [...this.#logs]) log.refused();
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
      fenced: () => this.#fenced(pipeline),
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
    this.#upkeep = upkeep;
    if (upkeep === undefined) return undefined;
    upkeep.start();
    const { clock, logger } = this.#options;
    const { replacer, store } = upkeep;
    return new DisklessCleaner({ catalog: this.#catalog, store, replacer, logs: () => this.#logs, clock, logger });
  }

  #fenced(pipeline: WritePipeline): void {
    if (pipeline !== this.#context.pipeline) return;
    this.#options.logger.warn({}, "this broker's incarnation has ended; what it had not committed is forgotten");
    for (const log of [...this.#logs]) log.refused();
    this.#fencedListener?.();
  }

  /** Appended and not yet committed. */
  get pendingBytes(): number {
    return this.#context.pipeline.pendingBytes;
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
    const context = this.#context;
    try {
      const requests = openings.map(({ spec: { topicId, partition, leaderEpoch } }) => ({ topicId, partition, leaderEpoch }));
      const outcomes = await context.catalog.open(requests);
      for (const [index, opening] of openings.entries()) this.#opened(opening, outcomes[index], context);
    } catch (error) {
      for (const { reject } of openings) reject(error);
    }
  }

  #opened({ spec, resolve, reject }: Opening, outcome: OpenOutcome | undefined, context: LogContext): void {
    if (outcome?.kind !== "open" || context !== this.#context) {
      const why = outcome?.kind === "deleted" ? "was deleted" : "is another broker's by now";
      reject(new StorageError("WRITE_FAILED", `The partition ${why}`, { partition: topicPartitionName(spec) }));
      return;
    }
    const { topic, partition, topicId, settings } = spec;
    const log = new DisklessLog({ topicPartition: { topic, partition }, topicId, settings, opened: outcome, context });
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

  room(): Promise<void> | undefined {
    return this.#context.pipeline.room();
  }

  async compact(limits: CompactionLimits): Promise<boolean> {
    return (await this.#cleaner?.clean(limits)) ?? false;
  }

  /** Rows need none. */
  async checkpoint(): Promise<void> {}

  /** What was appended is committed first, if the store and the database are there. */
  async close(): Promise<void> {
    this.#cleaner?.stop();
    this.#upkeep?.close();
    await this.#context.pipeline.drain();
    for (const log of [...this.#logs]) log.close();
    this.#context.pipeline.close();
    await this.#deletions.close();
  }
}
