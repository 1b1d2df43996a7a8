// Logs of deleted topics, until the database has been told: again and again, as long as it takes.

import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { Backoff } from "./backoff.ts";
import type { Catalog, LogKey } from "./catalog.ts";

interface DeletionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const DELETED_AT_ONCE = 1000;

export class LogDeletions {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #failures: FailureLog;
  #waiting: LogKey[] = [];
  #work: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(catalog: Catalog, { clock, random, logger }: DeletionsOptions) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#backoff = new Backoff(random);
    this.#failures = new FailureLog(logger);
  }

  add({ topicId, partition }: LogKey): void {
    this.#waiting.push({ topicId, partition });
    if (this.#timer === undefined) this.#begin();
  }

  #begin(): void {
    this.#work ??= Promise.resolve()
      .then(() => this.#deleteAll())
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #deleteAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const keys = this.#waiting.slice(0, DELETED_AT_ONCE);
      try {
        await this.#catalog.deleteLogs(keys);
      } catch (error) {
        this.#failures.failed("deletions", error, "could not delete logs of deleted topics");
        this.#timer = this.#clock.after(this.#backoff.nextMs(), () => {
          this.#timer = undefined;
          this.#begin();
        });
        return;
      }
      this.#failures.worked("deletions");
      this.#backoff.reset();
      this.#waiting = this.#waiting.slice(keys.length);
    }
  }

  /** What is under way is waited for; what could not be done is left to upkeep, which finds logs of no topic. */
  async close(): Promise<void> {
    await this.#work;
    this.#timer?.cancel();
    this.#waiting = [];
  }
}
