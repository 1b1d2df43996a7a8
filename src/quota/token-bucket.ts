// Tokens that come back at the rate of a limit and are spent at once or in part, as Kafka counts changes of the cluster (KIP-599). A full bucket
// has as many as come in all windows together; one that is spent below zero is refilled before anything more is let through.

import type { Windows } from "./sampled-rate.ts";

const SECOND_MS = 1000;

export class TokenBucket {
  /** It begins full. */
  #tokens = Number.POSITIVE_INFINITY;
  #refilledMs = 0;

  spend(count: number, limitPerSecond: number, nowMs: number, windows: Windows): void {
    this.#refill(limitPerSecond, nowMs, windows);
    this.#tokens = Math.min(fullBucket(limitPerSecond, windows), this.#tokens - count);
  }

  /** 0 while there are tokens, or just none; else how long it takes until nothing is owed. */
  throttleMs(limitPerSecond: number, nowMs: number, windows: Windows): number {
    this.#refill(limitPerSecond, nowMs, windows);
    return this.#tokens < 0 ? Math.round((-this.#tokens / limitPerSecond) * SECOND_MS) : 0;
  }

  #refill(limitPerSecond: number, nowMs: number, windows: Windows): void {
    const refilled = this.#tokens + (limitPerSecond * (nowMs - this.#refilledMs)) / SECOND_MS;
    this.#tokens = Math.min(fullBucket(limitPerSecond, windows), refilled);
    this.#refilledMs = nowMs;
  }
}

function fullBucket(limitPerSecond: number, { samples, windowMs }: Windows): number {
  return (samples * windowMs * limitPerSecond) / SECOND_MS;
}
