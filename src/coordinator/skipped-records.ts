// The records that a coordinator passed over when it loaded its partition: how many, and of the first few where they are and why.

/** Whoever wants to know more of them looks into the log. */
const MOST_TOLD = 10;

export class SkippedRecords {
  readonly #told: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** "17: its type is not known to this version", by offsets. */
  get told(): readonly string[] {
    return this.#told;
  }

  add(offset: number, reason: string): void {
    this.#count++;
    if (this.#told.length < MOST_TOLD) this.#told.push(`${offset}: ${reason}`);
  }
}
