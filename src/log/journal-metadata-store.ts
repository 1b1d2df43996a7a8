// The cluster's metadata in one file, for brokers of one process: a journal of units of changes, each a line of JSON behind the checksum
// of its text. The first line carries the format and, after a compaction, the history so far in short:
//
//   <CRC-32C, 8 hex digits> {"format":1,"version":120,"changes":[...]}
//   <CRC-32C, 8 hex digits> [...]                       unit 121
//
// A unit counts when it is synced. A last line that is cut off or damaged was never acknowledged, and is dropped; damage before it is not
// guessed at. Several brokers may share one store: each sees every unit, in order.

import { crc32c } from "../../protocol/wire/crc32c.ts";
import type { Filesystem, OpenFile } from "../base/filesystem.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import type { MetadataStore } from "../storage/metadata-store.ts";
import { StorageError } from "../storage/storage-error.ts";

export interface JournalOptions<Change> {
  readonly filesystem: Filesystem;
  /** The folder exists. */
  readonly path: string;
  /** A shorter history that means the same. */
  readonly compact: (changes: readonly Change[]) => readonly Change[];
  /** Units after which the journal is compacted. */
  readonly compactAfterUnits?: number;
  readonly logger?: Logger;
}

interface Header<Change> {
  readonly format: number;
  /** Units that `changes` stands for. */
  readonly version: number;
  readonly changes: readonly Change[];
}

type Listener<Change> = (changes: readonly Change[], version: number) => void;

const FORMAT = 1;
const DEFAULT_COMPACT_AFTER_UNITS = 1000;
const LINE_FEED = 0x0a;
const CHECKSUM_CHARACTERS = 8;

/** Throws StorageError: METADATA_CORRUPT, DIRECTORY_TOO_NEW, READ_FAILED, WRITE_FAILED. */
export function openJournalMetadataStore<Change>(options: JournalOptions<Change>): JournalMetadataStore<Change> {
  try {
    return new JournalMetadataStore(options);
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError("READ_FAILED", "The metadata journal could not be opened", { path: options.path, cause: error });
  }
}

