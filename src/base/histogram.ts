// How values are spread: counts of whole numbers from 0 to 2^31, in buckets that are an eighth of a power of two wide. One addition to an array
// and one to a sum is all that a value costs; what is asked of it is worked out when it is asked.
//
// Quantiles are those of the recent past, as of Kafka's decaying reservoirs: of the five to ten minutes before the question, while somebody
// asks at least that often, else of all since the last question but one.

const STEPS = 8;
const STEP_BITS = 3;
const TOP_BIT = 31;
const BUCKETS = (TOP_BIT - STEP_BITS + 2) * STEPS;
const WINDOW_MS = 5 * 60_000;

interface Snapshot {
  readonly atMs: number;
  readonly counts: Float64Array;
}

export class Histogram {
  count = 0;
  sum = 0;
  readonly #counts = new Float64Array(BUCKETS);
  /** As it was when the windows began, the older one first. */
  #windows: readonly [Snapshot, Snapshot] | undefined;

  /** @param value a whole number from 0 on; what is larger than the largest counts as that. */
  record(value: number): void {
    this.count++;
    this.sum += value;
    const index = bucketOf(Math.min(value, 0x7fffffff));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** How many values since the beginning were below a bound, which is a power of two from 8 on. */
  below(bound: number): number {
    let count = 0;
    const end = bucketOf(bound);
    for (let index = 0; index < end; index++) count += this.#counts[index] ?? 0;
    return count;
  }

  /** The values below which these parts (0 to 1) of the recent ones lie, to an eighth; 0 where there are none. */
  quantiles(parts: readonly number[], nowMs: number): number[] {
    const recent = this.#recent(nowMs);
    const total = recent.reduce((sum, each) => sum + each, 0);
    return parts.map((part) => {
      let left = Math.ceil(part * total);
      for (let index = 0; index < BUCKETS && total > 0; index++) {
        left -= recent[index] ?? 0;
        if (left <= 0) return middleOf(index);
      }
      return 0;
    });
  }

  #recent(nowMs: number): Float64Array {
    const none = { atMs: nowMs, counts: new Float64Array(BUCKETS) };
    const [older, newer] = this.#windows ?? [none, none];
    const recent = this.#counts.map((count, index) => count - (older.counts[index] ?? 0));
    if (this.#windows === undefined) this.#windows = [older, newer];
    else if (nowMs - newer.atMs >= WINDOW_MS) this.#windows = [newer, { atMs: nowMs, counts: this.#counts.slice() }];
    return recent;
  }
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
