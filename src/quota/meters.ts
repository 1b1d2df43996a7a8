// What clients have used of one quota: a gauge for each that are counted together. Gauges stay when limits change, as in Kafka: who is limited
// from now on is judged by what went before, if any limit was in force then. Of bounded number, since clients choose their ids as they like:
// beyond it the one that was asked for longest ago is forgotten.

import type { ClientLimits } from "./client-limits.ts";

const MOST_GAUGES = 10_000;

export interface Metered<Gauge> {
  readonly gauge: Gauge;
  /** A second; without end for who is not limited. */
  readonly limit: number;
}

export class Meters<Gauge> {
  readonly #make: () => Gauge;
  /** In the order in which they were last asked for. */
  readonly #gauges = new Map<string, Gauge>();

  constructor(make: () => Gauge) {
    this.#make = make;
  }

  of(limits: ClientLimits, user: string, clientId: string): Metered<Gauge> {
    const sharers = limits.sharersOf(user, clientId);
    const key = JSON.stringify([sharers.user, sharers.clientId]);
    const gauge = this.#gauges.get(key) ?? this.#make();
    this.#gauges.delete(key);
    this.#gauges.set(key, gauge);
    const [oldest] = this.#gauges.keys();
    if (this.#gauges.size > MOST_GAUGES && oldest !== undefined) this.#gauges.delete(oldest);
    return { gauge, limit: limits.limitOf(sharers) };
  }
}
