// The engine that keeps logs as Apache Kafka does, in one data folder: a folder for each partition, and beside them what concerns all.
//
//   .lock                          held while a broker uses the folder
//   meta.properties                cluster id and node id
//   .kafka_cleanshutdown           there only while no broker uses the folder, after one that stopped in order
//   *-offset-checkpoint            offsets of all partitions
//   metadata.journal               see journal-metadata-store.ts
//   <topic>-<partition>/           see file-names.ts

import { dirname, resolve } from "node:path";
import { assert } from "../base/assert.ts";
import { Backlog } from "../base/backlog.ts";
import { BufferPool } from "../base/buffer-pool.ts";
import type { Clock } from "../base/clock.ts";
import type { Filesystem } from "../base/filesystem.ts";
import { Gate } from "../base/gate.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { MemoryFilesystem } from "../base/memory-filesystem.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import type {
  CompactionLimits,
  LogDirectory,
  LogSpec,
  StorageEngine,
  StoredPartition,
  StoredPartitions,
} from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { DelayedRemoval } from "./delayed-removal.ts";
import { FileHandles } from "./file-handles.ts";
import { isDeletedFolder, partitionOfFolder, partitionOfStray, uniqueHex } from "./file-names.ts";
import { type ClosedShare, type EngineShare, FolderShare } from "./folder-share.ts";
import { GatheredWrites } from "./gathered-writes.ts";
import { IndexCache } from "./index-cache.ts";
import { LogCleaner } from "./log-cleaner.ts";
import { LogDeletion } from "./log-deletion.ts";
import type { EngineLog, LogResources } from "./log-options.ts";
import { openMetaProperties } from "./meta-properties.ts";
import { OffsetCheckpoints } from "./offset-checkpoints.ts";
import { makePartitionFolder, readTopicId, removePartitionFolder, soundTopicId, writeTopicId } from "./partition-metadata.ts";
import { SegmentedLog } from "./segmented-log.ts";
import { findStrays, makeStray, type StrayFolder, type StrayOffsets, takeBack } from "./stray-folders.ts";
import { TailCache } from "./tail-cache.ts";

export interface SegmentedEngineOptions {
  readonly filesystem: Filesystem;
  /** The data folder; made when there is none. */
  readonly directory: string;
  readonly brokerId: number;
  /** Replaces the one that the folder has; without both, a new one is made. */
  readonly clusterId?: string | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly random?: Random;
  /** The setting producer.id.expiration.ms, as it is at the moment. */
  readonly producerIdExpirationMs?: () => number;
  /** Memory for the newest bytes of all logs. */
  readonly tailBytes?: number;
  /** Memory for indexes of all logs. */
  readonly indexBytes?: number;
  readonly openFiles?: number;
  /** Deleted files go at once instead of after file.delete.delay.ms. */
  readonly removesAtOnce?: boolean;
  /** From the engine of another thread that has opened the folder, and closes it after this one. */
  readonly share?: EngineShare;
}

const MIB = 1024 * 1024;
const DEFAULT_TAIL_BYTES = 64 * MIB;
const DEFAULT_MEMORY_TAIL_BYTES = 16 * MIB;
const DEFAULT_INDEX_BYTES = 32 * MIB;
const DEFAULT_OPEN_FILES = 1024;
const DEFAULT_PRODUCER_ID_EXPIRATION_MS = 86_400_000;
const FLUSHES_AT_ONCE = 8;
const LONG_BATCHES_AT_ONCE = 1;

const UNKNOWN_SPACE = { totalBytes: -1, usableBytes: -1 };

const LOCK_FILE = ".lock";
const CLEAN_STOP_FILE = ".kafka_cleanshutdown";

/** Throws StorageError: DIRECTORY_IN_USE, DIRECTORY_UNWRITABLE, DIRECTORY_TOO_NEW. */
export function openSegmentedEngine(options: SegmentedEngineOptions): SegmentedEngine {
  const unlock = options.share === undefined ? lockFolder(options) : () => undefined;
  try {
    return new SegmentedEngine(options, unlock);
  } catch (error) {
    unlock();
    throw error instanceof StorageError ? error : unwritable(options.directory, error);
  }
}

