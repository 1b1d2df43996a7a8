// What clients have used of one quota. Gauges stay when limits change, as in Kafka: who is limited from now on is judged by what went before, if
// any limit was in force then.

import type { ClientLimits } from "./client-limits.ts";
import { Gauges } from "./gauges.ts";

export interface Metered<Gauge> {
  /** Of all that are counted together. */
  readonly gauge: Gauge;
  /** A second; without end for who is not limited. */
  readonly limit: number;
}

export class Meters<Gauge> {
  readonly #gauges: Gauges<Gauge>;

  constructor(make: () => Gauge) {
    this.#gauges = new Gauges(make);
  }

  of(limits: ClientLimits, user: string, clientId: string): Metered<Gauge> {
    const sharers = limits.sharersOf(user, clientId);
    return { gauge: this.#gauges.of(JSON.stringify([sharers.user, sharers.clientId])), limit: limits.limitOf(sharers) };
  }
}
