// Keeps the process within odradek.max.memory.bytes. What has a bound of its own has a share of it (config/memory-shares.ts); what has none, since
// clients asked the broker to know it, and what is garbage is seen only in what the system says that the process takes. While that is nearly
// all, garbage is collected, and clients are slowed down: a connection is read a little, then waits (turns.ts), and answers that are held
// may be few. Nobody is refused for it, and nothing is given up.
//
//   free ──90 % taken──▶ short ──85 % or less──▶ free

import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";

const LOOK_MS = 100;
const SHORT_SHARE = 0.9;
const FREE_SHARE = 0.85;
/** Between two collections, which take time; twice as long after each that did not help. */
const COLLECT_MS = 1000;
const LONGEST_COLLECT_MS = 30_000;
const SAY_MS = 60_000;
/** Of what answers may take, while memory is short. */
const SHORT_ANSWERS = 1 / 4;

export interface MemoryBoundOptions {
  /** `null`: there is none. */
  readonly limitBytes: number | null;
  /** What the system says that the process takes, all threads together. */
  readonly residentBytes: () => number;
  readonly collectGarbage: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class MemoryBound {
  readonly #options: MemoryBoundOptions;
  #isShort = false;
  #timer: Timer | undefined;
  #collectMs = COLLECT_MS;
  #nextCollectMs = 0;
  #nextSayMs = 0;

  constructor(options: MemoryBoundOptions) {
    this.#options = options;
    if (options.limitBytes === null) return;
    options.logger.info({ limitBytes: options.limitBytes }, "the memory of the process is bounded");
    this.#lookLater();
  }

  /** Whoever makes work waits longer for his turn. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** What is left of a bound for answers. */
  answerBytes(limitBytes: number): number {
    return this.#isShort ? limitBytes * SHORT_ANSWERS : limitBytes;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const { limitBytes, residentBytes, collectGarbage, clock, logger } = this.#options;
    const mostBytes = (limitBytes ?? 0) * (this.#isShort ? FREE_SHARE : SHORT_SHARE);
    const nowMs = clock.now();
    if (residentBytes() > mostBytes && nowMs >= this.#nextCollectMs) {
      collectGarbage();
      this.#nextCollectMs = nowMs + this.#collectMs;
      this.#collectMs = Math.min(LONGEST_COLLECT_MS, this.#collectMs * 2);
    }
    const takenBytes = residentBytes();
    const wasShort = this.#isShort;
    this.#isShort = takenBytes > mostBytes;
    if (this.#isShort && nowMs >= this.#nextSayMs) {
      this.#nextSayMs = nowMs + SAY_MS;
      logger.warn({ takenBytes, limitBytes }, "memory is nearly used up: clients are slowed down");
    }
    if (!this.#isShort) {
      this.#collectMs = COLLECT_MS;
      if (wasShort) logger.info({ takenBytes, limitBytes }, "there is memory again");
    }
    this.#lookLater();
  }
}
