// What a client's program writes down itself as it happens, a line of JSON each in a file of its own. All programs of a test read the one
// monotonic clock of the machine, so that the lines of several can be put in order.

import { closeSync, openSync, readSync } from "node:fs";

/** The clock of these logs. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Reads a log as it grows. What every line has in common, such as who wrote it, is given once. */
export class EventLog<Event extends object> {
  readonly events: Event[] = [];
  readonly #path: string;
  readonly #common: Partial<Event>;
  #positionBytes = 0;
  #rest = "";

  constructor(path: string, common: Partial<Event>) {
    this.#path = path;
    this.#common = common;
  }

  /** Takes in what was written since. */
  read(): readonly Event[] {
    const buffer = Buffer.alloc(1 << 16);
    const file = openSync(this.#path, "a+");
    try {
      for (;;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#positionBytes);
        if (length === 0) break;
        this.#positionBytes += length;
        this.#rest += buffer.toString("latin1", 0, length); // Names and numbers: ASCII.
      }
    } finally {
      closeSync(file);
    }
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.events.push({ ...this.#common, ...(JSON.parse(line) as object) } as Event);
    return this.events;
  }
}
