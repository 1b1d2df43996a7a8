// What a broker does to its logs from time to time: retention, compaction, and the checkpoints that make the next start quick.

import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Partition } from "../partition/partition.ts";
import type { CompactionLimits, StorageEngine } from "../storage/storage-engine.ts";
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

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #timers = new Map<() => void, Timer>();

  #isStopped = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
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

  stop(): void {
    this.#isStopped = true;
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
      if (!this.#isStopped) this.#timers.set(task, this.#options.clock.after(intervalMs(), run));
    };
    this.#timers.set(task, this.#options.clock.after(firstMs, run));
  }

  /** Where the cleaner runs, it looks after compacted topics: it deletes what is too old once it has compacted what is due. */
  #enforceRetention(): void {
    const isCleaning = this.#options.config["log.cleaner.enable"];
    for (const partition of this.#options.partitions.all()) if (!(isCleaning && isCompacted(partition))) partition.enforceRetention();
  }

  /** As long as a log is due. */
  async #compact(): Promise<void> {
    const { engine, config, partitions, threadCount } = this.#options;
    let isDone = false;
    while (!isDone && !this.#isStopped) {
      isDone = !(await engine.compact(limitsOf(config, threadCount)));
      if (this.#isStopped) return;
      for (const partition of partitions.all()) if (isCompacted(partition)) partition.enforceRetention();
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
