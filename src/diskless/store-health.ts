// Whether a store that the brokers share answers, for the log and for who asks: a line when it does not any more, with which, since when and how
// much waits; the same again each minute for as long as it is asked in vain; and a line when it answers again.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";

/** What failed longer ago was not tried since: that other things work is enough then. */
const QUIET_MS = 10_000;
const SAID_AGAIN_MS = 60_000;

export class StoreHealth {
  /** postgres://db.example:5432/odradek, without a password. */
  readonly store: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting: () => object;
  /** What is done with it and fails, and when it did last. */
  readonly #failing = new Map<string, number>();
  #awaySince: number | undefined;
  #lastLineAt = 0;
  readonly #said = new Set<string>();

  /** @param waiting what waits because it does not answer, beside what whoever asks it knows: facts for the log */
  constructor(store: string, clock: Clock, logger: Logger, waiting: () => object = () => ({})) {
    this.store = store;
    this.#waiting = waiting;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** In milliseconds since 1970; `undefined` while it answers. */
  get awaySince(): number | undefined {
    return this.#awaySince;
  }

  /**
   * @param purpose what it was asked for: "leases"
   * @param facts more for the log: what of that waits
   */
  failed(purpose: string, error: unknown, facts: object = {}): void {
    const now = this.#clock.now();
    this.#failing.set(purpose, now);
    const isFirst = this.#awaySince === undefined;
    if (!isFirst && now - this.#lastLineAt < SAID_AGAIN_MS) return;
    this.#awaySince ??= now;
    this.#lastLineAt = now;
    this.#logger.warn(
      { store: this.store, since: new Date(this.#awaySince).toISOString(), purpose, ...facts, ...this.#waiting(), err: error },
      isFirst ? "a store does not answer" : "a store still does not answer",
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
