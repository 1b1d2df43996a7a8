// When a read takes clearly longer than ninety-nine of a hundred did, a second one is worth its price: in a store of many machines one is slow now
// and then. This says from when on, from how long reads took lately, and that there are only a few.

/** Of the last so many reads. */
const SAMPLES = 256;
/** With fewer nothing is known yet. */
const ENOUGH_SAMPLES = 64;
const SHARE = 0.99;
/** So many times that is long. */
const LONG = 1.25;
/** Not sooner, however quick the store is. */
const LEAST_MS = 25;
/** Of all reads. */
const MOST_HEDGES = 0.02;

export class Hedging {
  readonly #samples: number[] = [];
  #next = 0;
  #allowance = 1;
  #afterMs: number | undefined;

  /** A read is made, and waits so long before it has a second; undefined: for good. */
  afterMs(): number | undefined {
    this.#allowance = Math.min(1, this.#allowance + MOST_HEDGES);
    return this.#afterMs;
  }

  /** Whether there may be one now; it counts. */
  take(): boolean {
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  /** A read took so long. */
  took(ms: number): void {
    this.#samples[this.#next++ % SAMPLES] = ms;
    if (this.#next < ENOUGH_SAMPLES || this.#next % 16 !== 0) return;
    const sorted = [...this.#samples].sort((a, b) => a - b);
    this.#afterMs = Math.max(LEAST_MS, LONG * (sorted[Math.floor(sorted.length * SHARE)] ?? 0));
  }
}
