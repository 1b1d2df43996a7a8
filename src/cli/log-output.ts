// A way out for a log, which holds nobody up: what its reader leaves unread waits in memory up to a bound, and lines beyond it are
// dropped, as is what cannot be written at all (the reader is gone, the disk full). How many were lost is told once lines leave again.

/** What is used of a stream; `written` is called when that text has left, or never will. */
export interface Destination {
  readonly writableLength: number;
  write(text: string, written?: (error?: Error | null) => void): unknown;
}

const MOST_WAITING_BYTES = 1024 * 1024;

export class LogOutput {
  readonly #destination: Destination;
  readonly #tellLost: (lines: number) => void;
  #lost = 0;

  /** `tellLost` may write a line about it. */
  constructor(destination: Destination, tellLost: (lines: number) => void) {
    this.#destination = destination;
    this.#tellLost = tellLost;
  }

  write(line: string): void {
    if (this.#destination.writableLength + line.length > MOST_WAITING_BYTES) this.#lost++;
    else this.#destination.write(line, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (error) this.#lost++;
    else if (this.#lost > 0 && this.#destination.writableLength === 0) {
      const lost = this.#lost;
      this.#lost = 0;
      this.#tellLost(lost);
    }
  };
}
