// Waits until something happens to any of several partitions, or of what else a fetch waits for. Watchers are told inside an append, and
// many appends may follow within one read turn: what waits is woken once, after the turn.

import type { Clock } from "../base/clock.ts";
import type { Watchable } from "../base/watchers.ts";

export interface WaitOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Ends the wait early; gives a function that takes the listener back. */
  readonly onAbandoned: (listener: () => void) => () => void;
}

/** "moved": something happened to one of them, as an append, or the end of its leadership. "expired": the deadline has passed. "abandoned": nobody waits any more. */
export type WaitOutcome = "moved" | "expired" | "abandoned";

export function waitForAny(watched: readonly Watchable[], { clock, deadlineMs, onAbandoned }: WaitOptions): Promise<WaitOutcome> {
  return new Promise((resolve) => {
    let isWoken = false;
    const wake = (outcome: WaitOutcome) => {
      if (isWoken) return;
      isWoken = true;
      for (const each of watched) each.unwatch(watcher);
      timer.cancel();
      listenNoMore();
      // Resolving settles in a microtask: after the read turn in which the append came.
      resolve(outcome);
    };
    const watcher = { moved: () => wake("moved") };
    const timer = clock.after(Math.max(0, deadlineMs - clock.now()), () => wake("expired"));
    const listenNoMore = onAbandoned(() => wake("abandoned"));
    for (const each of watched) each.watch(watcher);
  });
}
