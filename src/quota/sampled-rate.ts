// The rate of something over the last samples, by Kafka's own reckoning (its Rate over a WindowedSum), on which throttle times depend:
//
//   rate = what the samples sum up to / the time since the oldest of them began
//
// A sample takes what comes within one window; a new one begins with the first record after it. Samples in which nothing came for as long as
// all windows together begin anew. Where fewer windows than asked for have passed, the missing ones count as if nothing had come in them.

/** How a quota is measured. */
export interface Windows {
  /** Of which one is under way. */
  readonly samples: number;
  readonly windowMs: number;
}

interface Sample {
  startMs: number;
  lastMs: number;
  sum: number;
}

const SECOND_MS = 1000;

export class SampledRate {
  readonly #samples: Sample[] = [];
  #current = 0;

  record(value: number, nowMs: number, windows: Windows): void {
    let sample = this.#samples[this.#current];
    if (sample === undefined || nowMs - sample.startMs >= windows.windowMs) sample = this.#next(nowMs, windows);
    sample.sum += value;
    sample.lastMs = nowMs;
  }

  /** 0 within the limit; else how long it takes until the rate is down at it, when nothing more comes. */
  throttleMs(limitPerSecond: number, nowMs: number, windows: Windows): number {
    this.#forget(nowMs, windows);
    const spanMs = this.#spanMs(nowMs, windows);
    const rate = this.#samples.reduce((sum, sample) => sum + sample.sum, 0) / (spanMs / SECOND_MS);
    return rate > limitPerSecond ? Math.round(((rate - limitPerSecond) / limitPerSecond) * spanMs) : 0;
  }

  /** One sample more than asked for is kept: the oldest may reach into the time that is looked at. */
  #next(nowMs: number, { samples }: Windows): Sample {
    if (this.#samples.length > 0) this.#current = (this.#current + 1) % (samples + 1);
    const fresh = { startMs: nowMs, lastMs: nowMs, sum: 0 };
    this.#samples[this.#current] = fresh;
    return fresh;
  }

  #forget(nowMs: number, { samples, windowMs }: Windows): void {
    for (const sample of this.#samples) {
      if (nowMs - sample.lastMs < samples * windowMs) continue;
      sample.startMs = nowMs;
      sample.lastMs = nowMs;
      sample.sum = 0;
    }
  }

  #spanMs(nowMs: number, { samples, windowMs }: Windows): number {
    const oldestMs = this.#samples.reduce((oldest, { startMs }) => Math.min(oldest, startMs), nowMs);
    const elapsedMs = nowMs - oldestMs;
    const missing = Math.max(0, samples - 1 - Math.floor(elapsedMs / windowMs));
    return Math.max(1, elapsedMs + missing * windowMs);
  }
}
