// How far the delivery of a record, or of several that share a fate, has come (KIP-932).
//
//                 acquired                      accepted
//   AVAILABLE ───────────────▶ ACQUIRED ─────────────────────▶ ACKNOWLEDGED
//       ▲                      │  │  │
//       └── released, expired ─┘  │  └── rejected, a gap, or released or expired at the limit ──▶ ARCHIVED
//                                 └── renewed: stays
//
// What a member asks for holds only once it is stored: in between the delivery is in transition, can neither be acquired nor acknowledged, and
// goes back to being acquired by the same member when storing fails.

import { assert } from "../base/assert.ts";

/** The numbers with which states are stored. */
export const DeliveryState = { AVAILABLE: 0, ACQUIRED: 1, ACKNOWLEDGED: 2, ARCHIVED: 4 } as const;
export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

const NOBODY = "";
const NEVER = Number.POSITIVE_INFINITY;

export class Delivery {
  #state: DeliveryState;
  #count: number;
  #owner = NOBODY;
  #lockedUntilMs = NEVER;
  /** Who had it before a transition, and has it again when that fails. */
  #previousOwner: string | undefined;

  constructor(state: DeliveryState, count: number) {
    this.#state = state;
    this.#count = count;
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /** How often it was delivered, the present delivery included. */
  get count(): number {
    return this.#count;
  }

  /** The id of the member that has it; empty when nobody does. */
  get owner(): string {
    return this.#owner;
  }

  get isInTransition(): boolean {
    return this.#previousOwner !== undefined;
  }

  get isAvailable(): boolean {
    return this.#state === DeliveryState.AVAILABLE && this.#previousOwner === undefined;
  }

  /** Of what is in transition it is not known. */
  get isAcquired(): boolean {
    return this.#state === DeliveryState.ACQUIRED;
  }

  /** Nothing will come of it any more, as far as is decided. */
  get isDone(): boolean {
    return this.#state === DeliveryState.ACKNOWLEDGED || this.#state === DeliveryState.ARCHIVED;
  }

  /** When the lock is over; infinity unless it is acquired. */
  get lockedUntilMs(): number {
    return this.isAcquired ? this.#lockedUntilMs : NEVER;
  }

  /** The same for another record. */
  copy(): Delivery {
    assert(this.#previousOwner === undefined, "what is in transition is not divided");
    const copy = new Delivery(this.#state, this.#count);
    copy.#owner = this.#owner;
    copy.#lockedUntilMs = this.#lockedUntilMs;
    return copy;
  }

  acquire(owner: string, lockedUntilMs: number): void {
    assert(this.isAvailable, "only what is available is acquired");
    this.#state = DeliveryState.ACQUIRED;
    this.#count++;
    this.#owner = owner;
    this.#lockedUntilMs = lockedUntilMs;
  }

  renew(lockedUntilMs: number): void {
    this.#lockedUntilMs = lockedUntilMs;
  }

  /** The lock is over now. */
  cutLock(nowMs: number): void {
    this.#lockedUntilMs = Math.min(this.#lockedUntilMs, nowMs);
  }

  /** Begins a transition. */
  begin(state: DeliveryState): void {
    assert(this.isAcquired && this.#previousOwner === undefined, "only what is acquired is acknowledged or released");
    this.#previousOwner = this.#owner;
    this.#state = state;
    this.#owner = NOBODY;
  }

  /** Ends a transition. */
  end(isStored: boolean): void {
    assert(this.#previousOwner !== undefined, "what ends has begun");
    if (!isStored) {
      this.#state = DeliveryState.ACQUIRED;
      this.#owner = this.#previousOwner;
    }
    this.#previousOwner = undefined;
  }

  /** Decided without waiting for the state to be stored. */
  become(state: DeliveryState): void {
    assert(this.#previousOwner === undefined, "what is in transition is left alone");
    this.#state = state;
    this.#owner = NOBODY;
  }
}
