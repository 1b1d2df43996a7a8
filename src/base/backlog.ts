// Small pieces of work of which many may come at once. They are done as they come until that has taken a slice of time; what comes then waits
// for its turn, and is done in slices between which others have theirs.

import type { Clock } from "./clock.ts";
import { Slices } from "./slices.ts";

/** Never throws. */
type Work = () => void;

export class Backlog {
  readonly #clock: Clock;
  /** Oldest first, by what it is about. */
  readonly #waiting = new Map<string, Work>();
  #slices: Slices | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What waits about the same subject comes before. */
  add(subject: string, work: Work): void {
    this.finish(subject);
    if (this.#slices === undefined) {
      this.#slices = new Slices(this.#clock);
      void this.#goOn(this.#slices);
    }
    if (this.#waiting.size === 0 && !this.#slices.isOver) work();
    else this.#waiting.set(subject, work);
  }

  /** What waits about the subject is done now. */
  finish(subject: string): void {
    const work = this.#waiting.get(subject);
    this.#waiting.delete(subject);
    work?.();
  }

  finishAll(): void {
    for (const subject of this.#waiting.keys()) this.finish(subject);
  }

  /** What waits is not done. */
  clear(): void {
    this.#waiting.clear();
  }

  async #goOn(slices: Slices): Promise<void> {
    do {
      await slices.next();
      for (const subject of this.#waiting.keys()) {
        this.finish(subject);
        if (slices.isOver) break;
      }
    } while (this.#waiting.size > 0);
    this.#slices = undefined;
  }
}
