// What the runtime asks of a coordinator: a state that is rebuilt by replaying records, and a codec for them.

import type { ErrorCode } from "../../protocol/errors.ts";

/** Where a record is in the log. */
export interface RecordOrigin {
  readonly offset: number;
  /** -1 unless the record belongs to a transaction, whose marker decides about it. */
  readonly producerId: number;
}

export interface CoordinatorState<Record> {
  /** Applies one record; the same at load and after an append. */
  replay(record: Record, origin: RecordOrigin): void;
  /** A transaction has ended in this partition (KIP-98). */
  endTransaction(producerId: number, isCommit: boolean): void;
  /** Everything is replayed; sessions and other timers start now. */
  loaded(): void;
  /** The partition is led elsewhere from now on: whoever waits is answered `error`, timers stop. */
  unloaded(error: ErrorCode): void;
}

export interface RecordCodec<Record> {
  encode(record: Record): { readonly key: Buffer; readonly value: Buffer | null };
  /** `undefined` for a type that this version does not know: it is skipped, as Kafka does. Throws MalformedMessage. */
  decode(key: Buffer, value: Buffer | null): Record | undefined;
}
