// A share partition: which records of a partition the members of a group have, and what has become of them (KIP-932). It knows neither the log
// nor the time nor where its state is stored: who uses it says what was read, when locks are over, and whether what was to be stored is.

import type { Refusal } from "../cluster/refusal.ts";
import { type AcknowledgementBatch, type AcknowledgeTerms, acknowledge, stateOfReleased } from "./acknowledgement.ts";
import { type AcquiredRange, type AcquireRequest, acquire, allowance, untilOffset } from "./acquisition.ts";
import { type Delivery, DeliveryState } from "./delivery.ts";
import { type DeliveredBatch, InFlight } from "./in-flight.ts";
import { addDelivered, Transition } from "./transition.ts";

/** What a fetch may read. */
export interface FetchRange {
  readonly fetchOffset: number;
  /** Exclusive: reading further gives nothing more, if the log has records for all offsets. */
  readonly untilOffset: number;
}

export interface Expiry {
  /** What became of the records whose locks were over; to store. */
  readonly batches: readonly DeliveredBatch[];
  /** When the next lock is over; infinity where there is none. */
  readonly nextMs: number;
}

interface OffsetRange {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
}

export class SharePartition {
  readonly #inFlight: InFlight;

  /** @param stored in order, disjoint, none below the start */
  constructor(startOffset: number, stored: readonly DeliveredBatch[] = []) {
    this.#inFlight = new InFlight(startOffset, stored);
  }

  /** The first record that is not done with. */
  get startOffset(): number {
    return this.#inFlight.startOffset;
  }

  /** The first record that was never delivered; the start offset where none is in flight. */
  get endOffset(): number {
    return this.#inFlight.endOffset;
  }

  get nextFetchOffset(): number {
    return this.#inFlight.nextFetchOffset;
  }

  /** Of the records from the start offset on, how many are acknowledged or archived. */
  get deliveryCompleteCount(): number {
    return this.#inFlight.doneCount;
  }

  /** In order, as far as there is anything to tell of each record: for tests and for who shows it. */
  *deliveries(): Iterable<OffsetRange & Pick<Delivery, "state" | "count" | "owner" | "isInTransition" | "lockedUntilMs">> {
    for (const batch of this.#inFlight.batches) {
      for (const { delivery, first, last } of batch.deliveries(this.startOffset)) {
        const { state, count, owner, isInTransition, lockedUntilMs } = delivery;
        yield { firstOffset: first, lastOffset: last, state, count, owner, isInTransition, lockedUntilMs };
      }
    }
  }

