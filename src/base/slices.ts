// Work that a client chose the length of, done in slices between which others have their turn.

import type { Clock } from "./clock.ts";

const SLICE_MS = 10;

export class Slices {
  readonly #clock: Clock;
  #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** Asked between two steps: `next` is then to be awaited before the work goes on. */
  get isOver(): boolean {
    return this.#clock.now() - this.#startMs >= SLICE_MS;
  }

  async next(): Promise<void> {
    await new Promise<void>((resume) => {
      if (this.#clock.soon === undefined) this.#clock.after(0, resume);
      else this.#clock.soon(resume);
    });
    this.#startMs = this.#clock.now();
  }
}
