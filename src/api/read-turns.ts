// How much is read for answers in a turn of the event loop, over all connections: copying a megabyte from the page cache, and on to a socket,
// takes the better part of a millisecond. What is more waits until others had their turn.

import type { Clock } from "../base/clock.ts";

const TURN_BYTES = 8 * 1024 * 1024;

export class ReadTurns {
  readonly #clock: Clock;
  /** Since the last pause. */
  #readBytes = 0;
  #waiting: (() => void)[] = [];
  #isPausing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined`: read at once. Else ask again when it has resolved. */
  wait(): Promise<void> | undefined {
    if (!this.#isPausing) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** So much was read. */
  took(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes < TURN_BYTES || this.#isPausing || this.#clock.soon === undefined) return;
    this.#isPausing = true;
    this.#clock.soon(() => {
      this.#isPausing = false;
      this.#readBytes = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
