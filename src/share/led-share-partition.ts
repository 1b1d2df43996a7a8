// A share partition in the hands of the broker that leads its partition: its state is loaded from the share coordinator and each change
// stored there, locks end when their time is over, and who waits for records is told when some may be available.
//
//   loading ──▶ active ──no longer the leader, or the state is another's──▶ dropped
//      └────────could not be loaded──▶ dropped, with the reason
//
// Changes of one turn are stored together, and those that come while others are being stored, after them. What a member asked for holds when it
// is stored; that a lock is over holds at once.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { type Watchable, type Watcher, Watchers } from "../base/watchers.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import type { GroupSettings } from "../config/group-settings.ts";
import type { SharePartitionKey, ShareStatePersister, StoredState } from "../coordinator/share/share-state-persister.ts";
import type { Partition } from "../partition/partition.ts";
import type { AcknowledgementBatch } from "./acknowledgement.ts";
import type { AcquiredRange, AcquireRequest } from "./acquisition.ts";
import { DeliveryState } from "./delivery.ts";
import type { DeliveredBatch } from "./in-flight.ts";
import { resetOffset } from "./offset-reset.ts";
import { type FetchRange, SharePartition } from "./share-partition.ts";
import type { Transition } from "./transition.ts";

/** What has become of records; without a member where the time of their lock was over. */
export interface ShareEvent extends AcquiredRange {
  readonly kind: "acquired" | "accepted" | "released" | "archived";
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly memberId: string | undefined;
}

export interface LedSharePartitionOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly persister: ShareStatePersister;
  /** What holds for the group now. */
  readonly settings: () => GroupSettings;
  /** Called when something has become of records; must not throw. */
  readonly onEvent: (event: ShareEvent) => void;
  /** Called once, when it is not to be used any more. */
  readonly onDropped: () => void;
}

interface Storing {
  readonly batches: readonly DeliveredBatch[];
  readonly stored: (refusal: Refusal | undefined) => void;
  /** What comes later may concern the same records. */
  readonly isLast?: boolean;
}

type Wanted = Pick<AcquireRequest, "memberId" | "fetchOffset" | "log" | "maxRecords" | "batchSize" | "mode">;

const KINDS: { readonly [state: number]: ShareEvent["kind"] } = {
  [DeliveryState.AVAILABLE]: "released",
  [DeliveryState.ACKNOWLEDGED]: "accepted",
  [DeliveryState.ARCHIVED]: "archived",
};

const NOTHING_DONE = Promise.resolve(undefined);

export class LedSharePartition implements Watchable {
  readonly key: SharePartitionKey;
  readonly partition: Partition;
  /** Of what was read last: how much is to be read for so many records. */
  bytesPerRecord = 0;
  readonly #leaderEpoch: number;
  readonly #options: LedSharePartitionOptions;
  readonly #watchers = new Watchers();
  #state: SharePartition | undefined;
  #stateEpoch = 0;
  #dropped: Refusal | undefined;
  #storing: Storing[] = [];
  #stored: Promise<void> | undefined;
  /** Somebody reads for it and has not acquired yet. */
  #isBeingRead = false;
  #hasTurnedAway = false;
  #lockTimer: Timer | undefined;
  #lookAtMs = Number.POSITIVE_INFINITY;

  /** @param after what has to be over before it is loaded */
  constructor(key: SharePartitionKey, partition: Partition, options: LedSharePartitionOptions, after?: Promise<void>) {
    this.key = key;
    this.partition = partition;
    this.#leaderEpoch = partition.leaderEpoch;
    this.#options = options;
    void this.#load(after);
  }

  /** `undefined` while it is loading, and once it is dropped. */
  get state(): SharePartition | undefined {
    return this.#dropped === undefined ? this.#state : undefined;
  }

  /** Resolves when all is stored that is to be; `undefined` where nothing is. */
  get stored(): Promise<void> | undefined {
    return this.#stored;
  }

  /** Why it is not to be used any more. */
  get dropped(): Refusal | undefined {
    return this.#dropped;
  }

  /** Told when records may be available, and when it is loaded or dropped. */
  watch(watcher: Watcher): void {
    this.#watchers.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.unwatch(watcher);
  }

