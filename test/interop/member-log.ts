// What a member of a group writes into its log (event-log.ts). What is done to a member from outside, the test adds: a member that is killed
// or stopped cannot say so.

import { EventLog, nowUs } from "./event-log.ts";

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

export class MemberLog extends EventLog<MemberEvent> {
  readonly #member: string;

  constructor(path: string, member: string) {
    super(path, { member });
    this.#member = member;
  }

  /** What the test knows better than the member. It comes after all that the member has written. */
  add(event: "killed" | "stopped" | "continued", atUs = nowUs()): void {
    const lastUs = this.read().at(-1)?.atUs ?? 0;
    this.events.push({ member: this.#member, atUs: Math.max(atUs, lastUs), event });
  }
}
