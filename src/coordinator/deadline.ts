// A point in time that moves often (a session, a round of joins): a field, with one timer that looks at it when it fires and sets
// itself again for the rest. Moving it further away costs nothing.

import type { Clock, Timer } from "../base/clock.ts";

export class Deadline {
  readonly #clock: Clock;
  readonly #passed: () => void;
  #atMs: number | undefined;
  #setAtMs = 0;
  #timer: Timer | undefined;
  #timerAtMs = 0;

  /** `passed` is called at the deadline, never before it, and not again until another one is set. */
  constructor(clock: Clock, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  get isSet(): boolean {
    return this.#atMs !== undefined;
  }

  /** When it was set last. */
  get setAtMs(): number | undefined {
    return this.#atMs === undefined ? undefined : this.#setAtMs;
  }

  set(delayMs: number): void {
    this.#setAtMs = this.#clock.now();
    this.#atMs = this.#setAtMs + delayMs;
    if (this.#timer !== undefined && this.#timerAtMs <= this.#atMs) return;
    this.#timer?.cancel();
    this.#startTimer(delayMs);
  }

  clear(): void {
    this.#atMs = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #startTimer(delayMs: number): void {
    this.#timerAtMs = this.#clock.now() + delayMs;
    this.#timer = this.#clock.after(delayMs, () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    if (this.#atMs === undefined) return;
    const remainingMs = this.#atMs - this.#clock.now();
    if (remainingMs > 0) {
      this.#startTimer(remainingMs);
      return;
    }
    this.#atMs = undefined;
    this.#passed();
  }
}
