// How values are spread: counts of whole numbers from 0 to 2^31, in buckets that are an eighth of a power of two wide. One addition to an array
// and one to a sum is all that a value costs; what is asked of it is worked out when it is asked.
//
// Quantiles are those of the recent past, as of Kafka's decaying reservoirs: of the five to ten minutes before the question, while somebody
// asks at least that often, else of all since the last question but one.

const STEPS = 8;
const STEP_BITS = 3;
const TOP_BIT = 31;
const LARGEST = 2 ** TOP_BIT - 1;
const BUCKETS = (TOP_BIT - STEP_BITS + 1) * STEPS;
const WINDOW_MS = 5 * 60_000;

interface Snapshot {
  readonly atMs: number;
  readonly counts: Float64Array;
}

export class Histogram {
  sum = 0;
  readonly #counts = new Float64Array(BUCKETS);
  /** As it was when the windows began, the older one first. */
  #windows: readonly [Snapshot, Snapshot] | undefined;

  /** @param value a whole number from 0 on, which came so many times; what is larger than the largest counts as that */
  record(value: number, times = 1): void {
    this.sum += value * times;
    const index = bucketOf(Math.min(value, LARGEST));
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
  }

  get count(): number {
    return total(this.#counts);
  }

  /** How many values since the beginning were below a bound, which is a power of two from 8 on. */
  below(bound: number): number {
    return total(this.#counts.subarray(0, bucketOf(bound)));
  }

  /** Counts of the recent past, by bucket; the same for whoever asks at one time. */
  recent(nowMs: number): Float64Array {
    const none = { atMs: nowMs, counts: new Float64Array(BUCKETS) };
    this.#windows ??= [none, none];
    const [, newer] = this.#windows;
    if (nowMs - newer.atMs >= WINDOW_MS) this.#windows = [newer, { atMs: nowMs, counts: this.#counts.slice() }];
    const [older] = this.#windows;
    return this.#counts.map((count, index) => count - (older.counts[index] ?? 0));
  }
}

/** Several histograms as one. */
export class Spread {
  readonly #parts: readonly Histogram[];
  readonly #zeros: readonly Histogram[];

  /** @param zeros of which every value counts as 0 */
  constructor(parts: readonly Histogram[], zeros: readonly Histogram[] = []) {
    this.#parts = parts;
    this.#zeros = zeros;
  }

  get count(): number {
    return [...this.#parts, ...this.#zeros].reduce((sum, { count }) => sum + count, 0);
  }

  get sum(): number {
    return this.#parts.reduce((sum, each) => sum + each.sum, 0);
  }

  /** As of Histogram. */
  below(bound: number): number {
    return this.#parts.reduce((sum, each) => sum + each.below(bound), 0) + this.#zeros.reduce((sum, { count }) => sum + count, 0);
  }

  /** The values below which these parts (0 to 1) of the recent ones lie, to an eighth; 0 where there are none. */
  quantiles(parts: readonly number[], nowMs: number): number[] {
    const counts = new Float64Array(BUCKETS);
    for (const each of this.#parts) for (const [index, count] of each.recent(nowMs).entries()) counts[index] = (counts[index] ?? 0) + count;
    for (const each of this.#zeros) counts[0] = (counts[0] ?? 0) + total(each.recent(nowMs));
    const all = total(counts);
    return parts.map((part) => {
      let left = Math.ceil(part * all);
      for (let index = 0; index < BUCKETS && all > 0; index++) {
        left -= counts[index] ?? 0;
        if (left <= 0) return middleOf(index);
      }
      return 0;
    });
  }
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const exponent = TOP_BIT - Math.clz32(value);
  return (exponent - STEP_BITS + 1) * STEPS + ((value >>> (exponent - STEP_BITS)) & (STEPS - 1));
}

function middleOf(index: number): number {
  if (index < STEPS) return index;
  const exponent = Math.floor(index / STEPS) + STEP_BITS - 1;
  const width = 2 ** (exponent - STEP_BITS);
  return 2 ** exponent + (index % STEPS) * width + (width - 1) / 2;
}
