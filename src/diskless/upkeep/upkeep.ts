// What a broker does, beside serving, for what the cluster has stored: from time to time it puts small objects together and deletes those of which
// nothing is left. All brokers do, and agree through the database on who does what.

import type { Clock, Timer } from "../../base/clock.ts";
import { FailureLog } from "../../base/failure-log.ts";
import type { Logger } from "../../base/logger.ts";
import type { Collector } from "./collector.ts";
import type { Merger } from "./merger.ts";
import type { UpkeepCatalog } from "./upkeep-catalog.ts";
import { UpkeepStopped } from "./upkeep-stopped.ts";

export interface UpkeepOptions {
  readonly catalog: UpkeepCatalog;
  readonly merger: Merger;
  readonly collector: Collector;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: () => number;
}

const COLLECT_JOB = "collecting";
/** So many intervals after its last round, a broker that had the job has it no longer. */
const JOB_INTERVALS = 3;

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #failures: FailureLog;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
    this.#later();
  }

  #later(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.clock.after(this.#options.intervalMs(), () => {
      this.#round = this.round().finally(() => this.#later());
    });
  }

  /** All that there is to do. Never rejects: failures are logged, and what was not done is left for the next round. */
  async round(): Promise<void> {
    await this.#try("merging", "could not put small objects together", () => this.#merge());
    await this.#try("collecting", "could not delete objects of which nothing is left", () => this.#collect());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#options.merger.stop();
    this.#options.collector.stop();
    await this.#round;
  }

  async #merge(): Promise<void> {
    while (!this.#isClosed) if (!(await this.#options.merger.merge())) return;
  }

  /** One broker does it for as long as it is there: it remembers how far it has come. */
  async #collect(): Promise<void> {
    const { catalog, collector, logger, intervalMs } = this.#options;
    if (!(await catalog.takeJob(COLLECT_JOB, JOB_INTERVALS * intervalMs()))) return;
    const { deletedCount } = await collector.collect();
    if (deletedCount > 0) logger.info({ objects: deletedCount }, "deleted objects of which nothing is left");
  }

  async #try(subject: string, failure: string, work: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    try {
      await work();
      this.#failures.worked(subject);
    } catch (error) {
      if (!(error instanceof UpkeepStopped) && !this.#isClosed) this.#failures.failed(subject, error, failure);
    }
  }
}
