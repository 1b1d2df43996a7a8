// When what was gathered is made an object of. Objects cost by the piece, so there is one for each linger at most, in the long run. Who
// was frugal has saved some up, and while they last nobody waits for a linger: what was gathered leaves when nothing else is under way,
// so that a producer which waits for each of its batches waits for the store and not for others that do not come. A large object uses nothing up.

/** How many objects may be saved up: five minutes' worth of lingers of 250 ms. */
const SAVED_OBJECTS = 1200;
/** Storing an object of this size costs no more than copying it to another zone once does (S3's and EC2's prices: $0.005 for 1000, $0.04 a GB). */
const LARGE_OBJECT_BYTES = 128 * 1024;
/** What is sent at once still waits for those who write in the same moment. */
const SHORTEST_WAIT_MS = 2;

export class ObjectPace {
  readonly #lingerMs: () => number;
  /** When, at one object a linger, the next would be due. */
  #dueMs = 0;

  constructor(lingerMs: () => number) {
    this.#lingerMs = lingerMs;
  }

  /** How long what is gathered from `nowMs` on waits for more. */
  waitMs(nowMs: number, isUnderWay: boolean): number {
    const lingerMs = this.#lingerMs();
    if (isUnderWay) return lingerMs;
    const earliestMs = this.#dueMs - SAVED_OBJECTS * lingerMs;
    return Math.min(lingerMs, Math.max(SHORTEST_WAIT_MS, earliestMs - nowMs));
  }

  /** An object was made, for whatever reason. */
  made(nowMs: number, sizeBytes: number): void {
    const share = Math.max(0, 1 - sizeBytes / LARGE_OBJECT_BYTES);
    this.#dueMs = Math.max(this.#dueMs, nowMs) + share * this.#lingerMs();
  }
}
