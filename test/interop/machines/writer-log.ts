// What a writer tells of its calls: each with when it began (`sinceUs`), when it was over (`atUs`), and what came of it. Values are
// "<writer>:<number>", those of transactions "<writer>:<number>:<part>"; no value is sent twice.

import type { Place } from "../member-log.ts";

export type WriterEvent = { readonly writer: string; readonly atUs: number } & (
  | { readonly event: "sent"; readonly sinceUs: number; readonly place: Place; readonly offset: number; readonly value: string }
  | {
      /** Given up by the client: it may be there or not. */ readonly event: "unsent";
      readonly sinceUs: number;
      readonly place: Place;
      readonly value: string;
      readonly error: string;
    }
  | {
      readonly event: "transaction";
      readonly sinceUs: number;
      readonly number: number;
      readonly outcome: TransactionOutcome;
      readonly records: readonly (readonly [place: Place, value: string])[];
      readonly error?: string;
    }
  | { /** The client copes with it. */ readonly event: "error"; readonly error: string }
  | { /** Ended in order. */ readonly event: "left" }
  | { /** The client cannot go on. */ readonly event: "failed"; readonly error: string }
);

/** Aborted: also where its end was never asked for, so that it cannot take effect. Unknown: asked to commit, and told neither yes nor no. */
export type TransactionOutcome = "committed" | "aborted" | "unknown";
