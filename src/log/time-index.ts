// When records were: entries of a timestamp and an offset, relative to the segment's first, that say "the largest timestamp so far,
// reached by the batch that ends at this offset". Timestamps grow strictly. The last entry, written when the segment is closed, is the
// largest of the segment.

import { fixedLayout, int32, int64 } from "../../protocol/wire/layout.ts";
import type { Filesystem } from "../base/filesystem.ts";
import { floorIndex, type IndexTable } from "./index-table.ts";

const entry = fixedLayout({ timestamp: int64, relativeOffset: int32 });
const { timestamp, relativeOffset } = entry.fields;

export const TIME_INDEX_ENTRY_BYTES = entry.sizeBytes;

/** The last entry of a file that need not be loaded for it; `undefined` when there is none. */
export function readLastTimestamp(filesystem: Filesystem, path: string, baseOffset: number): TimestampReached | undefined {
  const sizeBytes = filesystem.stat(path)?.sizeBytes ?? 0;
  if (sizeBytes === 0 || sizeBytes % TIME_INDEX_ENTRY_BYTES !== 0) return undefined;
  const last = Buffer.alloc(TIME_INDEX_ENTRY_BYTES);
  const file = filesystem.open(path, "read");
  try {
    file.read(last, sizeBytes - TIME_INDEX_ENTRY_BYTES);
  } finally {
    file.close();
  }
  return { timestampMs: timestamp.read(last, 0), offset: baseOffset + relativeOffset.read(last, 0) };
}

export interface TimestampReached {
  readonly timestampMs: number;
  /** The last offset of the batch. */
  readonly offset: number;
}

export class TimeIndex {
  readonly #table: IndexTable;
  readonly #baseOffset: number;

  constructor(table: IndexTable, baseOffset: number) {
    this.#table = table;
    this.#baseOffset = baseOffset;
  }

  get count(): number {
    return this.#table.count;
  }

  get last(): TimestampReached | undefined {
    return this.#table.count === 0 ? undefined : this.#at(this.#table.count - 1);
  }

  #at(index: number): TimestampReached {
    const { entries } = this.#table;
    const at = index * TIME_INDEX_ENTRY_BYTES;
    return { timestampMs: timestamp.read(entries, at), offset: this.#baseOffset + relativeOffset.read(entries, at) };
  }

  /** The last entry below `timestampMs`: up to and with its batch, no record reaches `timestampMs`. */
  lastBelow(timestampMs: number): TimestampReached | undefined {
    const { entries, count } = this.#table;
    const index = floorIndex(count, timestampMs - 1, (each) => timestamp.read(entries, each * TIME_INDEX_ENTRY_BYTES));
    return index === -1 ? undefined : this.#at(index);
  }

  /** Where in the file that entry is. */
  lastBelowBytes(timestampMs: number): number {
    const { entries, count } = this.#table;
    return (
      Math.max(
        0,
        floorIndex(count, timestampMs - 1, (each) => timestamp.read(entries, each * TIME_INDEX_ENTRY_BYTES)),
      ) * TIME_INDEX_ENTRY_BYTES
    );
  }

  /** Does nothing unless the timestamp is larger than all before. */
  append({ timestampMs, offset }: TimestampReached): void {
    if (timestampMs <= (this.last?.timestampMs ?? -1)) return;
    const at = this.#table.add();
    // A producer's timestamp may be beyond what a number holds exactly; look-ups never ask beyond it.
    timestamp.write(this.#table.entries, at, Math.min(timestampMs, Number.MAX_SAFE_INTEGER));
    relativeOffset.write(this.#table.entries, at, offset - this.#baseOffset);
  }

  /** Forgets the entries for batches that end after `offset`. */
  truncate(offset: number): void {
    const { entries, count } = this.#table;
    const relative = offset - this.#baseOffset;
    this.#table.truncate(floorIndex(count, relative, (index) => relativeOffset.read(entries, index * TIME_INDEX_ENTRY_BYTES)) + 1);
  }

  /**
   * Where the file first says what cannot be, in bytes; `undefined` when nowhere. Both columns grow. A first entry of zeros is one that a power
   * failure left, or is made anew for nothing.
   */
  damagedAt(): number | undefined {
    const { entries, count } = this.#table;
    if (count > 0 && timestamp.read(entries, 0) === 0 && relativeOffset.read(entries, 0) === 0) return 0;
    let previousTimestamp = -1;
    let previousOffset = -1;
    for (let at = 0; at < count * TIME_INDEX_ENTRY_BYTES; at += TIME_INDEX_ENTRY_BYTES) {
      const nextTimestamp = timestamp.read(entries, at);
      const nextOffset = relativeOffset.read(entries, at);
      if (nextTimestamp <= previousTimestamp || nextOffset <= previousOffset) return at;
      previousTimestamp = nextTimestamp;
      previousOffset = nextOffset;
    }
    return undefined;
  }
}
