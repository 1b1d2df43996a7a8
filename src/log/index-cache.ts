// Bounds the memory of loaded indexes over all logs: those used longest ago are written out and dropped.

import type { Logger } from "../base/logger.ts";

export interface LoadedIndexes {
  readonly indexBytes: number;
  /** Writes what is not in the files yet, then frees the memory. Calls `forget`. */
  releaseIndexes(): void;
}

export class IndexCache {
  readonly #budgetBytes: number;
  readonly #logger: Logger;
  /** Sizes, in the order of last use. */
  readonly #loaded = new Map<LoadedIndexes, number>();
  #latest: LoadedIndexes | undefined;
  #usedBytes = 0;

  constructor(budgetBytes: number, logger: Logger) {
    this.#budgetBytes = budgetBytes;
    this.#logger = logger;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Called on every use. */
  touch(indexes: LoadedIndexes): void {
    const { indexBytes } = indexes;
    const known = this.#loaded.get(indexes) ?? 0;
    if (indexes === this.#latest && indexBytes === known) return;
    this.#usedBytes += indexBytes - known;
    this.#loaded.delete(indexes);
    this.#loaded.set(indexes, indexBytes);
    this.#latest = indexes;
    if (this.#usedBytes > this.#budgetBytes) this.#releaseOldest();
  }

  forget(indexes: LoadedIndexes): void {
    this.#usedBytes -= this.#loaded.get(indexes) ?? 0;
    this.#loaded.delete(indexes);
    if (this.#latest === indexes) this.#latest = undefined;
  }

  #releaseOldest(): void {
    for (const indexes of this.#loaded.keys()) {
      if (this.#usedBytes <= this.#budgetBytes || indexes === this.#latest) return;
      try {
        indexes.releaseIndexes();
      } catch (error) {
        // Nothing is lost: they stay in memory and are tried again, and a start makes missing ones anew.
        this.#logger.warn({ err: error }, "could not write an index");
        return;
      }
    }
  }
}
