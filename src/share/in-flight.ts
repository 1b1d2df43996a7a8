// What is in flight of a share partition: batches in order, from the first record that is not done with to the last that was ever acquired.
//
//   done with │ startOffset ─── batches, with gaps where the log has no records ─── endOffset │ not yet delivered
//
// Offsets below the start are nobody's concern any more, also where a batch reaches below it.

import { Delivery, type DeliveryState } from "./delivery.ts";
import { InFlightBatch } from "./in-flight-batch.ts";

/** As they are stored; as of `StateBatch`. */
export interface DeliveredBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

export class InFlight {
  #batches: InFlightBatch[] = [];
  #startOffset: number;
  #endOffset: number;
  /** Where it is false nothing is available, and nobody need look. */
  #mayHaveAvailable = false;

  constructor(startOffset: number, stored: readonly DeliveredBatch[]) {
    this.#startOffset = startOffset;
    this.#endOffset = startOffset;
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of stored) {
      if (firstOffset > this.#endOffset) this.#batches.push(InFlightBatch.gap(this.#endOffset, firstOffset - 1));
      const delivery = new Delivery(deliveryState as DeliveryState, deliveryCount);
      this.#batches.push(InFlightBatch.whole(firstOffset, lastOffset, delivery));
      this.#endOffset = lastOffset + 1;
    }
    this.#mayHaveAvailable = this.#batches.length > 0;
    this.advance();
  }

  /** The first record that is not done with. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The first one that was never acquired; the start offset where nothing is in flight. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get batches(): readonly InFlightBatch[] {
    return this.#batches;
  }

  /** Whether done with or not: what holds the start offset back counts with all behind it. */
  get size(): number {
    return this.#endOffset - this.#startOffset;
  }

  /** Of those from the start offset on, how many records are done with, as far as is decided. */
  get doneCount(): number {
    let count = 0;
    for (const batch of this.#batches) {
      for (const { delivery, first, last } of batch.deliveries(this.#startOffset)) if (delivery.isDone) count += last - first + 1;
    }
    return count;
  }

  /** What a fetch begins with: what is available once more comes before what is new. */
  get nextFetchOffset(): number {
    if (!this.#mayHaveAvailable) return this.#endOffset;
    for (const batch of this.#batches) {
      for (const { delivery, first } of batch.deliveries(this.#startOffset)) if (delivery.isAvailable) return first;
    }
    this.#mayHaveAvailable = false;
    return this.#endOffset;
  }

  /** The position of the batch that an offset is in, or else of the first behind it. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle]?.lastOffset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Behind all others; the start offset follows where there are none. */
  append(batch: InFlightBatch): void {
    if (this.#batches.length === 0) this.#startOffset = Math.max(this.#startOffset, batch.firstOffset);
    this.#batches.push(batch);
    this.#endOffset = batch.lastOffset + 1;
  }

  /** Others in the place of one, which have the same offsets between them, in order. */
  replace(index: number, batches: readonly InFlightBatch[]): void {
    this.#batches.splice(index, 1, ...batches);
  }

  becameAvailable(): void {
    this.#mayHaveAvailable = true;
  }

  /** The start offset goes on over what is done with and stored. */
  advance(): void {
    let doneBatches = 0;
    let startOffset = this.#startOffset;
    for (const batch of this.#batches) {
      const held = firstHeld(batch, startOffset);
      if (held !== undefined) {
        // Between batches the log has no records.
        startOffset = Math.max(startOffset, held);
        break;
      }
      startOffset = Math.max(startOffset, batch.lastOffset + 1);
      doneBatches++;
    }
    this.#startOffset = startOffset;
    if (doneBatches > 0) this.#batches.splice(0, doneBatches);
    if (this.#batches.length === 0) this.#endOffset = startOffset;
  }

  /** The log begins later. Who has earlier records may keep or acknowledge them: it makes no difference any more. */
  startAt(offset: number): void {
    if (offset <= this.#startOffset) return;
    this.#startOffset = offset;
    this.#endOffset = Math.max(this.#endOffset, offset);
    this.#batches.splice(0, this.indexOf(offset));
    this.advance();
  }
}

/** The first offset, not below `startOffset`, that is not done with. */
function firstHeld(batch: InFlightBatch, startOffset: number): number | undefined {
  for (const { delivery, first } of batch.deliveries(startOffset)) if (!delivery.isDone || delivery.isInTransition) return first;
  return undefined;
}
