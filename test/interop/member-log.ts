// What a member of a group writes down itself as it happens, a line of JSON each in a file of its own. All programs of a test read the one
// monotonic clock of the machine, so that the lines of several members can be put in order. What is done to a member from outside, the
// test adds: a member that is killed or stopped cannot say so.

import { closeSync, openSync, readSync } from "node:fs";

/** A partition as "<topic>/<number>". */
export type Place = string;
/** By partition, the next offset to read. */
export type Offsets = Readonly<Record<Place, number>>;

export type MemberEvent = { readonly member: string; readonly atUs: number } & (
  | { /** The callback begins. */ readonly event: "assigned"; readonly places: readonly Place[] }
  | { /** The callback ends, after what it has committed. */ readonly event: "revoked" | "lost"; readonly places: readonly Place[] }
  | { readonly event: "consumed"; readonly place: Place; readonly offset: number }
  | { /** The answer has come, to what was asked then. */ readonly event: "committed"; readonly sinceUs: number; readonly offsets: Offsets }
  | { readonly event: "refused"; readonly offsets: Offsets; readonly error: string }
  | { /** Has consumed, and neither polls nor commits. */ readonly event: "held" }
  | { /** Ended in order. */ readonly event: "left" }
  | { /** The client copes with it. */ readonly event: "error"; readonly error: string }
  | { /** The client cannot go on. */ readonly event: "failed"; readonly error: string }
  | { /** By the test: its process is no more, or runs no more, or runs again. */ readonly event: "killed" | "stopped" | "continued" }
);

/** The clock of members' logs. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Reads a log as it grows. */
export class MemberLog {
  readonly events: MemberEvent[] = [];
  readonly #path: string;
  readonly #member: string;
  #positionBytes = 0;
  #rest = "";

  constructor(path: string, member: string) {
    this.#path = path;
    this.#member = member;
  }

  /** Takes in what was written since. */
  read(): readonly MemberEvent[] {
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
    for (const line of lines) this.events.push({ member: this.#member, ...(JSON.parse(line) as object) } as MemberEvent);
    return this.events;
  }

  /** What the test knows better than the member. */
  add(event: "killed" | "stopped" | "continued", atUs = nowUs()): void {
    this.read();
    this.events.push({ member: this.#member, atUs, event });
  }
}
