// Keeps the lease of this broker: claims it, renews it, and knows at any moment whether it is held. The database counts the lease from when
// it wrote it, this broker from before it asked for that, and ends it a little earlier: so it takes it for over before anybody else does.
//
// Nobody sets a flag when it is over: a process that slept would set it too late. Who wants to know looks, and each look compares the clock.
// A timer only tells that it has lapsed, for those who wait and would not look.
// The monotonic clock stands still while a computer sleeps, so where the time of day went further than it, the lease is over until the next
// renewal; a time of day that was put forward costs as much.

import { type Clock, monotonicMs, type Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Claimant, Incarnation, Leases, LeaseView } from "../diskless/leases.ts";

export interface LeaseKeeperOptions {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Logger;
  /** broker.session.timeout.ms */
  readonly ttlMs: number;
  /** broker.heartbeat.interval.ms */
  readonly intervalMs: number;
}

export interface LeaseListener {
  /** With the lapsed leases of others. */
  renewed(lapsed: readonly LeaseView[]): void;
  /** It has lapsed, and nobody ended it yet; it may be held again. */
  lapsed(): void;
  /** By a fence or by another claim of the id. Called once, and nothing else is called afterwards. */
  ended(): void;
}

/** The longest that an answer may take from the last look at the lease to the client, and clocks differ by in the time of a lease. */
const LONGEST_MARGIN_MS = 1000;
const MARGIN_SHARE = 1 / 8;
const LONGEST_SLEEP_MS = 1000;
const LONGEST_RETRY_MS = 500;

/** A moment on both clocks. */
interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export class LeaseKeeper {
  readonly incarnation: Incarnation;
  readonly #options: LeaseKeeperOptions;
  /** When the last renewal that counted was sent. */
  #renewedAt: Moment;
  /** Since when no renewal has failed and none came too late. */
  #steadySinceMs: number | undefined;
  #listener: LeaseListener | undefined;
  /** `undefined` while a renewal is under way. */
  #timer: Timer | undefined;
  #dueMs = 0;
  #lapseTimer: Timer | undefined;
  #failingSinceMs: number | undefined;
  #hasEnded = false;
  #isClosed = false;

  private constructor(options: LeaseKeeperOptions, incarnation: Incarnation, claimedAt: Moment) {
    this.#options = options;
    this.incarnation = incarnation;
    this.#renewedAt = claimedAt;
    this.#steadySinceMs = claimedAt.monotonicMs;
  }

  /** Without an id one is given out. Rejects with StorageError. */
  static async claim(options: LeaseKeeperOptions, claimant: Claimant): Promise<LeaseKeeper> {
    const claimedAt = momentOf(options.clock);
    const incarnation = await options.leases.claim(claimant, options.ttlMs);
    const keeper = new LeaseKeeper(options, incarnation, claimedAt);
    keeper.#renewLater(options.intervalMs);
    keeper.#lapseLater();
    return keeper;
  }

  /** Whether this broker may serve at this moment. */
  get isHeld(): boolean {
    const { clock } = this.#options;
    if (this.#hasEnded || this.#isClosed) return false;
    const passedMs = monotonicMs(clock) - this.#renewedAt.monotonicMs;
    const passedByWallMs = clock.now() - this.#renewedAt.wallMs;
    return passedMs < this.#heldMs && passedByWallMs - passedMs <= LONGEST_SLEEP_MS;
  }

  /** From a renewal on. */
  get #heldMs(): number {
    const { ttlMs } = this.#options;
    return ttlMs - Math.min(LONGEST_MARGIN_MS, ttlMs * MARGIN_SHARE);
  }

  /** It was ended, and will never be held again. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Whether leases of others that lapsed may be ended: after the database was away, everybody's have lapsed, and who comes back first must not
   * end those of all others. So it takes a lease held for its full time without a failure.
   */
  get mayFence(): boolean {
    if (!this.isHeld || this.#steadySinceMs === undefined) return false;
    return this.#renewedAt.monotonicMs - this.#steadySinceMs >= this.#options.ttlMs;
  }

  /** One listener; what happened before is told at once. */
  follow(listener: LeaseListener): void {
    this.#listener = listener;
    if (this.#hasEnded) listener.ended();
  }

  /** Looks for lapsed leases then, if it would not before: a renewal tells of them. */
  renewWithin(delayMs: number): void {
    if (this.#timer === undefined || this.#isClosed || this.#hasEnded) return;
    const dueMs = monotonicMs(this.#options.clock) + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#timer.cancel();
    this.#renewLater(delayMs);
  }

  /** Somebody else was told first that the lease was ended. */
  ended(): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#lapseTimer?.cancel();
    this.#listener?.ended();
  }

  /** Gives the lease back. It lapses by itself where that cannot be told. */
  async release(): Promise<void> {
    this.close();
    if (!this.#hasEnded) await this.#options.leases.release(this.incarnation);
  }

  /** It is not renewed any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#lapseTimer?.cancel();
  }

  #lapseLater(): void {
    const { clock } = this.#options;
    this.#lapseTimer?.cancel();
    const delayMs = this.#renewedAt.monotonicMs + this.#heldMs - monotonicMs(clock);
    this.#lapseTimer = clock.after(Math.max(0, Math.ceil(delayMs)), () => this.#listener?.lapsed());
  }

  #renewLater(delayMs: number): void {
    this.#dueMs = monotonicMs(this.#options.clock) + delayMs;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { leases, clock, logger, ttlMs, intervalMs } = this.#options;
    const sentAt = momentOf(clock);
    const wasHeld = this.isHeld;
    try {
      const { isHeld, lapsed } = await leases.renew(this.incarnation, ttlMs);
      if (this.#isClosed || this.#hasEnded) return;
      if (!isHeld) return this.ended();
      if (!wasHeld) {
        const passedMs = Math.round(sentAt.monotonicMs - this.#renewedAt.monotonicMs);
        const passedByWallMs = sentAt.wallMs - this.#renewedAt.wallMs;
        logger.warn({ incarnation: this.incarnation.number, passedMs, passedByWallMs }, "answered nobody until the lease was renewed");
        this.#steadySinceMs = undefined;
      }
      this.#renewedAt = sentAt;
      this.#lapseLater();
      this.#steadySinceMs ??= sentAt.monotonicMs;
      this.#worked();
      this.#renewLater(Math.max(0, intervalMs - (monotonicMs(clock) - sentAt.monotonicMs)));
      this.#listener?.renewed(lapsed);
    } catch (error) {
      if (this.#isClosed || this.#hasEnded) return;
      this.#steadySinceMs = undefined;
      this.#failed(error);
      this.#renewLater(Math.min(LONGEST_RETRY_MS, intervalMs));
    }
  }

  #failed(error: unknown): void {
    const { clock, logger } = this.#options;
    if (this.#failingSinceMs !== undefined) return;
    this.#failingSinceMs = monotonicMs(clock);
    logger.warn({ err: error, incarnation: this.incarnation.number }, "could not renew the lease of this broker");
  }

  #worked(): void {
    const { clock, logger } = this.#options;
    if (this.#failingSinceMs === undefined) return;
    const afterMs = Math.round(monotonicMs(clock) - this.#failingSinceMs);
    this.#failingSinceMs = undefined;
    logger.info({ incarnation: this.incarnation.number, afterMs }, "renewed the lease of this broker again");
  }
}

function momentOf(clock: Clock): Moment {
  return { monotonicMs: monotonicMs(clock), wallMs: clock.now() };
}
