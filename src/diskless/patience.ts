// Whether somebody still waits for something, and who is to know when nobody does. What an AbortSignal is for, at a tenth of its price, which
// would be half of that of a small read.

export class Patience {
  #reason: Error | undefined;
  readonly #listeners = new Set<(reason: Error) => void>();

  /** Why nobody waits any more; undefined while somebody does. */
  get endedBy(): Error | undefined {
    return this.#reason;
  }

  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener(reason);
    this.#listeners.clear();
  }

  /** Called at once where it has ended; gives how not to be told any more. */
  whenEnded(listener: (reason: Error) => void): () => void {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else listener(this.#reason);
    return () => this.#listeners.delete(listener);
  }
}