  /** `undefined` while there is nothing that may be read. */
  fetchRange(maxRecords: number): FetchRange | undefined {
    return this.state?.fetchRange({ maxRecords, recordLockLimit: this.#options.settings()["share.partition.max.record.locks"] });
  }

  acquire(wanted: Wanted): AcquiredRange[] {
    const settings = this.#options.settings();
    const lockedUntilMs = this.#options.clock.now() + settings["share.record.lock.duration.ms"];
    const ranges = this.state?.acquire({
      ...wanted,
      lockedUntilMs,
      deliveryCountLimit: settings["share.delivery.count.limit"],
      recordLockLimit: settings["share.partition.max.record.locks"],
    });
    if (ranges === undefined || ranges.length === 0) return [];
    this.#lookAt(lockedUntilMs);
    for (const range of ranges) this.#tell("acquired", wanted.memberId, range);
    return ranges;
  }

  /** False while somebody else is at it: who was turned away is told when that has ended. */
  beginRead(): boolean {
    if (this.#isBeingRead) {
      this.#hasTurnedAway = true;
      return false;
    }
    this.#isBeingRead = true;
    return true;
  }

  /** Who has read has acquired, or given up. */
  endRead(): void {
    this.#isBeingRead = false;
    if (!this.#hasTurnedAway) return;
    this.#hasTurnedAway = false;
    this.#watchers.tell();
  }

  /** Of what was acquired just now, records of aborted transactions are nobody's. Gives what is left. */
  archiveAborted(acquired: readonly AcquiredRange[], aborted: Parameters<SharePartition["archiveAborted"]>[1]): readonly AcquiredRange[] {
    return aborted.length === 0 ? acquired : (this.state?.archiveAborted(acquired, aborted) ?? acquired);
  }

  /** `undefined` once it is stored. Never rejects. */
  acknowledge(memberId: string, batches: readonly AcknowledgementBatch[]): Promise<Refusal | undefined> {
    const { state } = this;
    if (state === undefined) return Promise.resolve(this.#dropped ?? absent());
    const settings = this.#options.settings();
    const outcome = state.acknowledge(batches, {
      memberId,
      deliveryCountLimit: settings["share.delivery.count.limit"],
      lockedUntilMs: this.#options.clock.now() + settings["share.record.lock.duration.ms"],
    });
    return isRefusal(outcome) ? Promise.resolve(outcome) : this.#store(state, outcome, memberId);
  }

  /** All that the member has is available once more. */
  release(memberId: string): Promise<Refusal | undefined> {
    const { state } = this;
    if (state === undefined) return NOTHING_DONE;
    return this.#store(state, state.release(memberId, this.#options.settings()["share.delivery.count.limit"]), memberId);
  }

  /** Ends locks at once, as if their time were over; gives how many. */
  expireLocks(firstOffset: number, lastOffset: number): number {
    const nowMs = this.#options.clock.now();
    const count = this.state?.cutLocks({ firstOffset, lastOffset }, nowMs) ?? 0;
    if (count > 0) this.#expire();
    return count;
  }

  /** Whether the log begins later than what was to be read next; that is then read no more. */
  followLogStart(): boolean {
    const { state, partition } = this;
    if (state === undefined || state.nextFetchOffset >= partition.logStartOffset) return false;
    state.startAt(partition.logStartOffset);
    this.#watchers.tell();
    return true;
  }

  /** Whoever waits is told; what is being stored may still be, and makes no difference. */
  drop(reason: Refusal): void {
    if (this.#dropped !== undefined) return;
    this.#dropped = reason;
    this.#lockTimer?.cancel();
    this.#options.onDropped();
    this.#watchers.tell();
  }

  async #load(after: Promise<void> | undefined): Promise<void> {
    try {
      if (after !== undefined) await after;
      const stored = await this.#options.persister.read(this.key, this.#leaderEpoch);
      const state = isRefusal(stored) ? told(stored) : await this.#begin(stored);
      if (isRefusal(state)) this.drop(state);
      else this.#state = state;
    } catch (error) {
      this.#options.logger.error({ err: error, ...this.key }, "could not load a share partition");
      this.drop({ error: Errors.UNKNOWN_SERVER_ERROR, message: "" });
    }
    this.#watchers.tell();
  }

  async #begin({ stateEpoch, startOffset, batches }: StoredState): Promise<SharePartition | Refusal> {
    this.#stateEpoch = stateEpoch;
    const reset = this.#options.settings()["share.auto.offset.reset"];
    const start = startOffset === -1 ? await resetOffset(this.partition, reset, this.#options.clock.now()) : startOffset;
    if (typeof start !== "number") return start;
    const isInOrder = batches.every(
      ({ firstOffset, lastOffset }, index) => firstOffset > (batches[index - 1]?.lastOffset ?? start - 1) && lastOffset >= firstOffset,
    );
    if (isInOrder) return new SharePartition(start, batches);
    this.#options.logger.error({ ...this.key, startOffset: start, batches }, "what is stored of a share partition is not in order");
    return { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
  }

  #store(state: SharePartition, transition: Transition, memberId: string): Promise<Refusal | undefined> {
    if (transition.isEmpty) return NOTHING_DONE;
    return new Promise((resolve) => {
      const stored = (refusal: Refusal | undefined): void => {
        state.end(transition, refusal === undefined);
        if (refusal === undefined) this.#tellAll(transition.batches, memberId);
        else this.#expire();
        resolve(refusal);
      };
      this.#enqueue({ batches: transition.batches, stored });
    });
  }

  #tellAll(batches: readonly DeliveredBatch[], memberId: string | undefined): void {
    for (const batch of batches) this.#tell(KINDS[batch.deliveryState] ?? "released", memberId, batch);
  }

  #tell(kind: ShareEvent["kind"], memberId: string | undefined, { firstOffset, lastOffset, deliveryCount }: AcquiredRange): void {
    const { groupId, partition } = this.key;
    this.#options.onEvent({ kind, groupId, topic: this.partition.topic, partition, memberId, firstOffset, lastOffset, deliveryCount });
  }

  #enqueue(storing: Storing): void {
    this.#storing.push(storing);
    this.#stored ??= Promise.resolve().then(() => this.#storeAll());
  }

  async #storeAll(): Promise<void> {
    while (this.#storing.length > 0) {
      const last = this.#storing.findIndex(({ isLast }) => isLast);
      const together = last === -1 ? this.#storing.splice(0) : this.#storing.splice(0, last + 1);
      const refusal = await this.#write(together.flatMap(({ batches }) => batches));
      for (const { stored } of together) stored(refusal);
      this.#watchers.tell();
    }
    this.#stored = undefined;
  }

