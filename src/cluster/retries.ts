// Work on partitions that could not be done and is tried again, after longer and longer waits, until it can be done or is not wanted. Work may
// take its time: what is begun for the same subject meanwhile counts instead.

import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";

/** Looks itself whether it is still wanted. Throws or rejects when it could not be done. */
type Work = () => void | Promise<void>;

interface Task {
  /** What failed then: a fixed phrase. */
  readonly message: string;
  readonly work: Work;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

export class Retries {
  readonly #clock: Clock;
  readonly #failures: FailureLog;
  /** Those that failed, by what they concern. */
  readonly #failed = new Map<string, Task>();
  readonly #underWay = new Map<string, Task>();
  #delayMs = FIRST_DELAY_MS;
  #timer: Timer | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#failures = new FailureLog(logger);
  }

  /** The last try failed; the next one may be under way. */
  has(subject: string): boolean {
    return this.#failed.has(subject);
  }

  /** Does the work now, or else later. @param message what failed then: a fixed phrase */
  attempt(subject: string, message: string, work: Work): void {
    this.#failed.delete(subject);
    this.#begin(subject, { message, work });
  }

  /** New work begins with the shortest wait. */
  later(subject: string, message: string, work: Work): void {
    this.#underWay.delete(subject);
    this.#tryLater(subject, { message, work });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#failed.clear();
    this.#underWay.clear();
  }

  #begin(subject: string, task: Task): void {
    this.#underWay.delete(subject);
    try {
      const working = task.work();
      if (working instanceof Promise) this.#wait(subject, task, working);
      else this.#worked(subject);
    } catch (error) {
      this.#hasFailed(subject, task, error);
    }
  }

  #wait(subject: string, task: Task, working: Promise<void>): void {
    this.#underWay.set(subject, task);
    const isCurrent = () => this.#underWay.get(subject) === task && this.#underWay.delete(subject);
    working.then(
      () => {
        if (isCurrent()) this.#worked(subject);
      },
      (error: unknown) => {
        if (isCurrent()) this.#hasFailed(subject, task, error);
      },
    );
  }

  #worked(subject: string): void {
    this.#failed.delete(subject);
    this.#failures.worked(subject);
  }

  #hasFailed(subject: string, task: Task, error: unknown): void {
    this.#failures.failed(subject, error, task.message);
    if (!this.#failed.has(subject)) this.#tryLater(subject, task);
  }

  #tryLater(subject: string, task: Task): void {
    this.#failed.set(subject, task);
    this.#delayMs = FIRST_DELAY_MS;
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#delayMs, () => this.#tryAll());
  }

  #tryAll(): void {
    for (const [subject, task] of [...this.#failed]) if (!this.#underWay.has(subject)) this.#begin(subject, task);
    if (this.#failed.size === 0) return;
    this.#delayMs = Math.min(LONGEST_DELAY_MS, 2 * this.#delayMs);
    this.#arm();
  }
}
