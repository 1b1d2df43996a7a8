// What a broker does to its logs from time to time: retention, and the checkpoints that make the next start quick.

import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { LocalPartitions } from "./local-partitions.ts";

export interface MaintenanceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: StorageEngine;
  readonly partitions: LocalPartitions;
  readonly retentionCheckMs: number;
  readonly checkpointMs: number;
}

/** Kafka's delay before the first check of retention. */
const FIRST_RETENTION_CHECK_MS = 30_000;

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #timers = new Map<() => void, Timer>();

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    const { retentionCheckMs, checkpointMs } = options;
    this.#every(Math.min(FIRST_RETENTION_CHECK_MS, retentionCheckMs), retentionCheckMs, () => this.#enforceRetention());
    this.#every(checkpointMs, checkpointMs, () => options.engine.checkpoint());
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #every(firstMs: number, intervalMs: number, task: () => void): void {
    const run = () => {
      try {
        task();
      } catch (error) {
        this.#options.logger.error({ err: error }, "could not maintain the logs");
      }
      this.#timers.set(task, this.#options.clock.after(intervalMs, run));
    };
    this.#timers.set(task, this.#options.clock.after(firstMs, run));
  }

  #enforceRetention(): void {
    for (const partition of this.#options.partitions.all()) partition.enforceRetention();
  }
}
