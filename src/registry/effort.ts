// How much may be done at once for a schema that somebody sent. What takes more keeps everybody else waiting, since it is done in one go: it is refused.

import { othersTurn } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { InvalidSchema } from "./format.ts";

/** Of comparing two schemas, or of finding the names in one: some tens of milliseconds. */
const MOST_STEPS = 60_000;

export class Effort {
  #left = MOST_STEPS;

  /** Throws `InvalidSchema` when it is too much. */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw new InvalidSchema("The schema is too intricate to be looked at in one go");
  }
}

/** Steps of texts that have less take no time to speak of. */
const SHORT_CHARACTERS = 16 * 1024;

/** Between the steps of what is done with a text: everybody else has a turn, where it is long. */
export function pause(text: string): Promise<void> | undefined {
  return text.length < SHORT_CHARACTERS ? undefined : othersTurn(systemClock);
}
