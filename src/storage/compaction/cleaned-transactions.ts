// What compaction must know of transactions while it walks a log from front to back (KIP-98): which batches were aborted, and whether a
// marker may go, because nothing of its transaction was met before it.

import { ControlType, readControlBatch } from "../../../protocol/records/control-batch.ts";
import type { RecordBatch } from "../../../protocol/records/record-batch.ts";

/** What an engine keeps of an aborted transaction. */
export interface AbortedEntry {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
}

interface AbortedTransaction<Entry> {
  readonly entry: Entry;
  /** A batch of it is still in the log. */
  wasMet: boolean;
}

export class CleanedTransactions<Entry extends AbortedEntry> {
  /** By first offset, ascending. */
  readonly #aborted: readonly Entry[];
  #nextAborted = 0;
  /** By producer id. */
  readonly #ongoingAborted = new Map<number, AbortedTransaction<Entry>>();
  /** Producer ids. */
  readonly #ongoingCommitted = new Set<number>();

  /** @param aborted every transaction of the range that was aborted, in any order */
  constructor(aborted: Iterable<Entry>) {
    this.#aborted = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset);
  }

  /** `true` when the batch belongs to a transaction that was aborted: its records go. */
  meetData(batch: RecordBatch): boolean {
    this.#enter(batch.lastOffset);
    if (!batch.isTransactional) return false;
    const aborted = this.#ongoingAborted.get(batch.producerId);
    if (aborted === undefined) this.#ongoingCommitted.add(batch.producerId);
    else aborted.wasMet = true;
    return aborted !== undefined;
  }

  /**
   * `canGo`: nothing of the marker's transaction is left. `aborted`: the entry that the index of the compacted segment needs, for as long
   * as something is left; `ended`: the one that nobody needs any more.
   */
  meetControl(batch: RecordBatch): { readonly canGo: boolean; readonly aborted?: Entry; readonly ended?: Entry } {
    this.#enter(batch.lastOffset);
    const { producerId } = batch;
    const type = readControlBatch(batch)?.type;
    if (type === ControlType.ABORT) {
      const transaction = this.#ongoingAborted.get(producerId);
      this.#ongoingAborted.delete(producerId);
      if (transaction === undefined) return { canGo: true };
      return transaction.wasMet ? { canGo: false, aborted: transaction.entry } : { canGo: true, ended: transaction.entry };
    }
    if (type === ControlType.COMMIT) return { canGo: !this.#ongoingCommitted.delete(producerId) };
    // An empty one was compacted before; one of another type is not ours to judge.
    return { canGo: type === undefined };
  }

  /** Transactions that have begun by this offset. */
  #enter(offset: number): void {
    for (;;) {
      const entry = this.#aborted[this.#nextAborted];
      if (entry === undefined || entry.firstOffset > offset) return;
      this.#nextAborted++;
      if (!this.#ongoingAborted.has(entry.producerId)) this.#ongoingAborted.set(entry.producerId, { entry, wasMet: false });
    }
  }
}
