// For how long a connection takes up no further request: each that mutes it does so for a time of its own, and it goes on when all are over.

import type { Clock } from "../base/clock.ts";

export interface MutesOptions {
  readonly clock: Clock;
  /** Gives a function that takes the listener back, and says whether it was still there. */
  readonly onClose: (listener: () => void) => () => boolean;
  readonly goOn: () => void;
}

export class Mutes {
  /** How many hold it now, and how many have. */
  count = 0;
  total = 0;
  readonly #options: MutesOptions;

  constructor(options: MutesOptions) {
    this.#options = options;
  }

  /** Gives a function that ends it before its time. */
  mute(ms: number): () => void {
    const { clock, onClose, goOn } = this.#options;
    this.count++;
    this.total++;
    const unmute = () => {
      if (!forget()) return;
      timer.cancel();
      this.count--;
      goOn();
    };
    const forget = onClose(unmute);
    const timer = clock.after(ms, unmute);
    return unmute;
  }
}
