// The rows of a log as its leader keeps them: the newest, which it adds to as it commits, and pages of older ones that readers came through.
// What upkeep has put in the place of other rows is not seen here at once: a reader that misses an object has them read anew.

import type { Catalog, Segment } from "./catalog.ts";

const MOST_NEWEST = 512;
/** Of what lies in rows themselves. */
const MOST_INLINE_BYTES = 1024 * 1024;
const PAGE_ROWS = 64;
const MOST_PAGES = 4;

export interface SegmentRowsOptions {
  readonly catalog: Catalog;
  readonly logId: number;
  /** As of OpenedLog. */
  readonly newest: readonly Segment[];
}

export class SegmentRows {
  readonly #catalog: Catalog;
  readonly #logId: number;
  /** They touch, up to the end. */
  #newest: Segment[];
  #inlineBytes = 0;
  /** The one used last is last. */
  #pages: (readonly Segment[])[] = [];
  readonly #loading = new Map<number, Promise<Segment | undefined>>();
  #generation = 0;

  constructor({ catalog, logId, newest }: SegmentRowsOptions) {
    this.#catalog = catalog;
    this.#logId = logId;
    this.#newest = [...newest];
    for (const segment of newest) this.#inlineBytes += inlineBytesOf(segment);
  }

  /** Another one as soon as rows were found to be others: what was read by those before is not to be mixed with what is known by these. */
  get generation(): number {
    return this.#generation;
  }

  add(segment: Segment): void {
    this.#newest.push(segment);
    this.#inlineBytes += inlineBytesOf(segment);
    let gone = 0;
    while (this.#newest.length - gone > MOST_NEWEST || this.#inlineBytes > MOST_INLINE_BYTES) {
      const oldest = this.#newest[gone++];
      if (oldest === undefined || gone === this.#newest.length) break;
      this.#inlineBytes -= inlineBytesOf(oldest);
    }
    if (gone > 0) this.#newest = this.#newest.slice(gone);
  }

  /** The one that holds the offset, or the first behind it; `undefined` at the end. A promise where rows must be read. */
  at(offset: number): Segment | undefined | Promise<Segment | undefined> {
    const [first] = this.#newest;
    if (first !== undefined && offset >= first.baseOffset) return segmentIn(this.#newest, offset);
    const page = this.#pages.find(
      (rows) => rows[0] !== undefined && offset >= rows[0].baseOffset && offset < (rows.at(-1)?.endOffset ?? 0),
    );
    if (page !== undefined) return segmentIn(page, offset);
    const loading = this.#loading.get(offset);
    if (loading !== undefined) return loading;
    const begun = this.#load(offset).finally(() => {
      if (this.#loading.get(offset) === begun) this.#loading.delete(offset);
    });
    this.#loading.set(offset, begun);
    return begun;
  }

  async #load(offset: number): Promise<Segment | undefined> {
    const generation = this.#generation;
    const rows = await this.#catalog.segments(this.#logId, offset, PAGE_ROWS);
    if (rows.length === 0) return undefined;
    if (generation === this.#generation) this.#pages = [...this.#pages.slice(1 - MOST_PAGES), rows];
    return segmentIn(rows, offset);
  }

  /** Rows are others by now: all are read anew. */
  forget(): void {
    this.#generation++;
    this.#loading.clear();
    this.#pages = [];
    this.#newest = [];
    this.#inlineBytes = 0;
  }

  /** The log begins later. */
  dropBefore(offset: number): void {
    this.#pages = [];
    const first = this.#newest.findIndex(({ endOffset }) => endOffset > offset);
    this.#newest = first === -1 ? [] : this.#newest.slice(first);
  }
}

function segmentIn(rows: readonly Segment[], offset: number): Segment | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.endOffset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return rows[low];
}

function inlineBytesOf({ place }: Segment): number {
  return place.kind === "inline" ? place.bytes.length : 0;
}
