// Work on partitions that could not be done and is tried again, after longer and longer waits, until it can be done or is not wanted.

import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";

/** Looks itself whether it is still wanted. Throws when it could not be done. */
type Work = () => void;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

export class Retries {
  readonly #clock: Clock;
  readonly #failures: FailureLog;
  /** By what it concerns. */
  readonly #waiting = new Map<string, () => void>();
  #delayMs = FIRST_DELAY_MS;
  #timer: Timer | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#failures = new FailureLog(logger);
  }

  has(subject: string): boolean {
    return this.#waiting.has(subject);
  }

  /** Does the work now, or else later. @param message what failed then: a fixed phrase */
  attempt(subject: string, message: string, work: Work): void {
    if (!this.#isDone(subject, message, work)) this.later(subject, message, work);
  }

  /** New work begins with the shortest wait. */
  later(subject: string, message: string, work: Work): void {
    this.#waiting.set(subject, () => this.#isDone(subject, message, work));
    this.#delayMs = FIRST_DELAY_MS;
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #isDone(subject: string, message: string, work: Work): boolean {
    try {
      work();
    } catch (error) {
      this.#failures.failed(subject, error, message);
      return false;
    }
    this.#waiting.delete(subject);
    this.#failures.worked(subject);
    return true;
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#delayMs, () => this.#tryAll());
  }

  #tryAll(): void {
    for (const again of [...this.#waiting.values()]) again();
    if (this.#waiting.size === 0) return;
    this.#delayMs = Math.min(LONGEST_DELAY_MS, 2 * this.#delayMs);
    this.#arm();
  }
}