/** The same logs in memory: nothing outlives the engine. */
export function openMemoryEngine(options: Omit<SegmentedEngineOptions, "filesystem" | "directory" | "removesAtOnce">): SegmentedEngine {
  const filesystem = new MemoryFilesystem(options.clock);
  return openSegmentedEngine({ tailBytes: DEFAULT_MEMORY_TAIL_BYTES, ...options, filesystem, directory: "/data", removesAtOnce: true });
}

function lockFolder({ filesystem, directory }: SegmentedEngineOptions): () => void {
  try {
    makeDurableDirectory(filesystem, directory);
    const unlock = filesystem.lock(`${directory}/${LOCK_FILE}`);
    if (unlock !== undefined) return unlock;
  } catch (error) {
    throw unwritable(directory, error);
  }
  throw new StorageError("DIRECTORY_IN_USE", `Another broker is using the data folder ${directory}`, { directory });
}

/** A folder whose own name the disk may forget keeps nothing. */
function makeDurableDirectory(filesystem: Filesystem, directory: string): void {
  if (filesystem.stat(directory)?.isDirectory === true) return;
  const above = dirname(directory);
  if (above !== directory) makeDurableDirectory(filesystem, above);
  filesystem.makeDirectory(directory);
  filesystem.syncDirectory(above);
}

function unwritable(directory: string, cause: unknown): StorageError {
  return new StorageError("DIRECTORY_UNWRITABLE", `The data folder ${directory} cannot be used`, { directory, cause });
}

export class SegmentedEngine implements StorageEngine, StoredPartitions {
  readonly opensAtOnce = true;
  readonly clusterId: string;
  readonly #options: SegmentedEngineOptions;
  readonly #filesystem: Filesystem;
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #random: Random;
  readonly #unlock: () => void;
  readonly #resources: LogResources;
  readonly #removal: DelayedRemoval;
  readonly #deletion: LogDeletion;
  /** Folders of deleted logs that still have their names. */
  readonly #deleted: Backlog;
  readonly #folderShare: FolderShare;
  readonly #checkpoints: OffsetCheckpoints;
  readonly #cleaner: LogCleaner;
  readonly #logs = new Map<string, SegmentedLog>();
  /** Folders whose files are complete up to the last byte, with where their logs ended. */
  readonly #complete: Map<string, number>;
  /** Other threads may have opened what is complete here. */
  #isShared: boolean;
  /** Folders of partitions made so far, and how many of them the disk surely has. */
  #madeFolders = 0;
  #syncedFolders = 0;
  #isSound = true;
  #failureListener: ((partition: TopicPartition) => void) | undefined;
  #isClosed = false;

  constructor(options: SegmentedEngineOptions, unlock: () => void) {
    const { filesystem, directory, clock = systemClock, logger = silentLogger, random = systemRandom } = options;
    this.#options = options;
    this.#filesystem = filesystem;
    this.#directory = directory;
    this.#logger = logger;
    this.#random = random;
    this.#unlock = unlock;
    const { brokerId, clusterId, share } = options;
    this.clusterId =
      share?.clusterId ??
      openMetaProperties({ filesystem, directory, brokerId, clusterId, hasData: this.hasPartitions(), random, logger }).clusterId;
    this.#removal = new DelayedRemoval(filesystem, clock, logger, options.removesAtOnce ?? false);
    this.#deleted = new Backlog(clock);
    const forget = (name: string) => this.#forget(name);
    const deletion = { filesystem, directory, random, logger, removal: this.#removal, logs: this.#logs, backlog: this.#deleted };
    this.#deletion = new LogDeletion({ ...deletion, forget });
    this.#isShared = false;
    this.#folderShare = new FolderShare(share?.memory);
    this.#checkpoints = new OffsetCheckpoints(filesystem, directory, { share: this.#folderShare, logger });
    this.#resources = {
      filesystem,
      clock,
      logger,
      handles: new FileHandles(filesystem, options.openFiles ?? DEFAULT_OPEN_FILES),
      indexes: new IndexCache(options.indexBytes ?? DEFAULT_INDEX_BYTES, logger),
      tails: new TailCache(options.tailBytes ?? DEFAULT_TAIL_BYTES),
      gathered: new GatheredWrites(),
      readBuffers: new BufferPool(),
      longBatches: new Gate(LONG_BATCHES_AT_ONCE),
      get producerIdExpirationMs() {
        return options.producerIdExpirationMs?.() ?? DEFAULT_PRODUCER_ID_EXPIRATION_MS;
      },
      jitter: () => random.positiveInt32() / 2 ** 31,
      saveLogStart: (log, offset) => this.#saveLogStart(log, offset),
      logStartMoved: (log) => this.#logStartMoved(log),
      failed: ({ topicPartition }) => this.#failureListener?.(topicPartition),
      syncFolders: () => this.#syncFolders(),
      removeLater: (paths, delayMs) => this.#removal.remove(paths, delayMs),
      closed: (log) => this.#closed(log),
    };
    this.#cleaner = new LogCleaner({ resources: this.#resources, checkpoints: this.#checkpoints, logs: () => this.#logs.values() });
    this.#complete = share === undefined ? this.#lookRound() : new Map(share.complete);
  }

