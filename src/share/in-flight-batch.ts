// Records next to each other that were acquired together: of one fate, until something concerns only some of them. From then on, each has its own.

import { assert } from "../base/assert.ts";
import { Delivery, DeliveryState } from "./delivery.ts";

export class InFlightBatch {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /**
   * Between batches that were stored: what became of these records is not known, they may have been acquired. They may be taken in any parts.
   */
  readonly isGap: boolean;
  #whole: Delivery | undefined;
  #each: Delivery[] | undefined;

  private constructor(firstOffset: number, lastOffset: number, whole: Delivery, isGap: boolean) {
    this.firstOffset = firstOffset;
    this.lastOffset = lastOffset;
    this.#whole = whole;
    this.isGap = isGap;
  }

  static whole(firstOffset: number, lastOffset: number, delivery: Delivery): InFlightBatch {
    return new InFlightBatch(firstOffset, lastOffset, delivery, false);
  }

  static gap(firstOffset: number, lastOffset: number): InFlightBatch {
    return new InFlightBatch(firstOffset, lastOffset, new Delivery(DeliveryState.AVAILABLE, 0), true);
  }

  get size(): number {
    return this.lastOffset - this.firstOffset + 1;
  }

  /** Of all records; `undefined` once each has its own. */
  get whole(): Delivery | undefined {
    return this.#whole;
  }

  /** Of each record, where they have their own. */
  get each(): readonly Delivery[] | undefined {
    return this.#each;
  }

  /** From now on, and for good, each record has its own. */
  divide(): readonly Delivery[] {
    if (this.#each !== undefined) return this.#each;
    const whole = this.#whole;
    assert(whole !== undefined, "a batch has one fate, or one for each record");
    this.#each = Array.from({ length: this.size }, () => whole.copy());
    this.#whole = undefined;
    return this.#each;
  }

  /** With the offsets that each concerns. */
  *deliveries(fromOffset = this.firstOffset): Iterable<{ readonly delivery: Delivery; readonly first: number; readonly last: number }> {
    const { firstOffset, lastOffset } = this;
    if (this.#whole !== undefined) yield { delivery: this.#whole, first: Math.max(firstOffset, fromOffset), last: lastOffset };
    for (let index = Math.max(0, fromOffset - firstOffset); index < (this.#each?.length ?? 0); index++) {
      const delivery = this.#each?.[index];
      if (delivery !== undefined) yield { delivery, first: firstOffset + index, last: firstOffset + index };
    }
  }
}
