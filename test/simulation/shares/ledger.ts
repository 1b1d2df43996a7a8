// What a share group was given, and what it said of it, as the broker answered it: who has which record, what is done with, and how often each was
// delivered. What must not be ends the history at once:
//
//   a record that is accepted, or rejected, is never delivered again
//   a record that a member has, whose lock is not over, is given to nobody else, and accepted by nobody else
//   no record is delivered more often than the limit
//
// In the end (`lost`), each record that readers of committed records see is done with, or was delivered as often as may be.

import { Errors } from "../../../protocol/errors.ts";

/** As they are sent. */
export const Acknowledge = { ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;

export interface Acknowledged {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly type: number;
}

export interface Delivered {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

interface Holder {
  readonly memberId: string;
  /** In whose memory that is. */
  readonly leader: unknown;
  /** Nobody else may have it before. */
  untilMs: number;
}

/** What was asked about one record, and who had it then. */
interface Begun extends Acknowledged {
  readonly offset: number;
  readonly fate: RecordFate;
  readonly holder: Holder | undefined;
}

interface RecordFate {
  holder: Holder | undefined;
  done: "accepted" | "rejected" | undefined;
  /** Acknowledgements that would be the end of it, and of which nobody was told what became of them. */
  openEnds: number;
  mostDeliveries: number;
}

export interface LedgerOptions {
  readonly nowMs: () => number;
  /** Who has the locks of a partition: another one each time that its state is loaded. */
  readonly leaderOf: (partition: number) => unknown;
  readonly deliveryCountLimit: number;
  readonly lockDurationMs: number;
}

/** A lock begins some time before its member's answer goes out. */
const LOCK_SLACK_MS = 150;

/** The broker has not done what was asked. */
const REFUSALS: ReadonlySet<number> = new Set([
  Errors.INVALID_RECORD_STATE,
  Errors.INVALID_REQUEST,
  Errors.SHARE_SESSION_NOT_FOUND,
  Errors.INVALID_SHARE_SESSION_EPOCH,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
]);

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #partitions = new Map<number, Map<number, RecordFate>>();
  /** Records below it were deleted, or may have been. */
  readonly #startOffsets = new Map<number, number>();
  /** How many leaders have gone. */
  leaders = 0;
  deliveries = 0;
  accepted = 0;
  rejected = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** @param isExact the answer goes out when the records were acquired */
  delivered(memberId: string, { partition, firstOffset, lastOffset, deliveryCount }: Delivered, isExact: boolean): void {
    const { deliveryCountLimit, lockDurationMs, nowMs, leaderOf } = this.#options;
    const of = `records ${firstOffset} to ${lastOffset} of partition ${partition}, delivery ${deliveryCount} to ${memberId}`;
    if (deliveryCount > deliveryCountLimit) throw new Error(`more than ${deliveryCountLimit} deliveries: ${of}`);
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      const fate = this.#fate(partition, offset);
      this.deliveries++;
      fate.mostDeliveries = Math.max(fate.mostDeliveries, deliveryCount);
      if (isExact && fate.done !== undefined) throw new Error(`${offset} was ${fate.done} before: ${of}`);
      const { holder } = fate;
      const isLocked = holder !== undefined && holder.leader === leaderOf(partition) && holder.untilMs > nowMs();
      if (isExact && isLocked && holder.memberId !== memberId)
        throw new Error(`${offset} is with ${holder.memberId} for ${holder.untilMs - nowMs()} ms yet: ${of}`);
      fate.holder = isExact ? { memberId, leader: leaderOf(partition), untilMs: nowMs() + lockDurationMs - LOCK_SLACK_MS } : undefined;
    }
  }

  /** A request has come: from now on it may be so. Gives what is to be called when the broker has answered it. */
  acknowledging(memberId: string, acknowledged: readonly Acknowledged[]): (errorOf: (partition: number) => number) => void {
    const begun = acknowledged.flatMap((each) =>
      this.#each(each).map((fate, index): Begun => ({ ...each, fate, offset: each.firstOffset + index, holder: fate.holder })),
    );
    for (const { type, fate, holder } of begun) {
      if (isEnd(type)) fate.openEnds++;
      if (type === Acknowledge.RELEASE && holder?.memberId === memberId) fate.holder = undefined;
    }
    return (errorOf) => {
      for (const each of begun) {
        const error = errorOf(each.partition);
        if (REFUSALS.has(error) && isEnd(each.type)) each.fate.openEnds--;
        if (error === Errors.NONE) this.#stored(memberId, each);
      }
    };
  }

  /** Nothing is locked for it any more. */
  memberGone(memberId: string): void {
    for (const fates of this.#partitions.values())
      for (const fate of fates.values()) if (fate.holder?.memberId === memberId) fate.holder = undefined;
  }

  /** Locks are in the memory of the leader. */
  leaderGone(partition?: number): void {
    this.leaders++;
    for (const [index, fates] of this.#partitions) {
      if (partition === undefined || partition === index) for (const fate of fates.values()) fate.holder = undefined;
    }
  }

  startMoves(partition: number, offset: number): void {
    this.#startOffsets.set(partition, Math.max(offset, this.#startOffsets.get(partition) ?? 0));
  }

  /** Whether the record was lost: nobody is done with it, and it was not delivered as often as may be. */
  isLost(partition: number, offset: number): boolean {
    if (offset < this.#startOffset(partition)) return false;
    const { done, openEnds, mostDeliveries } = this.#fate(partition, offset);
    return done === undefined && openEnds === 0 && mostDeliveries < this.#options.deliveryCountLimit;
  }

  wasDelivered(partition: number, offset: number): boolean {
    return this.#fate(partition, offset).mostDeliveries > 0;
  }

  #startOffset(partition: number): number {
    return this.#startOffsets.get(partition) ?? 0;
  }

  #stored(memberId: string, { partition, offset, type, fate, holder }: Begun): void {
    const { nowMs, lockDurationMs, leaderOf } = this.#options;
    if (holder?.memberId !== memberId) {
      // What its holder has acknowledged itself may be done with before that is answered.
      const isStill =
        holder !== undefined && fate.holder === holder && holder.leader === leaderOf(partition) && fate.openEnds === (isEnd(type) ? 1 : 0);
      if (isStill && holder.untilMs > nowMs() && fate.done === undefined && offset >= this.#startOffset(partition))
        throw new Error(`${memberId} acknowledged ${offset} of partition ${partition}, which ${holder.memberId} has`);
      return;
    }
    if (type === Acknowledge.RENEW) {
      holder.untilMs = Math.max(holder.untilMs, nowMs() + lockDurationMs - LOCK_SLACK_MS);
      return;
    }
    if (fate.holder === holder) fate.holder = undefined;
    // What is deleted is answered as if it were stored; when the power fails, it may be there again.
    if (!isEnd(type) || fate.done !== undefined || offset < this.#startOffset(partition)) return;
    fate.done = type === Acknowledge.ACCEPT ? "accepted" : "rejected";
    this[fate.done]++;
  }

  #each({ partition, firstOffset, lastOffset }: Acknowledged): RecordFate[] {
    return Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => this.#fate(partition, firstOffset + index));
  }

  #fate(partition: number, offset: number): RecordFate {
    const fates = this.#partitions.get(partition) ?? new Map<number, RecordFate>();
    this.#partitions.set(partition, fates);
    const fate = fates.get(offset) ?? { holder: undefined, done: undefined, openEnds: 0, mostDeliveries: 0 };
    fates.set(offset, fate);
    return fate;
  }
}

function isEnd(type: number): boolean {
  return type === Acknowledge.ACCEPT || type === Acknowledge.REJECT;
}
