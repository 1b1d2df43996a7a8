// THE SEAM, part three: the cluster's metadata as a journal of changes. The store orders and keeps changes; what they mean is
// src/cluster's business, which folds them into an immutable image. Brokers learn of the cluster only through it.

/** Hears of a unit before those who subscribed do; they wait for it. */
export type ComingListener<Change> = (changes: readonly Change[]) => Promise<void>;

export interface MetadataStore<Change> {
  /** Every change so far, in order (or an equivalent shorter history). */
  load(): Promise<readonly Change[]>;
  /**
   * Appends changes as one unit, durable when the promise resolves. `expectedVersion` is the number of units that the caller
   * has seen; `false` when others came in between and nothing was stored: look again and decide anew.
   */
  commit(changes: readonly Change[], expectedVersion: number): Promise<boolean>;
  /** Units seen so far by this store. */
  readonly version: number;
  /** Called with every committed unit in order, also with one's own, before `commit` resolves. Gives a function that ends it. */
  subscribe(listener: (changes: readonly Change[], version: number) => void): () => void;
  /**
   * Where brokers share their storage but no open logs: called with every committed unit that may move leaderships, before the subscribers of
   * any broker are. The unit is applied when all these listeners are done. Gives a function that ends it.
   */
  subscribeToComing?(listener: ComingListener<Change>): () => void;
  /** Where others commit to the same store: resolves when all that there was when it was called is applied. Rejects with StorageError. */
  look?(): Promise<void>;
  close(): Promise<void>;
}
