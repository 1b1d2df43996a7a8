// The transactions of a log that were aborted, for readers of committed records. Read from the rows when somebody asks for the first time,
// and kept up to date from then on.

import type { AbortedTransaction } from "../storage/partition-log.ts";
import type { AbortedRange, Catalog } from "./catalog.ts";

interface Wanted {
  readonly fromOffset: number;
  readonly untilOffset: number;
  readonly logStartOffset: number;
}

export class AbortedRanges {
  readonly #catalog: Catalog;
  readonly #logId: number;
  /** In the order of their markers; `undefined` until somebody asked. */
  #ranges: AbortedRange[] | undefined;
  #loading: Promise<void> | undefined;
  #generation = 0;
  /** Committed while the rows are read, which may have them already. */
  #later: AbortedRange[] = [];

  constructor(catalog: Catalog, logId: number) {
    this.#catalog = catalog;
    this.#logId = logId;
  }

  /** They were committed. */
  add(ranges: readonly AbortedRange[]): void {
    if (ranges.length === 0) return;
    if (this.#ranges !== undefined) this.#ranges.push(...ranges);
    else if (this.#loading !== undefined) this.#later.push(...ranges);
  }

  /** Those that overlap [fromOffset, untilOffset). */
  overlapping(wanted: Wanted): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
    if (this.#ranges !== undefined) return found(this.#ranges, wanted);
    if (this.#loading === undefined) {
      const loading = this.#load(wanted.logStartOffset).finally(() => {
        if (this.#loading === loading) this.#loading = undefined;
      });
      this.#loading = loading;
    }
    return this.#loading.then(() => found(this.#ranges ?? [], wanted));
  }

  /** Compaction took some away, with their markers: the rows are read anew. */
  forget(): void {
    this.#generation++;
    this.#ranges = undefined;
    this.#loading = undefined;
  }

  async #load(logStartOffset: number): Promise<void> {
    const generation = this.#generation;
    this.#later = [];
    const ranges = [...(await this.#catalog.abortedRanges(this.#logId, logStartOffset))];
    if (generation !== this.#generation) {
      await (this.#loading ?? this.#load(logStartOffset));
      return;
    }
    const lastOffset = ranges.at(-1)?.lastOffset ?? -1;
    this.#ranges = [...ranges, ...this.#later.filter((range) => range.lastOffset > lastOffset)];
  }
}

function found(ranges: readonly AbortedRange[], { fromOffset, untilOffset }: Wanted): AbortedTransaction[] {
  const overlapping: AbortedTransaction[] = [];
  // Those asked for are mostly among the last.
  for (let index = ranges.length - 1; index >= 0; index--) {
    const range = ranges[index];
    if (range === undefined || range.lastOffset < fromOffset) break;
    if (range.firstOffset < untilOffset) overlapping.push({ producerId: range.producerId, firstOffset: range.firstOffset });
  }
  return overlapping.reverse();
}
