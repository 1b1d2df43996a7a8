// Which of the records that were read a member gets (KIP-932, KIP-1206).
//
// Of what is new, whole batches of the log: as many offsets as were asked for, and then to the end of the batch ("batch_optimized"), in pieces of
// about the size that was asked for; or never more records than were asked for ("record_limit"). What was delivered before comes in the parts
// in which it is held. What was delivered too often already comes in smaller and smaller parts, at last alone: one bad record then does not
// take those around it to the limit (`isSuspect`).

import { Delivery, DeliveryState } from "./delivery.ts";
import type { InFlight } from "./in-flight.ts";
import { InFlightBatch } from "./in-flight-batch.ts";
import type { LogBatches } from "./log-batches.ts";

export type AcquireMode = "batch_optimized" | "record_limit";

export interface AcquireRequest {
  readonly memberId: string;
  /** Where the read began: what was the next offset to fetch. */
  readonly fetchOffset: number;
  readonly log: LogBatches;
  readonly maxRecords: number;
  /** Offsets in one piece, more or less. */
  readonly batchSize: number;
  readonly mode: AcquireMode;
  readonly lockedUntilMs: number;
  /** Deliveries that a record gets. */
  readonly deliveryCountLimit: number;
  /** Records in flight, beyond which nothing new is given. */
  readonly recordLockLimit: number;
}

export interface AcquiredRange {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** This delivery included. */
  readonly deliveryCount: number;
}

/** What may be taken: `undefined` where nothing may. */
export interface Allowance {
  readonly count: number;
  /** Exclusive. */
  readonly untilOffset: number;
}

type Limits = Pick<AcquireRequest, "maxRecords" | "recordLockLimit">;

/** What is in flight already may be taken again when nothing new may. */
export function allowance(inFlight: InFlight, fetchOffset: number, { maxRecords, recordLockLimit }: Limits): Allowance | undefined {
  const room = recordLockLimit - inFlight.size;
  if (room > 0) return { count: Math.min(maxRecords, room), untilOffset: Number.POSITIVE_INFINITY };
  const left = inFlight.endOffset - fetchOffset;
  return left > 0 ? { count: Math.min(maxRecords, left), untilOffset: inFlight.endOffset } : undefined;
}

/** The offset after the last that can be acquired, if the log has them all. */
export function untilOffset(inFlight: InFlight, fetchOffset: number, { count, untilOffset: most }: Allowance): number {
  let left = count;
  const { batches } = inFlight;
  for (let index = inFlight.indexOf(fetchOffset); index < batches.length; index++) {
    for (const { delivery, first, last } of batches[index]?.deliveries(fetchOffset) ?? []) {
      if (!delivery.isAvailable) continue;
      if (last - first + 1 >= left) return Math.min(most, first + left);
      left -= last - first + 1;
    }
  }
  return Math.min(most, Math.max(inFlight.endOffset, fetchOffset) + left);
}

/** In order of offsets; empty when there is nothing for the member. */
export function acquire(inFlight: InFlight, request: AcquireRequest): AcquiredRange[] {
  const { log, fetchOffset } = request;
  archiveMissing(inFlight, fetchOffset, log.firstOffset);
  const allowed = allowance(inFlight, fetchOffset, request);
  if (allowed === undefined || log.isEmpty) return [];
  return new Acquisition(inFlight, request, allowed).run();
}

/** Compaction has taken what was available. */
function archiveMissing(inFlight: InFlight, fetchOffset: number, untilOffset: number): void {
  let isAny = false;
  for (let index = inFlight.indexOf(fetchOffset); index < inFlight.batches.length; index++) {
    const batch = inFlight.batches[index];
    if (batch === undefined || batch.firstOffset >= untilOffset) break;
    if (batch.isGap) {
      const last = Math.min(batch.lastOffset, untilOffset - 1);
      const missing = InFlightBatch.whole(batch.firstOffset, last, new Delivery(DeliveryState.ARCHIVED, 0));
      inFlight.replace(index, last < batch.lastOffset ? [missing, InFlightBatch.gap(last + 1, batch.lastOffset)] : [missing]);
      isAny = true;
      continue;
    }
    if (batch.whole !== undefined && !batch.whole.isAvailable) continue;
    if (batch.firstOffset < fetchOffset || batch.lastOffset >= untilOffset) batch.divide();
    for (const { delivery, first } of batch.deliveries(fetchOffset)) {
      if (first >= untilOffset || !delivery.isAvailable) continue;
      delivery.become(DeliveryState.ARCHIVED);
      isAny = true;
    }
  }
  if (isAny) inFlight.advance();
}

