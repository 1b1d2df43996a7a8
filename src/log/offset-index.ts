// Where batches are in a segment's file: for about every 4096 bytes an entry of the last offset of a batch, relative to the segment's
// first, and the batch's position. A look-up finds the nearest entry at or before an offset; from there batches are walked.

import { fixedLayout, int32 } from "../../protocol/wire/layout.ts";
import type { Filesystem } from "../base/filesystem.ts";
import { floorIndex, type IndexTable } from "./index-table.ts";

const entry = fixedLayout({ relativeOffset: int32, position: int32 });
const { relativeOffset, position } = entry.fields;

export const OFFSET_INDEX_ENTRY_BYTES = entry.sizeBytes;

/** Of the last entry of a file that need not be loaded for it; `undefined` when there is none. */
export function readLastPosition(filesystem: Filesystem, path: string): number | undefined {
  const sizeBytes = filesystem.stat(path)?.sizeBytes ?? 0;
  if (sizeBytes === 0 || sizeBytes % OFFSET_INDEX_ENTRY_BYTES !== 0) return undefined;
  const last = Buffer.alloc(OFFSET_INDEX_ENTRY_BYTES);
  const file = filesystem.open(path, "read");
  try {
    file.read(last, sizeBytes - OFFSET_INDEX_ENTRY_BYTES);
  } finally {
    file.close();
  }
  return position.read(last, 0);
}

export interface IndexedBatch {
  readonly lastOffset: number;
  readonly position: number;
}

export class OffsetIndex {
  readonly #table: IndexTable;
  readonly #baseOffset: number;

  constructor(table: IndexTable, baseOffset: number) {
    this.#table = table;
    this.#baseOffset = baseOffset;
  }

  get count(): number {
    return this.#table.count;
  }

  #at(index: number): IndexedBatch {
    const { entries } = this.#table;
    const at = index * OFFSET_INDEX_ENTRY_BYTES;
    return { lastOffset: this.#baseOffset + relativeOffset.read(entries, at), position: position.read(entries, at) };
  }

  /** The entry for the batch that ends last among those ending at or before `offset`. */
  floor(offset: number): IndexedBatch | undefined {
    const index = this.#floorIndex(offset);
    return index === -1 ? undefined : this.#at(index);
  }

  /** Its position alone; 0, where the segment starts, without one. */
  floorPosition(offset: number): number {
    const index = this.#floorIndex(offset);
    return index === -1 ? 0 : position.read(this.#table.entries, index * OFFSET_INDEX_ENTRY_BYTES);
  }

  #floorIndex(offset: number): number {
    const { entries, count } = this.#table;
    return floorIndex(count, offset - this.#baseOffset, (index) => relativeOffset.read(entries, index * OFFSET_INDEX_ENTRY_BYTES));
  }

  append(batch: IndexedBatch): void {
    const at = this.#table.add();
    relativeOffset.write(this.#table.entries, at, batch.lastOffset - this.#baseOffset);
    position.write(this.#table.entries, at, batch.position);
  }

  /** Forgets the entries for batches that end after `offset`. */
  truncate(offset: number): void {
    this.#table.truncate(this.#floorIndex(offset) + 1);
  }

  /** The entry that follows the one that `floor` gives. */
  after(offset: number): IndexedBatch | undefined {
    const index = this.#floorIndex(offset) + 1;
    return index < this.count ? this.#at(index) : undefined;
  }

  /** Where in the file the entry is that `floor` gives. */
  floorEntryBytes(offset: number): number {
    return Math.max(0, this.#floorIndex(offset)) * OFFSET_INDEX_ENTRY_BYTES;
  }

  /**
   * Where the file first says what cannot be, in bytes; `undefined` when nowhere. Both columns grow, and nothing points beyond the segment, nor at
   * its first batch, for which there is never an entry. Preallocated space of a Kafka that was killed fails this, too, and zeros that a power failure left.
   */
  damagedAt(segmentBytes: number): number | undefined {
    const { entries, count } = this.#table;
    let previousOffset = -1;
    let previousPosition = 0;
    for (let at = 0; at < count * OFFSET_INDEX_ENTRY_BYTES; at += OFFSET_INDEX_ENTRY_BYTES) {
      const nextOffset = relativeOffset.read(entries, at);
      const nextPosition = position.read(entries, at);
      if (nextOffset <= previousOffset || nextPosition <= previousPosition || nextPosition >= segmentBytes) return at;
      previousOffset = nextOffset;
      previousPosition = nextPosition;
    }
    return undefined;
  }
}
