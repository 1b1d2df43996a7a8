// A file of entries of one size, sorted, which grows at the end: what an offset index and a time index have in common. It is held in
// memory while it is in use; new entries reach the file when it is flushed, and the disk when its segment syncs it. After a crash it may
// therefore lack some beyond the log's recovery point, and is mended from the log.

import type { Filesystem } from "../base/filesystem.ts";

const INITIAL_ENTRIES = 32;

export class IndexTable {
  readonly path: string;
  readonly #filesystem: Filesystem;
  readonly #entryBytes: number;
  /** Entries one after another; room for more follows them. */
  entries: Buffer;
  count: number;
  /** How many of them the file has already. */
  #flushedCount: number;
  /** Entries in the file; more than `#flushedCount` when some were cut off since. */
  #fileCount: number;
  #exists: boolean;
  /** Of entries that were cut off but are in the file still, the first, and all as they are there: most come again as they were. */
  #cut: { readonly from: number; readonly bytes: Buffer } | undefined;

  private constructor(filesystem: Filesystem, path: string, entryBytes: number, content: Buffer | undefined) {
    this.#filesystem = filesystem;
    this.path = path;
    this.#entryBytes = entryBytes;
    this.entries = content ?? Buffer.alloc(0);
    this.count = this.entries.length / entryBytes;
    this.#flushedCount = this.count;
    this.#fileCount = this.count;
    this.#exists = content !== undefined;
  }

  static empty(filesystem: Filesystem, path: string, entryBytes: number): IndexTable {
    return new IndexTable(filesystem, path, entryBytes, undefined);
  }

  /** `undefined` when there is no such file or its size is not one of whole entries. */
  static load(filesystem: Filesystem, path: string, entryBytes: number): IndexTable | undefined {
    const found = filesystem.stat(path);
    if (found === undefined || found.sizeBytes % entryBytes !== 0) return undefined;
    return new IndexTable(filesystem, path, entryBytes, filesystem.readFile(path));
  }

  get sizeBytes(): number {
    return this.entries.length;
  }

  /** Makes room for one entry and gives the place to write it. */
  add(): number {
    const at = this.count * this.#entryBytes;
    if (at === this.entries.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(INITIAL_ENTRIES, 2 * this.count) * this.#entryBytes);
      this.entries.copy(grown);
      this.entries = grown;
    }
    this.count++;
    return at;
  }

  truncate(count: number): void {
    this.count = Math.min(this.count, count);
    if (this.count >= this.#flushedCount) return;
    const bytes = this.entries.subarray(this.count * this.#entryBytes, this.#flushedCount * this.#entryBytes);
    this.#cut = this.#flushedCount === this.#fileCount ? { from: this.count, bytes: Buffer.from(bytes) } : undefined;
    this.#flushedCount = this.count;
  }

  /** What the disk has already is not written over: a power failure could take it. */
  #passOver(): void {
    if (this.#cut === undefined) return;
    const { from, bytes } = this.#cut;
    const atOnFile = (index: number) => bytes.subarray((index - from) * this.#entryBytes, (index - from + 1) * this.#entryBytes);
    const isOnFile = (index: number) => {
      const at = index * this.#entryBytes;
      return index < this.#fileCount && this.entries.subarray(at, at + this.#entryBytes).equals(atOnFile(index));
    };
    while (this.#flushedCount < this.count && isOnFile(this.#flushedCount)) this.#flushedCount++;
    this.#cut = undefined;
  }

  /** Brings the file up to date, also making it when it is empty; `false` when it was so. */
  flush(): boolean {
    this.#passOver();
    if (this.#exists && this.#flushedCount === this.count && this.#fileCount === this.count) return false;
    const file = this.#filesystem.open(this.path, "write");
    try {
      if (this.#fileCount > this.#flushedCount || !this.#exists) file.truncate(this.#flushedCount * this.#entryBytes);
      const start = this.#flushedCount * this.#entryBytes;
      const end = this.count * this.#entryBytes;
      if (end > start) file.write([this.entries.subarray(start, end)], start);
    } finally {
      file.close();
    }
    this.#noteFlushed();
    return true;
  }

  /** Puts what was made anew in the place of a file that is missing or wrong: at once, and on stable storage. */
  replaceFile(): void {
    this.#filesystem.replaceFile(this.path, this.entries.subarray(0, this.count * this.#entryBytes));
    this.#noteFlushed();
  }

  #noteFlushed(): void {
    this.#exists = true;
    this.#flushedCount = this.count;
    this.#fileCount = this.count;
  }
}

/** The index of the last entry whose key is at most `key`; -1 when all are larger. Keys grow. */
export function floorIndex(count: number, key: number, keyAt: (index: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyAt(middle) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
