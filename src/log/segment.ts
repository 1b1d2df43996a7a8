// One segment of a log: a file of batches from a base offset on, and its indexes. Only the last segment of a log grows. The indexes are
// in memory while they are in use; those of a segment of before a crash, or that are missing or wrong, are made anew from the file.

import { BATCH_HEADER_BYTES, batchHeader, NO_TIMESTAMP } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type FileHandles, LazyFile } from "./file-handles.ts";
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  SEGMENT_SUFFIXES,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from "./file-names.ts";
import type { IndexCache } from "./index-cache.ts";
import { IndexTable } from "./index-table.ts";
import { type IndexedBatch, OFFSET_INDEX_ENTRY_BYTES, OffsetIndex, readLastPosition } from "./offset-index.ts";
import { readLastTimestamp, TIME_INDEX_ENTRY_BYTES, TimeIndex, type TimestampReached } from "./time-index.ts";
import { TransactionIndex } from "./transaction-index.ts";
import { headersIn, sayDamage, wholeBatchesIn } from "./whole-batches.ts";

/** What the segments of all logs share. */
export interface SegmentResources {
  readonly filesystem: Filesystem;
  readonly handles: FileHandles;
  readonly indexes: IndexCache;
  readonly logger: Logger;
}

export interface AppendedRange {
  readonly position: number;
  readonly sizeBytes: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
}

interface Indexes {
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
}

const INDEX_SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX] as const;
/** At the end of a segment, to see whether its largest timestamp may be right. */
const VERIFIED_BYTES = 64 * 1024;
const NO_TIMESTAMP_YET: TimestampReached = { timestampMs: -1, offset: -1 };

export class Segment {
  readonly baseOffset: number;
  readonly file: LazyFile;
  readonly #directory: string;
  readonly #resources: SegmentResources;
  sizeBytes: number;
  /** From here on the file was written by this process, so it is likely still in the page cache. */
  readonly writtenFrom: number;
  readonly createdMs: number;
  /** What the names of its files end with besides: "" unless it is on its way into the log or out of it. */
  #ending: string;
  #firstTimestampMs: number | undefined;
  #largestTimestamp: TimestampReached | undefined;
  #bytesSinceEntry = 0;
  #offsets: OffsetIndex | undefined;
  #times: TimeIndex | undefined;
  #tables: readonly IndexTable[] = [];
  /** How often their files were written, and how many of these writes the disk has. */
  #indexFlushes = 0;
  #syncedIndexFlushes = 0;
  #transactions: TransactionIndex | undefined;
  #hasTransactionIndex: boolean;
  #indexIntervalBytes: number;
  #areTimesVerified = false;
  #isKnownCutOff = false;

  constructor(directory: string, resources: SegmentResources, state: SegmentState) {
    this.#directory = directory;
    this.#resources = resources;
    this.baseOffset = state.baseOffset;
    this.sizeBytes = state.sizeBytes;
    this.writtenFrom = state.sizeBytes;
    this.createdMs = state.createdMs;
    this.#ending = state.ending ?? "";
    this.#hasTransactionIndex = state.hasTransactionIndex;
    this.#indexIntervalBytes = state.indexIntervalBytes;
    this.file = new LazyFile(this.path(LOG_SUFFIX), resources.handles);
    if (state.sizeBytes === 0) this.#largestTimestamp = NO_TIMESTAMP_YET;
  }

  path(suffix: string): string {
    return this.#pathEnding(suffix, this.#ending);
  }

