// What a producer's load comes to: how many records were acknowledged, how much that is, and how long each took. Latencies are kept of at most
// half a million records, evenly spread over the run, as Kafka's tool keeps them; the percentiles are theirs.

const MOST_SAMPLES = 500_000;
const MEGABYTE = 1024 * 1024;
const PERCENTILES = [
  ["50th", 0.5],
  ["95th", 0.95],
  ["99th", 0.99],
  ["99.9th", 0.999],
] as const;

class Tally {
  readonly beganMs: number;
  count = 0;
  bytes = 0;
  totalMs = 0;
  longestMs = 0;

  constructor(beganMs: number) {
    this.beganMs = beganMs;
  }

  add(latencyMs: number, sizeBytes: number): void {
    this.count++;
    this.bytes += sizeBytes;
    this.totalMs += latencyMs;
    if (latencyMs > this.longestMs) this.longestMs = latencyMs;
  }

  rates(nowMs: number): { readonly records: number; readonly megabytes: number } {
    const elapsedMs = nowMs - this.beganMs;
    return { records: (1000 * this.count) / elapsedMs, megabytes: (1000 * this.bytes) / elapsedMs / MEGABYTE };
  }
}

export interface StatisticsOptions {
  /** How many records the run has. */
  readonly expected: number;
  readonly beganMs: number;
  readonly reportingIntervalMs: number;
  /** Given a line about what came since the last one. */
  readonly report: (line: string) => void;
}

export class LatencyStatistics {
  readonly #options: StatisticsOptions;
  readonly #sampling: number;
  readonly #samples: Int32Array;
  readonly #total: Tally;
  #sampleCount = 0;
  #window: Tally;
  #isReporting = true;

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#sampling = Math.max(1, Math.floor(options.expected / MOST_SAMPLES));
    this.#samples = new Int32Array(Math.ceil(options.expected / this.#sampling));
    this.#total = new Tally(options.beganMs);
    this.#window = new Tally(options.beganMs);
  }

  /** Only the total counts from now on. */
  stopReporting(): void {
    this.#isReporting = false;
  }

  /** A record was acknowledged at `nowMs`. */
  record(latencyMs: number, sizeBytes: number, nowMs: number): void {
    if (this.#total.count % this.#sampling === 0) this.#samples[this.#sampleCount++] = latencyMs;
    this.#total.add(latencyMs, sizeBytes);
    this.#window.add(latencyMs, sizeBytes);
    if (nowMs - this.#window.beganMs < this.#options.reportingIntervalMs) return;
    if (this.#isReporting) this.#options.report(windowLine(this.#window, nowMs));
    this.#window = new Tally(nowMs);
  }

  /** The line about all. `what` stands before the word records. */
  summary(nowMs: number, what = ""): string {
    const { count, totalMs, longestMs } = this.#total;
    const { records, megabytes } = this.#total.rates(nowMs);
    const sorted = this.#samples.subarray(0, this.#sampleCount).toSorted();
    const percentiles = PERCENTILES.map(([name, share]) => `${sorted[Math.floor(share * sorted.length)] ?? 0} ms ${name}`);
    return (
      `${count}${what} records sent, ${records.toFixed(6)} records/sec (${megabytes.toFixed(2)} MB/sec), ` +
      `${(totalMs / count).toFixed(2)} ms avg latency, ${longestMs.toFixed(2)} ms max latency, ${percentiles.join(", ")}.`
    );
  }
}

function windowLine(window: Tally, nowMs: number): string {
  const { records, megabytes } = window.rates(nowMs);
  return (
    `${window.count} records sent, ${records.toFixed(1)} records/sec (${megabytes.toFixed(2)} MB/sec), ` +
    `${(window.totalMs / window.count).toFixed(1)} ms avg latency, ${window.longestMs.toFixed(1)} ms max latency.`
  );
}