export class JournalMetadataStore<Change> implements MetadataStore<Change> {
  readonly #options: JournalOptions<Change>;
  readonly #logger: Logger;
  #file: OpenFile;
  #sizeBytes = 0;
  #version = 0;
  #unitsSinceCompaction = 0;
  readonly #listeners = new Set<Listener<Change>>();
  /** One commit at a time: the next looks at the version when the one before is durable. */
  #previous: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  constructor(options: JournalOptions<Change>) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    const { filesystem, path } = options;
    if (filesystem.stat(path) === undefined) this.#replace({ format: FORMAT, version: 0, changes: [] });
    this.#file = filesystem.open(path, "write");
    const journal = this.#read();
    this.#version = journal.version;
    this.#unitsSinceCompaction = journal.units.length;
    this.#sizeBytes = journal.validBytes;
    const fileBytes = this.#file.sizeBytes();
    if (journal.validBytes < fileBytes) {
      this.#logger.warn(
        { path, cutBytes: fileBytes - journal.validBytes, version: this.#version },
        "cut off the unfinished end of the metadata journal",
      );
      this.#file.truncate(journal.validBytes);
    }
    this.#compactWhenLong();
  }

  get version(): number {
    return this.#version;
  }

  async load(): Promise<readonly Change[]> {
    // A unit that is in the file but not committed yet is not history.
    await this.#previous;
    const { header, units } = this.#read();
    return [...header.changes, ...units.flat()];
  }

  commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    const commit = this.#previous.then(() => this.#commit(changes, expectedVersion));
    this.#previous = commit.catch(() => undefined);
    return commit;
  }

  subscribe(listener: Listener<Change>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#previous;
    this.#failure ??= new StorageError("WRITE_FAILED", "The metadata journal is closed", { path: this.#options.path });
    this.#file.close();
  }

  async #commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#writeFailed(this.#failure);
    if (expectedVersion !== this.#version) return false;
    const line = encodeLine(changes);
    try {
      this.#file.write([line], this.#sizeBytes);
      await this.#file.sync();
    } catch (error) {
      this.#takeBack();
      throw this.#writeFailed(error);
    }
    this.#sizeBytes += line.length;
    this.#version++;
    this.#unitsSinceCompaction++;
    for (const listener of this.#listeners) listener(changes, this.#version);
    this.#compactWhenLong();
    return true;
  }

  /** What was written but is not durable must not be found by the next start. */
  #takeBack(): void {
    try {
      this.#file.truncate(this.#sizeBytes);
      this.#file.syncNow();
    } catch (error) {
      this.#failure = error;
      this.#logger.error({ err: error, path: this.#options.path }, "could not take back a failed commit; the metadata takes no more");
    }
  }

  #writeFailed(cause: unknown): StorageError {
    return new StorageError("WRITE_FAILED", "The metadata journal could not be written", { path: this.#options.path, cause });
  }

  #compactWhenLong(): void {
    if (this.#unitsSinceCompaction < (this.#options.compactAfterUnits ?? DEFAULT_COMPACT_AFTER_UNITS)) return;
    const { header, units } = this.#read();
    try {
      const sizeBytes = this.#replace({
        format: FORMAT,
        version: this.#version,
        changes: this.#options.compact([...header.changes, ...units.flat()]),
      });
      this.#file.close();
      this.#file = this.#options.filesystem.open(this.#options.path, "write");
      this.#sizeBytes = sizeBytes;
    } catch (error) {
      this.#logger.warn({ err: error, path: this.#options.path }, "could not compact the metadata journal");
    }
    this.#unitsSinceCompaction = 0;
  }

  #replace(header: Header<Change>): number {
    const line = encodeLine(header);
    this.#options.filesystem.replaceFile(this.#options.path, line);
    return line.length;
  }

  #read(): { header: Header<Change>; units: (readonly Change[])[]; version: number; validBytes: number } {
    const { filesystem, path } = this.#options;
    const content = filesystem.readFile(path);
    const first = decodeLine(content, 0);
    if (first === undefined) throw this.#corrupt(0);
    const header: Header<Change> = JSON.parse(first.text);
    if (header.format > FORMAT) {
      throw new StorageError("DIRECTORY_TOO_NEW", "The metadata journal was written by a newer version", {
        path,
        format: header.format,
        readableFormat: FORMAT,
      });
    }
    const units: (readonly Change[])[] = [];
    let at = first.end;
    for (let line = decodeLine(content, at); line !== undefined; line = decodeLine(content, at)) {
      const unit: readonly Change[] = JSON.parse(line.text);
      units.push(unit);
      at = line.end;
    }
    if (hasLineAfter(content, at)) throw this.#corrupt(at);
    return { header, units, version: header.version + units.length, validBytes: at };
  }

  #corrupt(positionBytes: number): StorageError {
    return new StorageError("METADATA_CORRUPT", "The metadata journal is damaged", { path: this.#options.path, positionBytes });
  }
}

function encodeLine(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${crc32c(text).toString(16).padStart(CHECKSUM_CHARACTERS, "0")} `), text, Buffer.from([LINE_FEED])]);
}

/** `undefined` when no whole and undamaged line starts here. */
function decodeLine(content: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const lineEnd = content.indexOf(LINE_FEED, start);
  const textStart = start + CHECKSUM_CHARACTERS + 1;
  if (lineEnd < textStart) return undefined;
  const checksum = Number.parseInt(content.toString("latin1", start, start + CHECKSUM_CHARACTERS), 16);
  if (checksum !== crc32c(content, textStart, lineEnd)) return undefined;
  return { text: content.toString("utf8", textStart, lineEnd), end: lineEnd + 1 };
}

/** Does a whole line follow the damaged one at `start`? Then it is not an end that a crash left unfinished. */
function hasLineAfter(content: Buffer, start: number): boolean {
  for (let at = content.indexOf(LINE_FEED, start); at !== -1; at = content.indexOf(LINE_FEED, at + 1)) {
    if (decodeLine(content, at + 1) !== undefined) return true;
  }
  return false;
}
