// Shares of the event loop. A connection takes up requests for a slice of time; what it has left waits until the others had theirs, and
// until sockets were read. However many connections send without waiting, a turn of the loop stays short: somebody who asks one thing is
// answered in the turn in which the request is read.
//
// While the memory of the process is short, everybody waits after each request that he sends, until a turn that comes seldom.

import { type Clock, monotonicMs } from "../base/clock.ts";

/** How long one connection goes on. A read of ordinary requests takes less. */
const SLICE_MS = 2;
/** How long connections that have requests left go on in one turn of the loop, together. */
const TURN_MS = 8;
/** Until the next turn of those that wait, while memory is short. */
const SHORT_TURN_MS = 50;

/** Runs what takes up requests, then writes what they appended. @param nowMs monotonic */
export type Gather = (work: () => void, nowMs: number) => void;

const PLENTY = { isShort: false };

export class Turns {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  /** Slices used up since the last turn, in which sockets were read. */
  #usedMs = 0;
  #isComing = false;
  readonly #memory: { readonly isShort: boolean };

  constructor(clock: Clock, memory: { readonly isShort: boolean } = PLENTY) {
    this.#clock = clock;
    this.#memory = memory;
  }

  /** Whoever was read waits for a turn before he is read again. */
  get isSlowed(): boolean {
    return this.#memory.isShort;
  }

  /** Until when a connection that begins now goes on, in monotonic time; it always takes up one request. */
  sliceEndMs(nowMs = monotonicMs(this.#clock)): number {
    return nowMs + (this.#usedMs < TURN_MS && !this.isSlowed ? SLICE_MS : 0);
  }

  /** For a connection that has used up its slice: `goOn` runs when it is its turn again. */
  takeLater(goOn: () => void): void {
    this.#usedMs += SLICE_MS;
    this.#waiting.push(goOn);
    this.#come();
  }

  #come(): void {
    if (this.#isComing) return;
    this.#isComing = true;
    const turn = () => this.#turn();
    if (this.isSlowed) this.#clock.after(SHORT_TURN_MS, turn);
    else if (this.#clock.soon === undefined) this.#clock.after(0, turn);
    else this.#clock.soon(turn);
  }

  #turn(): void {
    this.#isComing = false;
    this.#usedMs = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    const endMs = monotonicMs(this.#clock) + TURN_MS;
    let count = 0;
    while (count < waiting.length && (count === 0 || monotonicMs(this.#clock) < endMs)) waiting[count++]?.();
    // Those that had their slice come after those that had none.
    this.#waiting = [...waiting.slice(count), ...this.#waiting];
    this.#usedMs = 0;
    if (this.#waiting.length > 0) this.#come();
  }
}