  /** `undefined` while as many records are in flight as may be. */
  fetchRange(limits: Pick<AcquireRequest, "maxRecords" | "recordLockLimit">): FetchRange | undefined {
    const fetchOffset = this.nextFetchOffset;
    const allowed = allowance(this.#inFlight, fetchOffset, limits);
    return allowed === undefined ? undefined : { fetchOffset, untilOffset: untilOffset(this.#inFlight, fetchOffset, allowed) };
  }

  /** In order of offsets; empty when there is nothing for the member. */
  acquire(request: AcquireRequest): AcquiredRange[] {
    return acquire(this.#inFlight, request);
  }

  /** Records of aborted transactions, acquired just now, are nobody's. Gives what is left of the ranges. */
  archiveAborted(acquired: readonly AcquiredRange[], aborted: readonly OffsetRange[]): AcquiredRange[] {
    for (const range of aborted) {
      for (const { firstOffset, lastOffset } of acquired) {
        this.#archive(Math.max(firstOffset, range.firstOffset), Math.min(lastOffset, range.lastOffset));
      }
    }
    this.#inFlight.advance();
    return aborted.reduce<AcquiredRange[]>((left, range) => left.flatMap((each) => without(each, range)), [...acquired]);
  }

  /** Gives the transition that is to be stored; where it is refused, nothing has changed but locks that were renewed. */
  acknowledge(batches: readonly AcknowledgementBatch[], terms: AcknowledgeTerms): Transition | Refusal {
    const transition = new Transition();
    for (const batch of batches) {
      const refusal = acknowledge(this.#inFlight, batch, terms, transition);
      if (refusal === undefined) continue;
      transition.end(false);
      return refusal;
    }
    return transition;
  }

  /** All that the member has. */
  release(memberId: string, deliveryCountLimit: number): Transition {
    const transition = new Transition();
    for (const { delivery, first, last } of this.#acquired()) {
      if (delivery.owner !== memberId) continue;
      transition.begin(delivery, { firstOffset: first, lastOffset: last, state: stateOfReleased(delivery, deliveryCountLimit) });
    }
    return transition;
  }

  /** The transition is stored, or could not be. */
  end(transition: Transition, isStored: boolean): void {
    if (transition.isEmpty) return;
    transition.end(isStored);
    this.#inFlight.becameAvailable();
    if (isStored) this.#inFlight.advance();
  }

  /** Holds at once, whether it is stored or not; `endExpiry` is to follow when it is, or could not be. */
  expire(nowMs: number, deliveryCountLimit: number): Expiry {
    const batches: DeliveredBatch[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { delivery, first, last } of this.#acquired()) {
      if (delivery.lockedUntilMs > nowMs) {
        nextMs = Math.min(nextMs, delivery.lockedUntilMs);
        continue;
      }
      delivery.become(stateOfReleased(delivery, deliveryCountLimit));
      addDelivered(batches, { firstOffset: first, lastOffset: last, deliveryState: delivery.state, deliveryCount: delivery.count });
    }
    if (batches.length > 0) this.#inFlight.becameAvailable();
    return { batches, nextMs };
  }

  endExpiry(): void {
    this.#inFlight.advance();
  }

  /** The locks of these records are over now: `expire` is to follow. Gives how many were locked. */
  cutLocks({ firstOffset, lastOffset }: OffsetRange, nowMs: number): number {
    let count = 0;
    for (const batch of this.#inFlight.batches) {
      if (batch.lastOffset < firstOffset || batch.firstOffset > lastOffset) continue;
      const isPart = batch.firstOffset < firstOffset || batch.lastOffset > lastOffset;
      if (isPart && batch.whole?.isAcquired === true) batch.divide();
      for (const { delivery, first, last } of batch.deliveries()) {
        if (first < firstOffset || last > lastOffset || !delivery.isAcquired) continue;
        delivery.cutLock(nowMs);
        count += last - first + 1;
      }
    }
    return count;
  }

  /** The log begins later than the first record that is not done with. */
  startAt(logStartOffset: number): void {
    this.#inFlight.startAt(logStartOffset);
  }

  *#acquired(): Iterable<{ readonly delivery: Delivery; readonly first: number; readonly last: number }> {
    for (const batch of this.#inFlight.batches) {
      for (const held of batch.deliveries(this.startOffset)) if (held.delivery.isAcquired) yield held;
    }
  }

  #archive(firstOffset: number, lastOffset: number): void {
    const { batches } = this.#inFlight;
    for (let index = this.#inFlight.indexOf(firstOffset); index < batches.length; index++) {
      const batch = batches[index];
      if (batch === undefined || batch.firstOffset > lastOffset) break;
      if (batch.whole?.isAcquired === false) continue;
      if (batch.firstOffset < firstOffset || batch.lastOffset > lastOffset) batch.divide();
      for (const { delivery, first } of batch.deliveries(firstOffset)) {
        if (first > lastOffset) break;
        if (delivery.isAcquired) delivery.become(DeliveryState.ARCHIVED);
      }
    }
  }
}

function without(range: AcquiredRange, { firstOffset, lastOffset }: OffsetRange): AcquiredRange[] {
  if (lastOffset < range.firstOffset || firstOffset > range.lastOffset) return [range];
  const left: AcquiredRange[] = [];
  if (range.firstOffset < firstOffset) left.push({ ...range, lastOffset: firstOffset - 1 });
  if (lastOffset < range.lastOffset) left.push({ ...range, firstOffset: lastOffset + 1 });
  return left;
}
