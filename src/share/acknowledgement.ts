// Acknowledgements of a member, for one share partition: all of them hold, or none does (KIP-932). What they decide is in transition until it
// is stored. Renewals hold at once (KIP-1222).

import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { type Delivery, DeliveryState } from "./delivery.ts";
import type { InFlight } from "./in-flight.ts";
import type { InFlightBatch } from "./in-flight-batch.ts";
import type { Transition } from "./transition.ts";

/** As they are sent. */
export const AcknowledgeType = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;

export interface AcknowledgementBatch {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** One for all, or one for each offset; one at least, and known ones only. */
  readonly acknowledgeTypes: readonly number[];
}

export interface AcknowledgeTerms {
  readonly memberId: string;
  /** Deliveries that a record gets. */
  readonly deliveryCountLimit: number;
  /** Of what is renewed. */
  readonly lockedUntilMs: number;
}

/** Adds to the transition as it goes. Where it refuses, the transition is the caller's to take back. */
export function acknowledge(
  inFlight: InFlight,
  batch: AcknowledgementBatch,
  terms: AcknowledgeTerms,
  transition: Transition,
): Refusal | undefined {
  const { startOffset } = inFlight;
  if (batch.lastOffset < startOffset) return undefined;
  const refusal = lookUpRefusal(inFlight, batch);
  if (refusal !== undefined) return refusal;
  const acknowledging = new Acknowledging(Math.max(batch.firstOffset, startOffset), batch, terms, transition);
  for (let index = inFlight.indexOf(acknowledging.fromOffset); index < inFlight.batches.length; index++) {
    const one = inFlight.batches[index];
    if (one === undefined || one.firstOffset > batch.lastOffset) break;
    const why = acknowledging.one(one);
    if (why !== undefined) return why;
  }
  return undefined;
}

function lookUpRefusal(inFlight: InFlight, { firstOffset, lastOffset }: AcknowledgementBatch): Refusal | undefined {
  const { batches, startOffset } = inFlight;
  const first = batches[0];
  const isKnown = first !== undefined && (first.firstOffset <= firstOffset || firstOffset < startOffset);
  if (!isKnown) return invalidState("Batch record not found. The request batch offsets are not found in the cache.");
  const at = inFlight.indexOf(lastOffset);
  const holder = batches[at];
  if (holder !== undefined && holder.firstOffset <= lastOffset) return undefined;
  const isPastFirst = (batches[at - 1]?.lastOffset ?? -1) < firstOffset;
  const which = isPastFirst ? "first" : "last";
  return {
    error: Errors.INVALID_REQUEST,
    message: `Batch record not found. The ${which} offset in request is past acquired records.`,
  };
}

class Acknowledging {
  readonly fromOffset: number;
  readonly #batch: AcknowledgementBatch;
  readonly #terms: AcknowledgeTerms;
  readonly #transition: Transition;

  constructor(fromOffset: number, batch: AcknowledgementBatch, terms: AcknowledgeTerms, transition: Transition) {
    this.fromOffset = fromOffset;
    this.#batch = batch;
    this.#terms = terms;
    this.#transition = transition;
  }

  one(held: InFlightBatch): Refusal | undefined {
    const { acknowledgeTypes, lastOffset } = this.#batch;
    const { whole } = held;
    if (whole !== undefined) {
      const refusal = this.#batchRefusal(whole);
      if (refusal !== undefined) return refusal;
      const isAll = held.firstOffset >= this.fromOffset && held.lastOffset <= lastOffset;
      if (isAll && acknowledgeTypes.length === 1) {
        this.#apply(whole, held.firstOffset, held.lastOffset);
        return undefined;
      }
      held.divide();
    }
    for (const { delivery, first } of held.deliveries(this.fromOffset)) {
      if (first > lastOffset) break;
      const refusal = this.#recordRefusal(delivery);
      if (refusal !== undefined) return refusal;
      this.#apply(delivery, first, first);
    }
    return undefined;
  }

  #batchRefusal({ isAcquired, owner }: Delivery): Refusal | undefined {
    if (!isAcquired) return invalidState("The batch cannot be acknowledged. The batch is not in the acquired state.");
    return owner === this.#terms.memberId ? undefined : invalidState("Member is not the owner of batch record");
  }

  #recordRefusal({ isAcquired, owner }: Delivery): Refusal | undefined {
    if (!isAcquired) return invalidState("The offset cannot be acknowledged. The offset is not acquired.");
    return owner === this.#terms.memberId ? undefined : invalidState("Member is not the owner of offset");
  }

  #apply(delivery: Delivery, firstOffset: number, lastOffset: number): void {
    const { acknowledgeTypes } = this.#batch;
    const type = acknowledgeTypes[acknowledgeTypes.length === 1 ? 0 : firstOffset - this.#batch.firstOffset];
    if (type === AcknowledgeType.RENEW) delivery.renew(this.#terms.lockedUntilMs);
    else this.#transition.begin(delivery, { firstOffset, lastOffset, state: stateAfter(type, delivery, this.#terms.deliveryCountLimit) });
  }
}

function stateAfter(type: number | undefined, delivery: Delivery, deliveryCountLimit: number): DeliveryState {
  if (type === AcknowledgeType.ACCEPT) return DeliveryState.ACKNOWLEDGED;
  return type === AcknowledgeType.RELEASE ? stateOfReleased(delivery, deliveryCountLimit) : DeliveryState.ARCHIVED;
}

/** It is delivered once more, unless it was as often as may be. */
export function stateOfReleased({ count }: Delivery, deliveryCountLimit: number): DeliveryState {
  return count < deliveryCountLimit ? DeliveryState.AVAILABLE : DeliveryState.ARCHIVED;
}

function invalidState(message: string): Refusal {
  return { error: Errors.INVALID_RECORD_STATE, message };
}
