// Appends of one read turn are written together: one system call for each log instead of one for each batch, which costs several times
// as much where batches are small.

/** A log that holds batches which are not in its file yet. */
export interface GatheringLog {
  /** Brings them there; what fails is told to those who appended. */
  writeGathered(): void;
}

export class GatheredWrites {
  #depth = 0;
  #turn = 0;
  #logs: GatheringLog[] = [];

  /** Whether what is appended now may be written later in this turn. */
  get isGathering(): boolean {
    return this.#depth > 0;
  }

  /** The number of the turn; grows. */
  get turn(): number {
    return this.#turn;
  }

  /** To be written when the turn ends; once for each log and turn. */
  add(log: GatheringLog): void {
    this.#logs.push(log);
  }

  /** Runs `work`, then writes what it appended. */
  gather(work: () => void): void {
    if (this.#depth++ === 0) this.#turn++;
    try {
      work();
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.write();
    }
  }

  write(): void {
    if (this.#logs.length === 0) return;
    const logs = this.#logs;
    this.#logs = [];
    for (const log of logs) log.writeGathered();
  }
}
