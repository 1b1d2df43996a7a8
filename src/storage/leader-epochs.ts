// Which leader epoch wrote which offsets of a log (KIP-101): a list of epochs, each with the offset at which it starts. Both grow.
// An epoch without records ends where it started and is dropped when the next one starts there.

export interface LeaderEpochStart {
  readonly leaderEpoch: number;
  readonly startOffset: number;
}

const NONE: LeaderEpochStart = { leaderEpoch: -1, startOffset: -1 };

export class LeaderEpochs {
  #entries: readonly LeaderEpochStart[];

  constructor(entries: readonly LeaderEpochStart[] = []) {
    this.#entries = entries;
  }

  get entries(): readonly LeaderEpochStart[] {
    return this.#entries;
  }

  get latest(): LeaderEpochStart {
    return this.#entries.at(-1) ?? NONE;
  }

  /** Notes that records from `startOffset` on are of this epoch; `false` when it is not newer than the latest, and nothing changed. */
  start(leaderEpoch: number, startOffset: number): boolean {
    if (leaderEpoch <= this.latest.leaderEpoch) return false;
    this.#entries = [...this.#entries.filter((entry) => entry.startOffset < startOffset), { leaderEpoch, startOffset }];
    return true;
  }

  /** The largest known epoch <= `leaderEpoch` and the offset at which the next one starts; for the latest epoch the log's end. */
  endOffsetFor(leaderEpoch: number, logEndOffset: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    const { latest } = this;
    if (leaderEpoch < 0 || leaderEpoch > latest.leaderEpoch) return { leaderEpoch: -1, endOffset: -1 };
    if (leaderEpoch === latest.leaderEpoch) return { leaderEpoch, endOffset: logEndOffset };
    const next = this.#entries.findIndex((entry) => entry.leaderEpoch > leaderEpoch);
    return {
      leaderEpoch: this.#entries[next - 1]?.leaderEpoch ?? leaderEpoch,
      endOffset: this.#entries[next]?.startOffset ?? logEndOffset,
    };
  }

  /** The epoch of the record at an offset; -1 when it is older than what is known. */
  epochAt(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.leaderEpoch ?? -1;
  }

  /** Forgets the epochs of which nothing is left below `endOffset`. */
  truncateFromEnd(endOffset: number): boolean {
    return this.#replace(this.#entries.filter((entry) => entry.startOffset < endOffset));
  }

  /** Forgets the epochs that ended at or before `startOffset`; the one that goes on starts there. */
  truncateFromStart(startOffset: number): boolean {
    const first = this.#entries.findLastIndex((entry) => entry.startOffset <= startOffset);
    const current = this.#entries[first];
    if (current === undefined || (first === 0 && current.startOffset === startOffset)) return false;
    return this.#replace([{ leaderEpoch: current.leaderEpoch, startOffset }, ...this.#entries.slice(first + 1)]);
  }

  #replace(entries: readonly LeaderEpochStart[]): boolean {
    const changed = entries.length !== this.#entries.length || entries[0]?.startOffset !== this.#entries[0]?.startOffset;
    if (changed) this.#entries = entries;
    return changed;
  }
}
