// What is to be stored of one share partition before it holds: deliveries that have begun to change, and what becomes of them.

import type { Delivery, DeliveryState } from "./delivery.ts";
import type { DeliveredBatch } from "./in-flight.ts";

interface Change {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly state: DeliveryState;
}

export class Transition {
  readonly #deliveries: Delivery[] = [];
  readonly #batches: DeliveredBatch[] = [];

  /** To store: neighbours of one state together. */
  get batches(): readonly DeliveredBatch[] {
    return this.#batches;
  }

  /** Nothing is to be stored. */
  get isEmpty(): boolean {
    return this.#deliveries.length === 0;
  }

  begin(delivery: Delivery, { firstOffset, lastOffset, state }: Change): void {
    delivery.begin(state);
    this.#deliveries.push(delivery);
    addDelivered(this.#batches, { firstOffset, lastOffset, deliveryState: delivery.state, deliveryCount: delivery.count });
  }

  end(isStored: boolean): void {
    for (const delivery of this.#deliveries) delivery.end(isStored);
  }
}

/** Behind the last; as one with it where it is its neighbour and in the same state. */
export function addDelivered(batches: DeliveredBatch[], batch: DeliveredBatch): void {
  const last = batches.at(-1);
  const isSame = last?.deliveryState === batch.deliveryState && last.deliveryCount === batch.deliveryCount;
  if (last === undefined || !isSame || last.lastOffset + 1 !== batch.firstOffset) batches.push(batch);
  else batches[batches.length - 1] = { ...last, lastOffset: batch.lastOffset };
}
