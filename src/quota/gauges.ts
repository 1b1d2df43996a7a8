// A gauge for each of those whom something is counted of. Of bounded number, since clients choose their names as they like: beyond it the gauge
// that was asked for longest ago is forgotten.

const MOST_GAUGES = 10_000;

export class Gauges<Gauge> {
  readonly #make: () => Gauge;
  /** In the order in which they were last asked for. */
  readonly #gauges = new Map<string, Gauge>();

  constructor(make: () => Gauge) {
    this.#make = make;
  }

  of(key: string): Gauge {
    const gauge = this.#gauges.get(key) ?? this.#make();
    this.#gauges.delete(key);
    this.#gauges.set(key, gauge);
    const [oldest] = this.#gauges.keys();
    if (this.#gauges.size > MOST_GAUGES && oldest !== undefined) this.#gauges.delete(oldest);
    return gauge;
  }
}
