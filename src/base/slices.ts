// Work that a client chose the length of, done in slices between which others have their turn.

import { type Clock, othersTurn } from "./clock.ts";

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
    await othersTurn(this.#clock);
    this.#startMs = this.#clock.now();
  }

  /** One result an item, in order. */
  async map<Item, Result>(items: readonly Item[], step: (item: Item, index: number) => Result): Promise<Result[]> {
    const results: Result[] = [];
    for (const [index, item] of items.entries()) {
      if (this.isOver) await this.next();
      results.push(step(item, index));
    }
    return results;
  }
}
