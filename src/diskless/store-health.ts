// Whether a store that the brokers share answers, for the log and for who asks: a line when it does not any more, with which and since when,
// and a line when it does again.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";

/** What failed longer ago was not tried since: that other things work is enough then. */
const QUIET_MS = 10_000;

export class StoreHealth {
  /** postgres://db.example:5432/odradek, without a password. */
  readonly store: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What is done with it and fails, and when it did last. */
  readonly #failing = new Map<string, number>();
  #awaySince: number | undefined;
  readonly #said = new Set<string>();

  constructor(store: string, clock: Clock, logger: Logger) {
    this.store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** In milliseconds since 1970; `undefined` while it answers. */
  get awaySince(): number | undefined {
    return this.#awaySince;
  }

  /**
   * @param purpose what it was asked for: "leases"
   * @param facts more for the log: how much waits
   */
  failed(purpose: string, error: unknown, facts: object = {}): void {
    this.#failing.set(purpose, this.#clock.now());
    if (this.#awaySince !== undefined) return;
    this.#awaySince = this.#clock.now();
    this.#logger.warn(
      { store: this.store, since: new Date(this.#awaySince).toISOString(), purpose, ...facts, err: error },
      "a store does not answer",
    );
  }

  worked(purpose: string): void {
    this.#failing.delete(purpose);
    if (this.#awaySince === undefined) return;
    const now = this.#clock.now();
    if ([...this.#failing.values()].some((failedAt) => now - failedAt < QUIET_MS)) return;
    this.#failing.clear();
    const awayMs = now - this.#awaySince;
    this.#awaySince = undefined;
    this.#logger.info({ store: this.store, awayMs }, "a store answers again");
  }

  /** A line once, however many notice it. */
  say(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#logger.warn({ store: this.store }, message);
  }

  /** Nobody asks for it any more. */
  forget(purpose: string): void {
    this.#failing.delete(purpose);
  }
}
