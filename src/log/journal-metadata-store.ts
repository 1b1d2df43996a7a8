// The cluster's metadata in one file, for brokers of one process: a journal of units of changes, one a line (see journal-lines.ts). The
// first line carries the format and, after a compaction, the history so far in short:
//
//   metadata.journal            {"format":1,"version":120,"changes":[...]}
//                               [...]                                         unit 121
//   metadata.journal.version    {"format":1,"version":121}                    the units that there were when it was last closed in order
//
// A unit counts when it is synced. A last line that is cut off or damaged was never acknowledged, and is dropped, unless the journal then
// has fewer units than when it was closed: that, damage before its end, and a journal that is missing beside data are errors, never guessed
// at (damaged-journal.ts reads what is left). Several brokers may share one store: each sees every unit, in order.

import type { Filesystem, OpenFile } from "../base/filesystem.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import type { MetadataStore } from "../storage/metadata-store.ts";
import { StorageError } from "../storage/storage-error.ts";
import { decodeLine, encodeLine, hasLineAfter } from "./journal-lines.ts";

export interface JournalOptions<Change> {
  readonly filesystem: Filesystem;
  /** The folder exists. */
  readonly path: string;
  /** There are records that the journal must know of: when it is missing, it was there. Default: there are none. */
  readonly hasData?: () => boolean;
  /** A shorter history that means the same. `newer`: those of the changes that were in no compaction yet. */
  readonly compact: (changes: readonly Change[], newer: readonly Change[]) => readonly Change[];
  /** Units after which the journal is compacted. */
  readonly compactAfterUnits?: number;
  readonly logger?: Logger;
}

export interface JournalHeader<Change> {
  readonly format: number;
  /** Units that `changes` stands for. */
  readonly version: number;
  readonly changes: readonly Change[];
}

interface JournalContent<Change> {
  readonly header: JournalHeader<Change>;
  readonly units: readonly (readonly Change[])[];
  readonly version: number;
  /** What follows is the end that a crash left unfinished. */
  readonly validBytes: number;
  readonly sizeBytes: number;
}

type Listener<Change> = (changes: readonly Change[], version: number) => void;

