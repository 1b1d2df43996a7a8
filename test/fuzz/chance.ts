// What the fuzzer draws. A connection has chances of its own, made of the run's seed and its number, so it asks the same whatever others do.

import { SeededChance } from "../../src/faults/seeded-chance.ts";

export class Chance {
  readonly #source: SeededChance;

  constructor(seed: number, number: number) {
    // Neighbouring numbers must not give neighbouring sequences.
    const mixed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) ^ Math.imul(number + 1, 0x9e3779b1);
    this.#source = new SeededChance(mixed ^ (mixed >>> 13));
    this.#source.next();
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.#source.next() * count);
  }

  /** Both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  }

  /** By weights that are whole numbers. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of choices) {
      at -= weight;
      if (at < 0) return value;
    }
    throw new RangeError("nothing to pick from");
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at++) bytes[at] = this.below(256);
    return bytes;
  }
}
