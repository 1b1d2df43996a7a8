// How many connections the listeners that share it may have together: descriptors are to be left for files.

/** So many need no look at the limit, which takes time. */
const FEW_CONNECTIONS = 32;

export class ConnectionBudget {
  readonly #limitOf: () => number;
  #limit: number | undefined;
  #count = 0;

  /** @param limitOf asked once, when there are more than a few connections */
  constructor(limitOf: () => number) {
    this.#limitOf = limitOf;
  }

  get limit(): number {
    this.#limit ??= Math.max(FEW_CONNECTIONS, this.#limitOf());
    return this.#limit;
  }

  get isSpent(): boolean {
    return this.#count >= FEW_CONNECTIONS && this.#count >= this.limit;
  }

  take(): void {
    this.#count++;
  }

  giveBack(): void {
    this.#count--;
  }
}
