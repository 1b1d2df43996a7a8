// Time, injected: production uses the system clock (system-clock.ts), tests a virtual one (virtual-clock.ts). Nothing else reads the time
// or sets timers.
//
// A deadline that moves often (a session, an idle connection) is kept as a field; its timer looks at the field when it fires and
// sets itself again for the rest. That makes moving a deadline free.

export interface Timer {
  /** Does nothing when the timer has fired or was cancelled. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Runs `action` once, `delayMs` (>= 0) from now; never synchronously. */
  after(delayMs: number, action: () => void): Timer;
  /**
   * Runs `action` once, when everything that is ready now has had its turn: sooner than `after`, which takes a millisecond at least, where
   * that is possible. Absent where time does not pass by itself.
   */
  soon?(action: () => void): Timer;
  /** Milliseconds, with fractions of them, since some moment: for how long work takes. Absent where time does not pass by itself. */
  elapsed?(): number;
}

/** Never set back or forward, as the time of day may be: for deadlines that somebody else's depend on. Stands still while a computer sleeps. */
export function monotonicMs(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

/** When everything that is ready now has had its turn; at once where time does not pass by itself. */
export async function othersTurn(clock: Clock): Promise<void> {
  if (clock.soon !== undefined) await new Promise<void>((resolve) => clock.soon?.(resolve));
}
