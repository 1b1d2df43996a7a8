// Who waits until a partition is committed up to some offset. There may be thousands while storage takes its time, nearly always in the order
// of their offsets; who waits for the same offset has the same place.

import type { Clock } from "../base/clock.ts";

/** "resigned": this broker is not the leader any more, and does not know. "gaveUp": who waited did not want to wait any longer. */
export type CommitOutcome = "committed" | "resigned" | "gaveUp";

export interface CommitWait {
  /** Never rejects. */
  readonly outcome: Promise<CommitOutcome>;
  giveUp(): void;
}

/** As `wait` has it, and "gaveUp" after so long. */
export async function outcomeWithin(wait: CommitWait, timeoutMs: number, clock: Clock): Promise<CommitOutcome> {
  const timer = clock.after(timeoutMs, () => wait.giveUp());
  const outcome = await wait.outcome;
  timer.cancel();
  return outcome;
}

interface Place {
  readonly offset: number;
  readonly waiting: Set<(outcome: CommitOutcome) => void>;
}

export class CommitWaits {
  /** By offset, ascending. */
  #places: Place[] = [];

  /** Until everything below the offset is committed. */
  until(offset: number): CommitWait {
    const { waiting } = this.#placeOf(offset);
    const { promise, resolve } = Promise.withResolvers<CommitOutcome>();
    waiting.add(resolve);
    const giveUp = () => {
      if (waiting.delete(resolve)) resolve("gaveUp");
    };
    return { outcome: promise, giveUp };
  }

  #placeOf(offset: number): Place {
    let index = this.#places.length;
    for (; index > 0; index--) {
      const place = this.#places[index - 1];
      if (place?.offset === offset) return place;
      if (place === undefined || place.offset < offset) break;
    }
    const place = { offset, waiting: new Set<(outcome: CommitOutcome) => void>() };
    this.#places.splice(index, 0, place);
    return place;
  }

  committed(highWatermark: number): void {
    let count = 0;
    for (const { offset } of this.#places) {
      if (offset > highWatermark) break;
      count++;
    }
    if (count > 0) this.#end(this.#places.splice(0, count), "committed");
  }

  resigned(): void {
    this.#end(this.#places.splice(0), "resigned");
  }

  #end(places: readonly Place[], outcome: CommitOutcome): void {
    for (const { waiting } of places) {
      for (const resolve of waiting) resolve(outcome);
      waiting.clear();
    }
  }
}
