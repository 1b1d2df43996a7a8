// What an operation of a coordinator decides: the records that make it true, and the reply. It has looked at the state and not
// touched it; the shard appends the records, applies them, and only then is anything else done.

import type { ErrorCode } from "../../protocol/errors.ts";

export interface Decision<Record, Reply> {
  /** Appended as one batch; none for an operation that changes nothing which must survive. */
  readonly records: readonly Record[];
  /** The records belong to its open transaction (KIP-98): they are applied as such, and count when its marker comes. */
  readonly producer?: { readonly producerId: number; readonly producerEpoch: number };
  /**
   * Called when the records are appended and applied: changes what is not persisted (timers, who waits for what) and gives the
   * reply, which is held back until the records are committed.
   */
  readonly applied: () => Reply;
  /** Without records of its own, the reply tells of what is stored: it is held back until all of that is committed. */
  readonly tellsStored?: boolean;
  /** Called when the records are committed, before the reply is given. */
  readonly committed?: () => void;
  /** Called when the records were refused by the log or were not committed in time, before the refusal is given. */
  readonly refused?: (error: ErrorCode) => void;
}

/** Nothing to store, and nothing to do but answer. */
export function answer<Reply>(reply: Reply): Decision<never, Reply> {
  return { records: [], applied: () => reply };
}
