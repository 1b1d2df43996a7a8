// When what was gathered is made an object of. Objects cost by the piece, so there is one for each linger at most, in the long run. Who
// was frugal has saved some up: while few write, what they wrote leaves at once, instead of waiting for others that do not come.

/** How many objects may be saved up. */
const SAVED_OBJECTS = 16;
/** What is sent at once still waits for those who write in the same moment. */
const SHORTEST_WAIT_MS = 2;

export class ObjectPace {
  readonly #lingerMs: () => number;
  /** When, at one object a linger, the next would be due. */
  #dueMs = 0;

  constructor(lingerMs: () => number) {
    this.#lingerMs = lingerMs;
  }

  /** How long what begins to be gathered at `nowMs` waits for more. */
  waitMs(nowMs: number): number {
    const lingerMs = this.#lingerMs();
    const earliestMs = this.#dueMs - SAVED_OBJECTS * lingerMs;
    return Math.min(lingerMs, Math.max(SHORTEST_WAIT_MS, earliestMs - nowMs));
  }

  /** An object was made, for whatever reason. */
  made(nowMs: number): void {
    const lingerMs = this.#lingerMs();
    this.#dueMs = Math.max(this.#dueMs, nowMs) + lingerMs;
  }
}