/** Its name in a data folder. */
export const JOURNAL_FILE = "metadata.journal";
export const JOURNAL_FORMAT = 1;
const DEFAULT_COMPACT_AFTER_UNITS = 1000;
const VERSION_SUFFIX = ".version";

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
  /** As the last stop in order has it. */
  #closedVersion: number;
  readonly #listeners = new Set<Listener<Change>>();
  /** One commit at a time: the next looks at the version when the one before is durable. */
  #previous: Promise<unknown> = Promise.resolve();
  /** The file ends with something that failed, and is to be taken back before anything follows it. */
  #isTorn = false;
  /** Another file may have its name by now. */
  #isReplaced = false;
  #isClosed = false;

  constructor(options: JournalOptions<Change>) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    const { filesystem, path } = options;
    this.#closedVersion = closedVersionOf(filesystem, path, this.#logger);
    if (filesystem.stat(path) === undefined) this.#begin();
    const journal = this.#read();
    if (journal.version < this.#closedVersion) throw this.#tooShort(journal);
    this.#version = journal.version;
    this.#unitsSinceCompaction = journal.units.length;
    this.#sizeBytes = journal.validBytes;
    this.#file = filesystem.open(path, "write");
    if (journal.validBytes < journal.sizeBytes) {
      this.#logger.warn(
        { path, positionBytes: journal.validBytes, cutBytes: journal.sizeBytes - journal.validBytes, version: this.#version },
        "cut off the unfinished end of the metadata journal",
      );
      this.#file.truncate(journal.validBytes);
    }
  }

  #begin(): void {
    const { path, hasData } = this.#options;
    if (this.#closedVersion > 0 || hasData?.() === true)
      throw new StorageError("METADATA_CORRUPT", `The metadata journal ${path} is missing, and there are records that it must know of`, {
        path,
      });
    this.#replace({ format: JOURNAL_FORMAT, version: 0, changes: [] });
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
    this.#isClosed = true;
    this.#file.close();
    this.#noteClosed();
  }

  #noteClosed(): void {
    if (this.#closedVersion === this.#version) return;
    const { filesystem, path } = this.#options;
    try {
      writeClosedVersion(filesystem, path, this.#version);
      this.#closedVersion = this.#version;
    } catch (error) {
      this.#logger.warn({ err: error, path }, "could not note how long the metadata journal is");
    }
  }

  async #commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    if (this.#isClosed) throw new StorageError("WRITE_FAILED", "The metadata journal is closed", { path: this.#options.path });
    if (expectedVersion !== this.#version) return false;
    const line = encodeLine(changes);
    try {
      this.#makeReady();
      this.#isTorn = true;
      this.#file.write([line], this.#sizeBytes);
      await this.#file.sync();
      this.#isTorn = false;
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
      this.#makeReady();
    } catch (error) {
      this.#logger.error({ err: error, path: this.#options.path }, "could not take back a failed commit; the next one tries again");
    }
  }

  /** Does what is left to do of something that failed: nothing is written to a journal that is not as it is known. */
  #makeReady(): void {
    if (this.#isReplaced) {
      const file = this.#options.filesystem.open(this.#options.path, "write");
      this.#file.close();
      this.#file = file;
      this.#sizeBytes = file.sizeBytes();
      this.#isReplaced = false;
    }
    if (!this.#isTorn) return;
    this.#file.truncate(this.#sizeBytes);
    this.#file.syncNow();
    this.#isTorn = false;
  }

  #writeFailed(cause: unknown): StorageError {
    return new StorageError("WRITE_FAILED", "The metadata journal could not be written", { path: this.#options.path, cause });
  }

  #compactWhenLong(): void {
    if (this.#unitsSinceCompaction < (this.#options.compactAfterUnits ?? DEFAULT_COMPACT_AFTER_UNITS)) return;
    try {
      const { header, units } = this.#read();
      const newer = units.flat();
      const changes = this.#options.compact([...header.changes, ...newer], newer);
      // Also where it fails: perhaps only after the new file had its name.
      this.#isReplaced = true;
      this.#replace({ format: JOURNAL_FORMAT, version: this.#version, changes });
      this.#makeReady();
    } catch (error) {
      this.#logger.warn({ err: error, path: this.#options.path }, "could not compact the metadata journal");
    }
    this.#unitsSinceCompaction = 0;
  }

  #replace(header: JournalHeader<Change>): void {
    // Users and tokens are in it.
    this.#options.filesystem.replaceFile(this.#options.path, encodeLine(header), "private");
  }

  #read(): JournalContent<Change> {
    const { filesystem, path } = this.#options;
    const content = filesystem.readFile(path);
    const first = decodeLine(content, 0);
    if (first === undefined) throw this.#corrupt(0);
    const header: JournalHeader<Change> = JSON.parse(first.text);
    refuseNewer(header, path);
    const units: (readonly Change[])[] = [];
    let at = first.end;
    for (let line = decodeLine(content, at); line !== undefined; line = decodeLine(content, at)) {
      const unit: readonly Change[] = JSON.parse(line.text);
      units.push(unit);
      at = line.end;
    }
    if (hasLineAfter(content, at)) throw this.#corrupt(at);
    return { header, units, version: header.version + units.length, validBytes: at, sizeBytes: content.length };
  }

  #corrupt(positionBytes: number): StorageError {
    const { path } = this.#options;
    return new StorageError("METADATA_CORRUPT", `The metadata journal ${path} is damaged at byte ${positionBytes}`, {
      path,
      positionBytes,
    });
  }

  #tooShort({ version, validBytes: positionBytes }: JournalContent<Change>): StorageError {
    const { path } = this.#options;
    const missing = this.#closedVersion - version;
    return new StorageError(
      "METADATA_CORRUPT",
      `The metadata journal ${path} is damaged or cut off at byte ${positionBytes}: its last ${missing === 1 ? "change is" : `${missing} changes are`} missing`,
      { path, positionBytes, version, closedVersion: this.#closedVersion },
    );
  }
}

/** Throws StorageError DIRECTORY_TOO_NEW. */
export function refuseNewer({ format }: { readonly format: number }, path: string): void {
  if (format <= JOURNAL_FORMAT) return;
  throw new StorageError("DIRECTORY_TOO_NEW", "The metadata journal was written by a newer version", {
    path,
    format,
    readableFormat: JOURNAL_FORMAT,
  });
}

/** Units that the journal had when it was last closed in order; 0 when nothing says so. */
export function closedVersionOf(filesystem: Filesystem, path: string, logger: Logger = silentLogger): number {
  const versionPath = `${path}${VERSION_SUFFIX}`;
  if (filesystem.stat(versionPath) === undefined) return 0;
  const content = filesystem.readFile(versionPath);
  const line = decodeLine(content, 0);
  const version = line === undefined ? 0 : JSON.parse(line.text).version;
  if (line?.end === content.length) return version;
  logger.warn(
    { path: versionPath, positionBytes: line?.end ?? 0 },
    "what says how long the metadata journal was is damaged, and is written anew",
  );
  if (line !== undefined) writeClosedVersion(filesystem, path, version);
  return version;
}

export function writeClosedVersion(filesystem: Filesystem, path: string, version: number): void {
  filesystem.replaceFile(`${path}${VERSION_SUFFIX}`, encodeLine({ format: JOURNAL_FORMAT, version }));
}
