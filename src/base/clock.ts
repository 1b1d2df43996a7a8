// Time, injected: production uses the system clock, tests a virtual one. Nothing else reads the time or sets timers.
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
   * Runs `action` once, when everything that is ready now has had its turn: sooner than `after`, which takes a millisecond at least. The
   * process lives until then. Absent where time does not pass by itself.
   */
  soon?(action: () => void): Timer;
}

/** Longest delay that Node's timers take. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Timers do not keep the process alive: sockets do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, Math.min(delayMs, LONGEST_DELAY_MS)).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  soon(action) {
    const handle = setImmediate(action);
    return { cancel: () => clearImmediate(handle) };
  },
};
