// How long to wait before something is tried again: longer each time, and by chance, so that many do not come back together.

import type { Random } from "../base/random.ts";

const FIRST_MS = 20;
const LONGEST_MS = 2000;
const MAX_INT32 = 2 ** 31 - 1;

export class Backoff {
  readonly #random: Random;
  #ceilingMs = FIRST_MS;

  constructor(random: Random) {
    this.#random = random;
  }

  nextMs(): number {
    const share = this.#random.positiveInt32() / MAX_INT32;
    const delayMs = Math.ceil(this.#ceilingMs * (0.5 + share / 2));
    this.#ceilingMs = Math.min(LONGEST_MS, 2 * this.#ceilingMs);
    return delayMs;
  }

  reset(): void {
    this.#ceilingMs = FIRST_MS;
  }
}
