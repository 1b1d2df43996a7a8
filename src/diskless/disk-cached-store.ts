// An object store with what was read of it kept in a folder, up to a bound; what was used last longest ago goes first. Objects never change, so
// what is kept stays right; each entry is a file, and is given only if it still has its checksum. The index is in memory: the folder belongs
// to one process (it is locked) and is emptied when that begins, so that nothing in it can be of another cluster or another time.
//
// Whatever the disk does, a reader has what the store gives: where something cannot be read or written, it is as if it had not been kept.

import { createHash } from "node:crypto";
import { crc32c } from "../../protocol/wire/crc32c.ts";
import type { Clock } from "../base/clock.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { ByteRange, ListedPage, ObjectStore } from "../base/object-store.ts";

export interface DiskCacheOptions {
  readonly store: ObjectStore;
  readonly folder: string;
  readonly maxBytes: number;
  readonly filesystem: Filesystem;
  readonly clock: Clock;
  readonly logger: Logger;
}

const SUFFIX = ".chunk";
/** No entry is more than this part of all. */
const LARGEST_SHARE = 8;
/** Who asks again so soon did not like what it got: it is read from the store again. */
const SUSPECT_MS = 10_000;
/** After the disk refused a write. */
const PAUSE_MS = 60_000;

interface Entry {
  readonly sizeBytes: number;
  readonly crc: number;
  readonly keptAtMs: number;
}

export class DiskCachedStore implements ObjectStore {
  readonly #options: DiskCacheOptions;
  /** By the names of their files; in the order of their use. */
  readonly #entries = new Map<string, Entry>();
  readonly #unlock: (() => void) | undefined;
  #sizeBytes = 0;
  #hitCount = 0;
  #missCount = 0;
  #keepsAgainAtMs = 0;

  private constructor(options: DiskCacheOptions, unlock: (() => void) | undefined) {
    this.#options = options;
    this.#unlock = unlock;
    if (unlock === undefined) this.#keepsAgainAtMs = Number.POSITIVE_INFINITY;
  }

  /** Without a folder of its own it keeps nothing, and says so in the log. */
  static open(options: DiskCacheOptions): DiskCachedStore {
    return new DiskCachedStore(options, emptied(options));
  }

  get counts(): { readonly entries: number; readonly sizeBytes: number; readonly hits: number; readonly misses: number } {
    return { entries: this.#entries.size, sizeBytes: this.#sizeBytes, hits: this.#hitCount, misses: this.#missCount };
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    const name = nameOf(key, range);
    const kept = await this.#kept(name);
    if (kept !== undefined) {
      this.#hitCount++;
      return kept;
    }
    this.#missCount++;
    const bytes = await this.#options.store.get(key, range, signal);
    this.#keep(name, bytes);
    return bytes;
  }

  put(key: string, parts: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    return this.#options.store.put(key, parts, signal);
  }

  list(prefix: string, after?: string): Promise<ListedPage> {
    return this.#options.store.list(prefix, after);
  }

  /** What is kept of them is not wanted any more, and goes by itself. */
  delete(keys: readonly string[]): Promise<readonly string[]> {
    return this.#options.store.delete(keys);
  }

  close(): void {
    this.#keepsAgainAtMs = Number.POSITIVE_INFINITY;
    this.#entries.clear();
    this.#unlock?.();
    this.#options.store.close();
  }

  async #kept(name: string): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const isSuspect = this.#options.clock.now() - entry.keptAtMs < SUSPECT_MS;
    const bytes = isSuspect ? undefined : await this.#read(name, entry);
    // It may be gone, or another, by now.
    if (this.#entries.get(name) !== entry) return bytes;
    if (bytes === undefined) {
      this.#forget(name, entry);
      return undefined;
    }
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return bytes;
  }

  async #read(name: string, { sizeBytes, crc }: Entry): Promise<Buffer | undefined> {
    try {
      const file = this.#options.filesystem.open(this.#pathOf(name), "read");
      try {
        const bytes = Buffer.allocUnsafeSlow(sizeBytes);
        const readBytes = await file.readLater(bytes, 0);
        return readBytes === sizeBytes && crc32c(bytes) === crc ? bytes : undefined;
      } finally {
        file.close();
      }
    } catch {
      return undefined;
    }
  }

  #keep(name: string, bytes: Buffer): void {
    const { maxBytes, filesystem, clock, logger, folder } = this.#options;
    const nowMs = clock.now();
    if (bytes.length > maxBytes / LARGEST_SHARE || nowMs < this.#keepsAgainAtMs) return;
    const before = this.#entries.get(name);
    if (before !== undefined) this.#forget(name, before);
    for (const [oldest, entry] of this.#entries) {
      if (this.#sizeBytes + bytes.length <= maxBytes) break;
      this.#forget(oldest, entry);
    }
    try {
      filesystem.replaceFileUnsynced(this.#pathOf(name), bytes);
      this.#entries.set(name, { sizeBytes: bytes.length, crc: crc32c(bytes), keptAtMs: nowMs });
      this.#sizeBytes += bytes.length;
    } catch (error) {
      this.#keepsAgainAtMs = nowMs + PAUSE_MS;
      logger.warn({ err: error, folder, pauseMs: PAUSE_MS }, "the cache on disk could not be written");
    }
  }

  #forget(name: string, { sizeBytes }: Entry): void {
    this.#entries.delete(name);
    this.#sizeBytes -= sizeBytes;
    try {
      this.#options.filesystem.remove(this.#pathOf(name));
    } catch {
      // It is overwritten when it is kept again, or removed at the next start.
    }
  }

  #pathOf(name: string): string {
    return `${this.#options.folder}/${name}`;
  }
}

/** Locks the folder and empties it of what an earlier process kept; undefined where that cannot be. */
function emptied({ filesystem, folder, logger }: DiskCacheOptions): (() => void) | undefined {
  try {
    filesystem.makeDirectory(folder);
    const unlock = filesystem.lock(`${folder}/.lock`);
    if (unlock === undefined) logger.warn({ folder }, "another process has the folder of the cache on disk; nothing is kept there");
    else for (const name of filesystem.list(folder)) if (name.endsWith(SUFFIX)) filesystem.remove(`${folder}/${name}`);
    return unlock;
  } catch (error) {
    logger.warn({ err: error, folder }, "the folder of the cache on disk cannot be used; nothing is kept there");
    return undefined;
  }
}

function nameOf(key: string, range: ByteRange | undefined): string {
  const part = range === undefined ? "whole" : `${range.from}-${range.length}`;
  return `${createHash("sha256").update(`${part} ${key}`).digest("hex").slice(0, 40)}${SUFFIX}`;
}
