// How many requests a second a store gets from us: as many as it is built for, until it asks for fewer. Then half of what it got, and from there
// slowly more again. A bucket of tokens, which a quarter of a second fills: what waited for one does not come all at once.
//
// Now and then any store asks for fewer, however few there are: to follow that would lead down to none. It is meant for us when it is
// about one of four requests.

import type { Clock } from "../base/clock.ts";

/** S3 takes 3,500 writes a second of a prefix; others of the cluster want some of them. */
const MOST_PER_SECOND = 2000;
const LEAST_PER_SECOND = 2;
const GROWTH_PER_SECOND = 1.1;
const BURST_SECONDS = 0.25;
/** Answers to what was sent before the last halving say nothing about what is sent since. */
const BETWEEN_HALVINGS_MS = 1000;
const WINDOW_MS = 1000;
/** Of the requests lately, each of which counts a little less than the one after it. */
const TOLERATED_SHARE = 0.25;
const WEIGHT = 1 / 32;

export class RequestRate {
  readonly #clock: Clock;
  #perSecond = MOST_PER_SECOND;
  #tokens = MOST_PER_SECOND * BURST_SECONDS;
  #atMs: number;
  #halvedAtMs = Number.NEGATIVE_INFINITY;
  #throttledShare = 0;
  /** Requests of this second, and of the one before. */
  #window = { startMs: 0, count: 0, countBefore: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  /** Undefined as long as the store takes what we have. */
  get limitPerSecond(): number | undefined {
    this.#passTime();
    return this.#perSecond < MOST_PER_SECOND ? this.#perSecond : undefined;
  }

  /** 0: the request may go. Else it is to ask again, after so long. */
  take(): number {
    this.#passTime();
    if (this.#tokens < 1) return Math.max(1, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
    this.#tokens -= 1;
    this.#window.count++;
    return 0;
  }

  /** The store has answered a request: whether it asks for fewer. Gives whether there are fewer from now on. */
  answered(isThrottled: boolean): boolean {
    this.#throttledShare += WEIGHT * ((isThrottled ? 1 : 0) - this.#throttledShare);
    if (!isThrottled || this.#throttledShare < TOLERATED_SHARE) return false;
    this.#passTime();
    const nowMs = this.#clock.now();
    if (nowMs - this.#halvedAtMs < BETWEEN_HALVINGS_MS) return false;
    this.#halvedAtMs = nowMs;
    const { startMs, count, countBefore } = this.#window;
    const lately = count + countBefore * (1 - Math.min(1, (nowMs - startMs) / WINDOW_MS));
    this.#perSecond = Math.max(LEAST_PER_SECOND, Math.min(this.#perSecond, lately) / 2);
    this.#tokens = Math.min(this.#tokens, 0);
    return true;
  }

  #passTime(): void {
    const nowMs = this.#clock.now();
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    this.#perSecond = Math.min(MOST_PER_SECOND, this.#perSecond * GROWTH_PER_SECOND ** seconds);
    const most = Math.max(1, this.#perSecond * BURST_SECONDS);
    this.#tokens = Math.min(most, this.#tokens + this.#perSecond * seconds);
    if (nowMs - this.#window.startMs < WINDOW_MS) return;
    const isNext = nowMs - this.#window.startMs < 2 * WINDOW_MS;
    this.#window = { startMs: nowMs, count: 0, countBefore: isNext ? this.#window.count : 0 };
  }
}