  async #write(batches: readonly DeliveredBatch[]): Promise<Refusal | undefined> {
    const state = this.#state;
    if (state === undefined) return this.#dropped;
    const { startOffset, deliveryCompleteCount } = state;
    const change = { stateEpoch: this.#stateEpoch, leaderEpoch: this.#leaderEpoch, startOffset, deliveryCompleteCount, batches };
    const refusal = await this.#options.persister.write(this.key, change);
    if (refusal === undefined) return undefined;
    const reason = told({ ...refusal, message: `Error in write state RPC. ${refusal.message}` });
    this.#options.logger.debug({ ...this.key, error: refusal.error }, "the state of a share partition was not stored");
    if (isFencing(refusal.error)) this.drop(reason);
    return reason;
  }

  #expire(): void {
    const { state } = this;
    if (state === undefined) return;
    const { batches, nextMs } = state.expire(this.#options.clock.now(), this.#options.settings()["share.delivery.count.limit"]);
    if (batches.length > 0) {
      this.#tellAll(batches, undefined);
      this.#enqueue({ batches, stored: () => state.endExpiry(), isLast: true });
      this.#watchers.tell();
    }
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    if (nextMs < Number.POSITIVE_INFINITY) this.#lookAt(nextMs);
  }

  /** One timer for all locks: those that are not over when it fires are looked at again. */
  #lookAt(ms: number): void {
    if (ms >= this.#lookAtMs || this.#dropped !== undefined) return;
    this.#lookAtMs = ms;
    this.#lockTimer?.cancel();
    this.#lockTimer = this.#options.clock.after(Math.max(0, ms - this.#options.clock.now()), () => this.#expire());
  }
}

/** What a client is told of what the share coordinator says. */
function told({ error, message }: Refusal): Refusal {
  return { error: toldError(error), message };
}

function toldError(error: ErrorCode): ErrorCode {
  switch (error) {
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      return Errors.COORDINATOR_NOT_AVAILABLE;
    case Errors.FENCED_LEADER_EPOCH:
    case Errors.FENCED_STATE_EPOCH:
      return Errors.NOT_LEADER_OR_FOLLOWER;
    case Errors.GROUP_ID_NOT_FOUND:
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
      return error;
    default:
      return Errors.UNKNOWN_SERVER_ERROR;
  }
}

/** The state is somebody else's by now, or nobody's. */
function isFencing(error: ErrorCode): boolean {
  switch (error) {
    case Errors.FENCED_LEADER_EPOCH:
    case Errors.FENCED_STATE_EPOCH:
    case Errors.GROUP_ID_NOT_FOUND:
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
      return true;
    default:
      return false;
  }
}

/** Nobody has fetched it since this broker leads it. */
export function absent(): Refusal {
  return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "" };
}