  #pathEnding(suffix: string, ending: string): string {
    return `${this.#directory}/${offsetFileName(this.baseOffset, suffix)}${ending}`;
  }

  /** The largest of the first batch; -1 when it has none or there is none. */
  get firstTimestampMs(): number {
    if (this.sizeBytes < BATCH_HEADER_BYTES) return NO_TIMESTAMP;
    this.#firstTimestampMs ??= this.#readFirstTimestamp();
    return this.#firstTimestampMs;
  }

  #readFirstTimestamp(): number {
    const header = Buffer.alloc(BATCH_HEADER_BYTES);
    this.file.use().read(header, 0);
    return batchHeader.fields.maxTimestamp.read(header, 0);
  }

  /** Bytes of memory that the loaded indexes take. */
  get indexBytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  }

  get offsets(): OffsetIndex {
    if (this.#offsets !== undefined) this.#resources.indexes.touch(this);
    else if (!this.#loadIndexes()) this.#rebuildIndexes();
    return this.#offsets ?? this.resetIndexes().offsets;
  }

  get times(): TimeIndex {
    if (this.#times === undefined && !this.#loadIndexes()) this.#rebuildIndexes();
    return this.#times ?? this.resetIndexes().times;
  }

  /** The largest timestamp of the segment and the last offset of the first batch that has it; -1 without any. */
  get largestTimestamp(): TimestampReached {
    this.#largestTimestamp ??= this.#storedTimestamp() ?? this.times.last ?? NO_TIMESTAMP_YET;
    return this.#largestTimestamp;
  }

  /** Retention asks every segment: that should not load all their indexes. */
  #storedTimestamp(): TimestampReached | undefined {
    if (this.#times !== undefined) return undefined;
    return readLastTimestamp(this.#resources.filesystem, this.path(TIME_INDEX_SUFFIX), this.baseOffset);
  }

  /** What retention goes by: the largest timestamp, or the time of the last write where records have none. */
  get largestTimestampMs(): number {
    const { timestampMs } = this.largestTimestamp;
    if (timestampMs >= 0) return timestampMs;
    return this.#resources.filesystem.stat(this.file.path)?.modifiedMs ?? this.createdMs;
  }

  get transactions(): TransactionIndex | undefined {
    if (this.#hasTransactionIndex) this.#transactions ??= this.transactionIndex();
    return this.#transactions;
  }

  /** The same, if this process has read or made it. */
  get loadedTransactions(): TransactionIndex | undefined {
    return this.#transactions;
  }

  /** The same, made when there is none. */
  transactionIndex(): TransactionIndex {
    this.#hasTransactionIndex = true;
    this.#transactions ??= new TransactionIndex(this.#resources.filesystem, this.path(TRANSACTION_INDEX_SUFFIX));
    return this.#transactions;
  }

  set indexIntervalBytes(value: number) {
    this.#indexIntervalBytes = value;
  }

  /** Reads from the disk what taking note of the next batch needs: once that is in the file, nothing may stand in its way. */
  makeReady(): void {
    if (this.sizeBytes === 0) return;
    this.#largestTimestamp ??= this.largestTimestamp;
    if (this.#bytesSinceEntry <= this.#indexIntervalBytes) return;
    this.#offsets ??= this.offsets;
    this.#times ??= this.times;
  }

  /** Takes note of a batch that is in the file: it may get an index entry. */
  noteBatch({ position, sizeBytes, lastOffset, maxTimestampMs }: AppendedRange): void {
    this.sizeBytes = position + sizeBytes;
    this.#areTimesVerified = true;
    if (position === 0) this.resetIndexes();
    if (maxTimestampMs > this.largestTimestamp.timestampMs) this.#largestTimestamp = { timestampMs: maxTimestampMs, offset: lastOffset };
    if (position === 0) this.#firstTimestampMs = maxTimestampMs;
    if (this.#bytesSinceEntry > this.#indexIntervalBytes) {
      this.offsets.append({ lastOffset, position });
      this.times.append(this.largestTimestamp);
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeBytes;
  }

  /** What `goBack` needs. */
  mark(): SegmentMark {
    return {
      sizeBytes: this.sizeBytes,
      largestTimestamp: this.#largestTimestamp,
      firstTimestampMs: this.#firstTimestampMs,
      bytesSinceEntry: this.#bytesSinceEntry,
    };
  }

  /** Forgets the batches that were noted since the mark, from `offset` on. */
  goBack(mark: SegmentMark, offset: number): void {
    this.sizeBytes = mark.sizeBytes;
    if (mark.sizeBytes === 0) {
      this.resetIndexes();
    } else {
      this.offsets.truncate(offset - 1);
      this.times.truncate(offset - 1);
    }
    this.#largestTimestamp = mark.largestTimestamp;
    this.#firstTimestampMs = mark.firstTimestampMs;
    this.#bytesSinceEntry = mark.bytesSinceEntry;
  }

  /** Full when the index files may not grow further. */
  areIndexesFull(maxIndexBytes: number): boolean {
    if (this.#offsets === undefined || this.#times === undefined) return false;
    return (
      this.#offsets.count >= Math.floor(maxIndexBytes / OFFSET_INDEX_ENTRY_BYTES) ||
      this.#times.count >= Math.floor(maxIndexBytes / TIME_INDEX_ENTRY_BYTES) - 1
    );
  }

  /** Completes the index files: after the last append, before a stop. */
  seal(): void {
    this.times.append(this.largestTimestamp);
    this.flushIndexes();
  }

  flushIndexes(): void {
    for (const table of this.#tables) if (table.flush()) this.#indexFlushes++;
  }

  /** What is in the index files on stable storage: of one that a power failure took in part, nobody can tell what is wrong. */
  async syncIndexes(): Promise<void> {
    const flushes = this.#indexFlushes;
    if (flushes === this.#syncedIndexFlushes) return;
    const { filesystem } = this.#resources;
    await Promise.all(INDEX_SUFFIXES.map((suffix) => syncFile(filesystem, this.path(suffix))));
    // Not before: another who asks meanwhile must not take it for done.
    this.#syncedIndexFlushes = Math.max(this.#syncedIndexFlushes, flushes);
  }

  /** The same at once, for what recovery goes on to trust: the records with their indexes, up to the end of the file. */
  settleNow(): void {
    this.seal();
    for (const suffix of [LOG_SUFFIX, ...INDEX_SUFFIXES]) {
      const file = this.#resources.filesystem.open(this.path(suffix), "write");
      try {
        file.syncNow();
      } finally {
        file.close();
      }
    }
  }

  /** Gives the memory of the indexes back; they are loaded again when needed. */
  releaseIndexes(): void {
    this.flushIndexes();
    this.dropIndexes();
  }

  dropIndexes(): void {
    this.#tables = [];
    this.#offsets = undefined;
    this.#times = undefined;
    this.#resources.indexes.forget(this);
  }

  close(): void {
    this.dropIndexes();
    this.file.close();
  }

  /** Gives the files another name, which says that they are to go, and adds it to `renamed`. Who reads them at the moment can go on. */
  setAside(renamed: string[]): void {
    this.close();
    this.rename(DELETED_SUFFIX, SEGMENT_SUFFIXES, renamed);
  }

  /** Its batches are under a name that says that they are to go, whatever became of its other files. */
  get isSetAside(): boolean {
    return this.#ending === DELETED_SUFFIX;
  }

  /** Gives the files names that end so, in the order of their suffixes, and adds them to `renamed`. The indexes must be in their files. */
  rename(ending: string, order: readonly string[], renamed: string[] = []): void {
    this.dropIndexes();
    // Nothing could make it anew: readers go by what is in memory if it cannot be renamed.
    if (this.#hasTransactionIndex) this.transactionIndex();
    const { filesystem } = this.#resources;
    const from = this.#ending;
    for (const suffix of order) {
      const path = this.#pathEnding(suffix, from);
      if (filesystem.stat(path) === undefined) continue;
      filesystem.rename(path, this.#pathEnding(suffix, ending));
      renamed.push(this.#pathEnding(suffix, ending));
      // The segment is where its batches are, also when the next file cannot be renamed: indexes are made anew.
      if (suffix === LOG_SUFFIX) this.#moveTo(ending);
    }
  }

  #moveTo(ending: string): void {
    this.#ending = ending;
    this.file.renamed(this.path(LOG_SUFFIX), ending === DELETED_SUFFIX);
  }

  /** `false` when a file is missing or wrong, which is said. @param mayBeMissing a process that died may not have made them */
  #loadIndexes(mayBeMissing = false): boolean {
    const offsetTable = this.#loadTable(OFFSET_INDEX_SUFFIX, OFFSET_INDEX_ENTRY_BYTES, mayBeMissing || this.sizeBytes === 0);
    const timeTable = this.#loadTable(TIME_INDEX_SUFFIX, TIME_INDEX_ENTRY_BYTES, mayBeMissing || this.sizeBytes === 0);
    if (offsetTable === undefined || timeTable === undefined) return false;
    const { offsets, times } = this.#useTables(offsetTable, timeTable);
    const areSound =
      !this.#isDamaged(OFFSET_INDEX_SUFFIX, offsets.damagedAt(this.sizeBytes)) && !this.#isDamaged(TIME_INDEX_SUFFIX, times.damagedAt());
    if (!areSound) this.dropIndexes();
    return areSound;
  }

  #loadTable(suffix: string, entryBytes: number, mayBeMissing: boolean): IndexTable | undefined {
    const { filesystem, logger } = this.#resources;
    const path = this.path(suffix);
    const table = IndexTable.load(filesystem, path, entryBytes);
    if (table !== undefined) return table;
    const sizeBytes = filesystem.stat(path)?.sizeBytes;
    if (sizeBytes !== undefined) this.#isDamaged(suffix, sizeBytes - (sizeBytes % entryBytes));
    else if (!mayBeMissing) logger.warn({ path }, "an index is missing, and is made anew");
    return undefined;
  }

  #isDamaged(suffix: string, positionBytes: number | undefined): boolean {
    if (positionBytes === undefined) return false;
    this.#resources.logger.warn({ path: this.path(suffix), positionBytes }, "an index is damaged, and is made anew");
    return true;
  }

  /** Records are missing where the file ends, up to the next segment's first: said once. */
  sayCutOff(positionBytes: number, nextBaseOffset: number): void {
    if (this.#isKnownCutOff) return;
    this.#isKnownCutOff = true;
    this.#resources.logger.error({ path: this.file.path, positionBytes, nextBaseOffset }, "records are missing at the end of a segment");
  }

  /** Holds the largest timestamp against the batches at the end of the file, once: whoever passes a segment over for it must be right. */
  verifyTimes(): void {
    if (this.#areTimesVerified || this.sizeBytes === 0) return;
    this.#areTimesVerified = true;
    const from = readLastPosition(this.#resources.filesystem, this.path(OFFSET_INDEX_SUFFIX)) ?? 0;
    const { timestampMs, offset } = this.largestTimestamp;
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(VERIFIED_BYTES, this.sizeBytes - from)));
    const end = this.file.use().read(buffer, from);
    for (const { lastOffset, maxTimestamp } of headersIn(buffer, end)) {
      if (maxTimestamp <= timestampMs && !(lastOffset === offset && maxTimestamp !== timestampMs)) continue;
      this.distrustIndex(TIME_INDEX_SUFFIX, 0);
      return;
    }
  }

  /** The batches say something else than an index does: both are made anew. @param positionBytes where in the index */
  distrustIndex(suffix: typeof OFFSET_INDEX_SUFFIX | typeof TIME_INDEX_SUFFIX, positionBytes: number): void {
    this.#isDamaged(suffix, positionBytes);
    this.dropIndexes();
    this.#rebuildIndexes();
  }

  /** Empty indexes, to be filled by `noteBatch`. */
  resetIndexes(): Indexes {
    const { filesystem } = this.#resources;
    this.#largestTimestamp = NO_TIMESTAMP_YET;
    this.#bytesSinceEntry = 0;
    return this.#useTables(
      IndexTable.empty(filesystem, this.path(OFFSET_INDEX_SUFFIX), OFFSET_INDEX_ENTRY_BYTES),
      IndexTable.empty(filesystem, this.path(TIME_INDEX_SUFFIX), TIME_INDEX_ENTRY_BYTES),
    );
  }

  #useTables(offsetTable: IndexTable, timeTable: IndexTable): Indexes {
    const offsets = new OffsetIndex(offsetTable, this.baseOffset);
    const times = new TimeIndex(timeTable, this.baseOffset);
    this.#tables = [offsetTable, timeTable];
    this.#offsets = offsets;
    this.#times = times;
    this.#resources.indexes.touch(this);
    return { offsets, times };
  }

  /** Makes the indexes from the file, of all that can be read. */
  #rebuildIndexes(): void {
    const { sizeBytes } = this;
    this.resetIndexes();
    const range = { from: 0, to: sizeBytes, nextOffset: this.baseOffset, endOffset: Number.MAX_SAFE_INTEGER };
    for (const item of wholeBatchesIn(this.file.use(), range)) {
      if ("batch" in item) this.noteBatch(rangeOf(item.batch, item.position));
      else sayDamage(this.#resources.logger, this.file.path, item);
    }
    this.sizeBytes = sizeBytes;
    this.times.append(this.largestTimestamp);
    if (sizeBytes > 0) for (const table of this.#tables) table.replaceFile();
  }

  /** Goes back to what the indexes knew before their last entry for a batch that ends at or before `offset`, and gives that entry. */
  rewindIndexes(offset: number, isClean: boolean): IndexedBatch {
    const isLoaded = this.#offsets !== undefined || this.#loadIndexes(!isClean);
    const floor = isLoaded ? this.offsets.floor(offset) : undefined;
    if (floor === undefined) {
      this.resetIndexes();
      return { lastOffset: -1, position: 0 };
    }
    // The entry itself is made again when its batch is met: more than the interval lies before it.
    this.offsets.truncate(floor.lastOffset - 1);
    this.times.truncate(floor.lastOffset - 1);
    this.#largestTimestamp = this.times.last ?? NO_TIMESTAMP_YET;
    this.#bytesSinceEntry = Number.POSITIVE_INFINITY;
    return floor;
  }
}

export interface SegmentMark {
  readonly sizeBytes: number;
  readonly largestTimestamp: TimestampReached | undefined;
  readonly firstTimestampMs: number | undefined;
  readonly bytesSinceEntry: number;
}

export interface SegmentState {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly hasTransactionIndex: boolean;
  readonly indexIntervalBytes: number;
  /** Of the names of its files, besides their suffix; "" unless given. */
  readonly ending?: string;
}

/** Its files are made when it is written to. */
export function emptySegment(
  directory: string,
  resources: SegmentResources,
  state: Omit<SegmentState, "sizeBytes" | "hasTransactionIndex">,
): Segment {
  return new Segment(directory, resources, { ...state, sizeBytes: 0, hasTransactionIndex: false });
}

async function syncFile(filesystem: Filesystem, path: string): Promise<void> {
  const file = filesystem.open(path, "write");
  try {
    await file.sync();
  } finally {
    file.close();
  }
}

/** The last one, which grows. */
export function newestOf(segments: readonly Segment[]): Segment {
  const newest = segments.at(-1);
  if (newest === undefined) throw new StorageError("SEGMENT_CORRUPT", "A log without segments");
  return newest;
}

/** Files that were opened for something that failed are not kept open. */
export function closingOnFailure<Result>(segments: readonly Segment[], action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    for (const segment of segments) segment.close();
    throw error;
  }
}

export function rangeOf(batch: RecordBatch, position: number): AppendedRange {
  return { position, sizeBytes: batch.sizeBytes, lastOffset: batch.lastOffset, maxTimestampMs: batch.maxTimestamp };
}