class Acquisition {
  readonly #inFlight: InFlight;
  readonly #request: AcquireRequest;
  readonly #allowed: Allowance;
  /** Of what was read and may be taken. */
  readonly #fromOffset: number;
  readonly #untilOffset: number;
  readonly #ranges: AcquiredRange[] = [];
  #takenCount = 0;
  /** No more is given, whatever is left. */
  #isOver = false;

  constructor(inFlight: InFlight, request: AcquireRequest, allowed: Allowance) {
    this.#inFlight = inFlight;
    this.#request = request;
    this.#allowed = allowed;
    this.#fromOffset = Math.max(request.log.firstOffset, inFlight.startOffset);
    this.#untilOffset = Math.min(request.log.nextOffset, allowed.untilOffset);
  }

  get #leftCount(): number {
    return this.#allowed.count - this.#takenCount;
  }

  run(): AcquiredRange[] {
    let index = this.#inFlight.indexOf(this.#fromOffset);
    while (!this.#isOver && this.#leftCount > 0) {
      const batch = this.#inFlight.batches[index];
      if (batch === undefined) {
        this.#takeNew();
        break;
      }
      if (batch.firstOffset >= this.#untilOffset) break;
      index += batch.isGap ? this.#takeGap(index, batch) : this.#takeBatch(batch);
    }
    return this.#ranges;
  }

  #takeNew(): void {
    const { batches, endOffset } = this.#inFlight;
    const from = batches.length === 0 ? this.#fromOffset : Math.max(endOffset, this.#fromOffset);
    for (const batch of this.#newBatches(from, this.#untilOffset - 1)) this.#inFlight.append(batch);
  }

  /** Gives how many batches it has become. */
  #takeGap(index: number, gap: InFlightBatch): number {
    const from = Math.max(gap.firstOffset, this.#fromOffset);
    const taken = this.#newBatches(from, Math.min(gap.lastOffset, this.#untilOffset - 1));
    const [first, last] = [taken[0], taken.at(-1)];
    if (first === undefined || last === undefined) return 1;
    const parts = [...taken];
    if (gap.firstOffset < first.firstOffset) parts.unshift(InFlightBatch.gap(gap.firstOffset, first.firstOffset - 1));
    if (last.lastOffset < gap.lastOffset) {
      parts.push(InFlightBatch.gap(last.lastOffset + 1, gap.lastOffset));
      this.#inFlight.becameAvailable();
    }
    this.#inFlight.replace(index, parts);
    return parts.length;
  }

  /** Of records that nobody has had yet. */
  #newBatches(fromOffset: number, lastOffset: number): InFlightBatch[] {
    if (fromOffset > lastOffset) return [];
    const { log, mode, batchSize } = this.#request;
    if (mode === "record_limit") return [this.#limitedBatch(fromOffset, lastOffset)];
    const isLonger = lastOffset - fromOffset + 1 > this.#leftCount;
    const last = isLonger ? Math.min(lastOffset, log.lastOffsetAt(fromOffset + this.#leftCount - 1)) : lastOffset;
    return [...log.pieces(fromOffset, last, batchSize)].map((piece) => {
      const delivery = new Delivery(DeliveryState.AVAILABLE, 0);
      this.#take(delivery, piece.first, piece.last);
      return InFlightBatch.whole(piece.first, piece.last, delivery);
    });
  }

  /** To the end of the log's batch, of which the member gets what it has asked for. */
  #limitedBatch(fromOffset: number, lastOffset: number): InFlightBatch {
    const count = Math.min(this.#leftCount, lastOffset - fromOffset + 1);
    const lastTaken = fromOffset + count - 1;
    const last = Math.min(lastOffset, this.#request.log.lastOffsetAt(lastTaken));
    const delivery = new Delivery(DeliveryState.AVAILABLE, 0);
    const batch = InFlightBatch.whole(fromOffset, last, delivery);
    if (last === lastTaken) {
      this.#take(delivery, fromOffset, last);
      return batch;
    }
    const { memberId, lockedUntilMs } = this.#request;
    for (const each of batch.divide().slice(0, count)) each.acquire(memberId, lockedUntilMs);
    this.#inFlight.becameAvailable();
    this.#tell(fromOffset, lastTaken, 1);
    return batch;
  }

  /** Gives 1: the next batch comes next. */
  #takeBatch(batch: InFlightBatch): 1 {
    const { whole } = batch;
    if (whole !== undefined && !whole.isAvailable) return 1;
    const isSuspect = this.#isSuspect(batch);
    if (isSuspect && this.#takenCount > 0) {
      this.#isOver = true;
      return 1;
    }
    const isInside = batch.firstOffset >= this.#request.log.firstOffset && batch.firstOffset >= this.#fromOffset;
    const isAllRead = isInside && batch.lastOffset < this.#untilOffset;
    const isTooMuch = this.#request.mode === "record_limit" && batch.size > this.#leftCount;
    if (whole !== undefined && isAllRead && !isSuspect && !isTooMuch) this.#take(whole, batch.firstOffset, batch.lastOffset);
    else this.#takeEach(batch);
    this.#isOver ||= isSuspect;
    return 1;
  }

  #takeEach(batch: InFlightBatch): void {
    batch.divide();
    const { deliveryCountLimit, mode } = this.#request;
    let mostCount = mode === "record_limit" ? this.#leftCount : Number.POSITIVE_INFINITY;
    let count = 0;
    let isThrottled = false;
    for (const { delivery, first } of batch.deliveries(this.#fromOffset)) {
      if (first >= this.#untilOffset || count >= mostCount) return;
      if (!delivery.isAvailable) continue;
      const isLast = delivery.count === deliveryCountLimit - 1 && deliveryCountLimit > 2;
      if (isLast && this.#takenCount > 0) {
        this.#isOver = true;
        return;
      }
      const overCount = delivery.count - throttledFrom(deliveryCountLimit);
      if (!isThrottled && overCount >= 0) {
        isThrottled = true;
        mostCount = Math.min(mostCount, Math.max(1, batch.size >> (overCount + 1)));
      }
      this.#takeRecord(delivery, first, count === 0);
      count++;
      if (isLast) {
        this.#isOver = true;
        return;
      }
    }
  }

  /** Some of it was delivered so often that it may do harm. */
  #isSuspect(batch: InFlightBatch): boolean {
    const least = throttledFrom(this.#request.deliveryCountLimit);
    for (const { delivery, first } of batch.deliveries(this.#fromOffset)) {
      if (first >= this.#untilOffset) break;
      if (delivery.isAvailable && delivery.count >= least) return true;
    }
    return false;
  }

  #take(delivery: Delivery, firstOffset: number, lastOffset: number): void {
    delivery.acquire(this.#request.memberId, this.#request.lockedUntilMs);
    this.#tell(firstOffset, lastOffset, delivery.count);
  }

  #tell(firstOffset: number, lastOffset: number, deliveryCount: number): void {
    this.#ranges.push({ firstOffset, lastOffset, deliveryCount });
    this.#takenCount += lastOffset - firstOffset + 1;
  }

  /** Records of one batch that each have their own fate: those next to each other are told together. */
  #takeRecord(delivery: Delivery, offset: number, isFirst: boolean): void {
    const last = this.#ranges.at(-1);
    delivery.acquire(this.#request.memberId, this.#request.lockedUntilMs);
    if (isFirst || last?.lastOffset !== offset - 1 || last.deliveryCount !== delivery.count) {
      this.#tell(offset, offset, delivery.count);
      return;
    }
    this.#ranges[this.#ranges.length - 1] = { ...last, lastOffset: offset };
    this.#takenCount++;
  }
}

/** The count of deliveries from which on a record is suspect. */
function throttledFrom(deliveryCountLimit: number): number {
  return Math.max(2, Math.ceil(deliveryCountLimit / 2));
}