  /** For engines of other threads on this folder, to be opened now. From here on a log is opened by what its checkpoints say. */
  share(): EngineShare {
    this.#isShared = true;
    return { memory: this.#folderShare.memory, clusterId: this.clusterId, complete: new Map(this.#complete) };
  }

  /** This engine has opened what it had to open of what was complete: the rest may be opened by other threads from now on. */
  started(): void {
    this.#isShared = true;
  }

  /** Before other threads open logs that were closed or deleted here: nothing works on them any more, and the checkpoints tell of them. */
  async handOver(): Promise<void> {
    await this.#cleaner.leaveClosedLogs();
    try {
      this.#checkpoints.publish();
    } catch (error) {
      this.#logger.error({ err: error }, "could not write the checkpoints");
    }
  }

  /** Before this engine is closed: another, which shared the folder, is. `undefined`: it ended in some other way. */
  shareClosed(closed: ClosedShare | undefined): void {
    this.#isSound &&= closed?.isSound === true;
    // What was handed over between threads each of them has closed, the last one at its end.
    for (const [name, endOffset] of closed?.complete ?? []) this.#complete.set(name, Math.max(endOffset, this.#complete.get(name) ?? 0));
  }

  /** For the engine that shared the folder with this one, once this one is closed. */
  get closedShare(): ClosedShare {
    return { isSound: this.#isSound, complete: new Map(this.#complete) };
  }

  /** Removes what was deleted before, and gives the folders that the last stop left complete. */
  #lookRound(): Map<string, number> {
    const folders: string[] = [];
    for (const name of this.#filesystem.list(this.#directory)) {
      if (isDeletedFolder(name)) this.#filesystem.remove(`${this.#directory}/${name}`);
      else if (partitionOfFolder(name) !== undefined) folders.push(name);
    }
    const cleanStop = `${this.#directory}/${CLEAN_STOP_FILE}`;
    if (this.#filesystem.stat(cleanStop) === undefined) return new Map();
    this.#filesystem.remove(cleanStop);
    // From here on a crash must be seen as one.
    this.#filesystem.syncDirectory(this.#directory);
    return new Map(folders.map((name) => [name, this.#checkpoints.recoveryPoint(name)]));
  }

  /** The epoch comes with what is appended. */
  open(spec: Omit<LogSpec, "leaderEpoch">): SegmentedLog {
    const name = topicPartitionName(spec);
    assert(!this.#isClosed, "a closed engine opens no logs");
    this.#deleted.finish(name);
    assert(!this.#logs.has(name), "a log is opened once");
    const folder = `${this.#directory}/${name}`;
    const endedAt = this.#isShared ? undefined : this.#complete.get(name);
    this.#complete.delete(name);
    let isNew = false;
    try {
      this.#checkpoints.begin(name);
      isNew = this.#makeFolder(spec);
      const log = new SegmentedLog({
        topicPartition: { topic: spec.topic, partition: spec.partition },
        topicId: spec.topicId,
        directory: folder,
        settings: spec.settings,
        resources: this.#resources,
        isNew,
        isClean: isNew || endedAt !== undefined,
        endedAt: endedAt ?? 0,
        recoveryPoint: isNew ? 0 : this.#checkpoints.recoveryPoint(name),
        logStartOffset: isNew ? 0 : this.#checkpoints.logStartOffset(name),
        doubtsLogStart: !isNew && this.#checkpoints.doubtsLogStart(name),
        leastEndOffset: isNew ? 0 : this.#checkpoints.leastEndOffset(name),
        setAside: () => {
          // Where it started is what it was set aside for.
          const aside = this.#setAside(spec, { recoveryPoint: 0, logStartOffset: 0 });
          this.#makeFolder(spec);
          return aside;
        },
      });
      this.#logs.set(name, log);
      this.#checkpoints.noteLogStart(name, log.logStartOffset);
      return log;
    } catch (error) {
      if (isNew) removePartitionFolder(this.#filesystem, folder);
      if (error instanceof StorageError) throw error;
      throw new StorageError("READ_FAILED", `The log ${name} could not be opened`, { directory: folder, cause: error });
    }
  }

  /** `true` when there was none for this topic. One of another topic of the same name is set aside. */
  #makeFolder(spec: Pick<LogSpec, "topic" | "partition" | "topicId">): boolean {
    const { topicId } = spec;
    const name = topicPartitionName(spec);
    const folder = `${this.#directory}/${name}`;
    let isNew = this.#filesystem.stat(folder) === undefined;
    const storedId = isNew ? topicId : soundTopicId(this.#filesystem, folder, { expected: topicId, logger: this.#logger });
    if (storedId !== undefined && storedId !== topicId) {
      const aside = this.setAside(spec);
      this.#logger.warn(
        { folder: name, topicId: storedId, expectedTopicId: topicId, aside },
        "set aside a log of another topic of this name",
      );
      isNew = true;
    }
    if (isNew) makePartitionFolder(this.#filesystem, folder, topicId);
    else if (storedId === undefined) writeTopicId(this.#filesystem, folder, topicId);
    if (isNew) this.#madeFolders++;
    return isNew;
  }

  onFailure(listener: (partition: TopicPartition) => void): void {
    this.#failureListener = listener;
  }

  #forget(name: string): void {
    this.#logs.delete(name);
    this.#complete.delete(name);
    this.#checkpoints.forget(name);
  }

  delete(partition: TopicPartition): void {
    this.#deletion.delete(partition);
    // Another thread may give the name to a new log.
    if (this.#isShared || this.#options.share !== undefined) this.#deleted.finishAll();
  }

  gather(work: () => void): void {
    this.#resources.gathered.gather(work);
  }

  /** Quicker than `list`, which reads. */
  hasPartitions(): boolean {
    return this.#filesystem
      .list(this.#directory)
      .some((name) => partitionOfFolder(name) !== undefined || partitionOfStray(name) !== undefined);
  }

  list(): readonly StoredPartition[] {
    const found: StoredPartition[] = [];
    this.#deleted.finishAll();
    for (const name of this.#filesystem.list(this.#directory)) {
      const partition = partitionOfFolder(name);
      if (partition === undefined) continue;
      found.push({ ...partition, topicId: this.#logs.get(name)?.topicId ?? readTopicId(this.#filesystem, `${this.#directory}/${name}`) });
    }
    return found;
  }

  setAside(partition: TopicPartition): string {
    const name = topicPartitionName(partition);
    return this.#setAside(partition, {
      recoveryPoint: this.#checkpoints.recoveryPoint(name),
      logStartOffset: this.#checkpoints.logStartOffset(name),
    });
  }

  #setAside(partition: TopicPartition, offsets: StrayOffsets): string {
    const name = topicPartitionName(partition);
    assert(!this.#logs.has(name), "what is set aside is not open");
    const aside = makeStray(this.#filesystem, this.#directory, { partition, uniqueHex: uniqueHex(this.#random), offsets });
    this.#forget(name);
    return aside;
  }

  strays(): readonly StrayFolder[] {
    return findStrays(this.#filesystem, this.#directory, this.#logger);
  }

  /** The stray can be opened from now on. Throws StorageError when the partition has data already. */
  adopt(stray: StrayFolder): void {
    takeBack(this.#filesystem, this.#directory, stray);
    this.#checkpoints.restore(stray);
    this.#madeFolders++;
  }

  deleteStray({ folder }: StrayFolder): void {
    this.#filesystem.remove(`${this.#directory}/${folder}`);
  }

  /** What the engine holds of scarce things, over all logs. */
  get usage(): { readonly openFiles: number; readonly indexBytes: number; readonly tailBytes: number } {
    const { handles, indexes, tails } = this.#resources;
    return { openFiles: handles.openCount, indexBytes: indexes.usedBytes, tailBytes: tails.usedBytes };
  }

  logDirectory(): LogDirectory {
    const { totalBytes, usableBytes } = this.#filesystem.space?.(this.#directory) ?? UNKNOWN_SPACE;
    return { path: resolve(this.#directory), totalBytes, usableBytes };
  }

  compact(limits: CompactionLimits): Promise<boolean> {
    return this.#cleaner.clean(limits);
  }

  async checkpoint(): Promise<void> {
    await this.#forEachLog((log) => log.checkpoint());
    if (this.#isClosed) return;
    try {
      this.#writeCheckpoints();
    } catch (error) {
      this.#logger.error({ err: error }, "could not write the checkpoints");
    }
  }

  #writeCheckpoints(): void {
    for (const log of this.#logs.values()) this.#checkpoints.note(log);
    this.#checkpoints.write();
  }

  #closed(log: EngineLog): void {
    const name = topicPartitionName(log.topicPartition);
    this.#logs.delete(name);
    this.#checkpoints.note(log);
    this.#isSound &&= log.isIntact;
    if (log.isIntact) this.#complete.set(name, log.logEndOffset);
  }

  /** A few at a time. A log that fails says so itself, and takes no more. */
  async #forEachLog(action: (log: SegmentedLog) => Promise<void>): Promise<void> {
    const logs = this.#logs.values();
    const worker = async () => {
      for (const log of logs) {
        try {
          await action(log);
        } catch (error) {
          this.#isSound = false;
          // One that was deleted meanwhile is nobody's concern.
          if (!log.isClosed) this.#logger.error({ err: error, partition: topicPartitionName(log.topicPartition) }, "could not flush a log");
        }
      }
    };
    await Promise.all(Array.from({ length: FLUSHES_AT_ONCE }, worker));
  }

  #saveLogStart(log: EngineLog, offset: number): void {
    const name = topicPartitionName(log.topicPartition);
    try {
      this.#checkpoints.noteLogStart(name, offset);
      this.#checkpoints.writeLogStarts();
    } catch (error) {
      this.#checkpoints.noteLogStart(name, log.logStartOffset);
      throw new StorageError("WRITE_FAILED", `Where the log ${name} starts could not be written`, {
        directory: log.directory,
        cause: error,
      });
    }
  }

  #logStartMoved(log: EngineLog): void {
    this.#checkpoints.note(log);
    try {
      this.#checkpoints.writeLogStarts();
    } catch (error) {
      this.#logger.warn({ err: error, directory: log.directory }, "could not write where a log starts");
    }
  }

  async #syncFolders(): Promise<void> {
    const madeFolders = this.#madeFolders;
    if (madeFolders === this.#syncedFolders) return;
    await this.#filesystem.syncDirectoryLater(this.#directory);
    this.#syncedFolders = Math.max(this.#syncedFolders, madeFolders);
  }

  /** On the disk, too, and also what was never opened, or could not be: the next start would take it for complete. */
  #isComplete(): boolean {
    const isComplete = (name: string) => this.#complete.get(name) === this.#checkpoints.recoveryPoint(name);
    return this.#filesystem.list(this.#directory).every((name) => partitionOfFolder(name) === undefined || isComplete(name));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#cleaner.stop();
    await this.#forEachLog((log) => log.checkpoint());
    this.#isClosed = true;
    this.#resources.readBuffers.close();
    this.#deleted.finishAll();
    this.#removal.stop();
    try {
      for (const log of [...this.#logs.values()]) log.close();
      this.#checkpoints.write();
      if (this.#options.share === undefined && this.#isSound && this.#isComplete())
        this.#filesystem.replaceFile(`${this.#directory}/${CLEAN_STOP_FILE}`, JSON.stringify({ version: 0, brokerEpoch: -1 }));
    } catch (error) {
      this.#logger.error({ err: error }, "could not stop in order; the next start checks the logs");
    } finally {
      this.#unlock();
    }
  }
}
