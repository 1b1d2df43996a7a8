// What a broker does to its logs from time to time: retention, compaction, and the checkpoints that make the next start quick. Each partition
// for itself: one that fails is told once and keeps no other from being looked after.

import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Partition } from "../partition/partition.ts";
import type { CompactionLimits, StorageEngine } from "../storage/storage-engine.ts";
import { topicPartitionName } from "../storage/topic-partition.ts";
import type { LocalPartitions } from "./local-partitions.ts";

export interface MaintenanceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: StorageEngine;
  readonly partitions: LocalPartitions;
  /** Settings of the cleaner are read each time that it looks for work. */
  readonly config: BrokerConfig;
  /** Threads with cleaners of their own, among which what cleaners may use is divided. */
  readonly threadCount: number;
}

/** With log.cleaner.backoff.ms=0 the cleaner looks for work all the time, which is not to keep the others from theirs. */
const SHORTEST_BACKOFF_MS = 1;
/** Whose retention is enforced, where that takes its time. */
const PARTITIONS_AT_ONCE = 8;

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #timers = new Map<() => void, Timer>();
  readonly #failures: FailureLog;
  #isClosed = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
    const { config, engine } = options;
    const retentionCheckMs = config["log.retention.check.interval.ms"];
    const checkpointMs = config["log.flush.offset.checkpoint.interval.ms"];
    this.#every(
      Math.min(config["log.initial.task.delay.ms"], retentionCheckMs),
      () => retentionCheckMs,
      () => this.#enforceRetention(),
    );
    this.#every(
      checkpointMs,
      () => checkpointMs,
      () => engine.checkpoint(),
    );
    const backoffMs = () => Math.max(SHORTEST_BACKOFF_MS, config["log.cleaner.backoff.ms"]);
    if (config["log.cleaner.enable"]) this.#every(backoffMs(), backoffMs, () => this.#compact());
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** The interval is that from the end of one run to the start of the next. */
  #every(firstMs: number, intervalMs: () => number, task: () => void | Promise<void>): void {
    const run = async () => {
      this.#timers.delete(task);
      try {
        await task();
      } catch (error) {
        this.#options.logger.error({ err: error }, "could not maintain the logs");
      }
      if (!this.#isClosed) this.#timers.set(task, this.#options.clock.after(intervalMs(), run));
    };
    this.#timers.set(task, this.#options.clock.after(firstMs, run));
  }

  /** Where the cleaner runs, it looks after compacted topics: it deletes what is too old once it has compacted what is due. */
  #enforceRetention(): Promise<void> {
    const isCleaning = this.#options.config["log.cleaner.enable"];
    return this.#enforceRetentionOf([...this.#options.partitions.all()].filter((partition) => !(isCleaning && isCompacted(partition))));
  }

  /** One that needs room on a full disk is tried again when the others have given theirs. */
  async #enforceRetentionOf(partitions: readonly Partition[]): Promise<void> {
    const failed = await this.#withoutRetention(partitions);
    await this.#withoutRetention(failed);
  }

  /** Gives those that failed. Some that wait for their storage hold up no others. */
  async #withoutRetention(partitions: readonly Partition[]): Promise<Partition[]> {
    const failed: Partition[] = [];
    const remaining = partitions.values();
    const work = async () => {
      for (const partition of remaining) {
        if (this.#isClosed) return;
        const enforcing = this.#hasEnforcedRetention(partition);
        if (!(enforcing instanceof Promise ? await enforcing : enforcing)) failed.push(partition);
      }
    };
    await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, work));
    return failed;
  }

  #hasEnforcedRetention(partition: Partition): boolean | Promise<boolean> {
    // It may have been given up while others waited.
    if (!partition.isLeader) return true;
    const name = topicPartitionName(partition.log.topicPartition);
    const failed = (error: unknown) => {
      if (!partition.isLeader) return true;
      this.#failures.failed(name, error, "could not delete what a log no longer keeps");
      return false;
    };
    const worked = () => {
      this.#failures.worked(name);
      return true;
    };
    try {
      const enforcing = partition.enforceRetention();
      return enforcing instanceof Promise ? enforcing.then(worked, failed) : worked();
    } catch (error) {
      return failed(error);
    }
  }

  /** As long as a log is due. */
  async #compact(): Promise<void> {
    const { engine, config, partitions, threadCount } = this.#options;
    let isDone = false;
    while (!isDone && !this.#isClosed) {
      isDone = !(await engine.compact(limitsOf(config, threadCount)));
      if (this.#isClosed) return;
      await this.#enforceRetentionOf([...partitions.all()].filter(isCompacted));
    }
  }
}

function isCompacted({ settings }: Partition): boolean {
  return settings["cleanup.policy"].includes("compact");
}

function limitsOf(config: BrokerConfig, threadCount: number): CompactionLimits {
  return {
    dedupeBufferBytes: Math.ceil(config["log.cleaner.dedupe.buffer.size"] / threadCount),
    dedupeBufferLoadFactor: config["log.cleaner.io.buffer.load.factor"],
    ioBufferBytes: config["log.cleaner.io.buffer.size"],
    ioBytesPerSecond: config["log.cleaner.io.max.bytes.per.second"] / threadCount,
  };
}
