// The aborted transactions of a segment, by the offset of their abort marker (KIP-98). The file is made with the first one, and each
// entry is written when its marker is.
//
//   int16 version (0) | int64 producer id | int64 first offset | int64 last offset, the marker's | int64 last stable offset after it

import { crc32c } from "../../protocol/wire/crc32c.ts";
import { fixedLayout, int16, int64, type ValuesOf } from "../../protocol/wire/layout.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { AbortedTransaction } from "../storage/partition-log.ts";

const entry = fixedLayout({ version: int16, producerId: int64, firstOffset: int64, lastOffset: int64, lastStableOffset: int64 });

export type AbortedTransactionEntry = ValuesOf<typeof entry>;

/** How many entries, and the CRC-32C of their bytes. */
export type TransactionIndexSummary = readonly [count: number, crc: number];

const VERSION = 0;

export class TransactionIndex {
  readonly path: string;
  readonly #filesystem: Filesystem;
  readonly #entries: AbortedTransactionEntry[] = [];
  /** Where the file ends with part of an entry. */
  #tornAt: number | undefined;
  #isSynced = true;

  /** Reads the file, if there is one. A torn last entry is left out. */
  constructor(filesystem: Filesystem, path: string) {
    this.#filesystem = filesystem;
    this.path = path;
    if (filesystem.stat(path) === undefined) return;
    const content = filesystem.readFile(path);
    for (let at = 0; at + entry.sizeBytes <= content.length; at += entry.sizeBytes) this.#entries.push(entry.decode(content, at));
    if (content.length > this.sizeBytes) this.#tornAt = this.sizeBytes;
  }

  get entries(): readonly AbortedTransactionEntry[] {
    return this.#entries;
  }

  get sizeBytes(): number {
    return this.#entries.length * entry.sizeBytes;
  }

  /** Of the first so many entries, as the file has them. */
  summary(count = this.#entries.length): TransactionIndexSummary {
    const content = this.#filesystem.stat(this.path) === undefined ? Buffer.alloc(0) : this.#filesystem.readFile(this.path);
    const entries = content.subarray(0, Math.min(count, this.#entries.length) * entry.sizeBytes);
    return [entries.length / entry.sizeBytes, crc32c(entries)];
  }

  get lastOffset(): number {
    return this.#entries.at(-1)?.lastOffset ?? -1;
  }

  /** Where the file first says what cannot be so of a segment with these offsets, in bytes; `undefined` when nowhere. */
  damagedAt(baseOffset: number, endOffset: number): number | undefined {
    let previousOffset = baseOffset - 1;
    const index = this.#entries.findIndex(({ version, producerId, firstOffset, lastOffset, lastStableOffset }) => {
      const isKnown = version === VERSION && producerId >= 0 && producerId <= Number.MAX_SAFE_INTEGER;
      const isInside = lastOffset > previousOffset && lastOffset < endOffset && firstOffset >= 0 && firstOffset <= lastOffset;
      previousOffset = lastOffset;
      return !isKnown || !isInside || lastStableOffset < 0 || lastStableOffset > lastOffset + 1;
    });
    return index === -1 ? this.#tornAt : index * entry.sizeBytes;
  }

  /** Readers know of it from now on, also when it could not be written. */
  append(aborted: Omit<AbortedTransactionEntry, "version">): void {
    const bytes = Buffer.alloc(entry.sizeBytes);
    entry.encode({ ...aborted, version: VERSION }, bytes, 0);
    const position = this.#entries.length * entry.sizeBytes;
    this.#entries.push({ ...aborted, version: VERSION });
    this.#isSynced = false;
    const file = this.#filesystem.open(this.path, "write");
    try {
      file.write([bytes], position);
    } finally {
      file.close();
    }
  }

  /** Everything appended and cut off so far on stable storage. */
  async sync(): Promise<void> {
    if (this.#isSynced) return;
    this.#isSynced = true;
    const file = this.#filesystem.open(this.path, "write");
    try {
      await file.sync();
    } catch (error) {
      this.#isSynced = false;
      throw error;
    } finally {
      file.close();
    }
  }

  /** Forgets the transactions whose marker lies at or after `endOffset`. */
  truncate(endOffset: number): void {
    const count = this.#entries.filter(({ lastOffset }) => lastOffset < endOffset).length;
    this.#entries.length = count;
    const sizeBytes = this.#filesystem.stat(this.path)?.sizeBytes ?? 0;
    if (sizeBytes <= count * entry.sizeBytes) return;
    this.#isSynced = false;
    const file = this.#filesystem.open(this.path, "write");
    try {
      file.truncate(count * entry.sizeBytes);
    } finally {
      file.close();
    }
  }

  /** Adds those that overlap [fromOffset, untilOffset); `true` when later segments cannot have more of them. */
  collect(fromOffset: number, untilOffset: number, into: AbortedTransaction[]): boolean {
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of this.#entries) {
      if (lastOffset >= fromOffset && firstOffset < untilOffset) into.push({ producerId, firstOffset });
      if (lastStableOffset >= untilOffset) return true;
    }
    return false;
  }
}
