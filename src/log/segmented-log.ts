// The log of one partition as a row of segment files. An append checks the batch, gives it offsets, writes it with one system call and
// only then counts it; a write that fails is taken back, and when even that fails the log takes no more. What an index, a checkpoint or a
// snapshot lacks after a crash is made anew from the batches.

import { Errors } from "../../protocol/errors.ts";
import { NO_TIMESTAMP, TimestampType } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import type { BufferPool } from "../base/buffer-pool.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { refusal, validateClientBatch } from "../storage/append-validation.ts";
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  LogRead,
  PartitionLog,
  ReadOptions,
  TimestampedOffset,
} from "../storage/partition-log.ts";
import type { EndedTransaction, ProducerState, ProducerStates } from "../storage/producer-states.ts";
import { countExpiredSegments } from "../storage/retention.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { Durability } from "./durability.ts";
import { LeaderEpochFile } from "./leader-epoch-file.ts";
import type { LogOptions, LogResources } from "./log-options.ts";
import { nothingRead, readFromFile, readFromTail, segmentIndexOf } from "./log-reader.ts";
import { ProducerSnapshots } from "./producer-snapshots.ts";
import { recoverLog } from "./recovery.ts";
import { rangeOf, Segment } from "./segment.ts";
import { shouldRoll } from "./segment-roll.ts";
import { completeSwap } from "./segment-swap.ts";
import { syncSegments } from "./segment-sync.ts";
import { Tail } from "./tail-cache.ts";
import { findMaxTimestamp, findTimestamp, lookUp } from "./timestamp-lookup.ts";

export class SegmentedLog implements PartitionLog {
  readonly topicPartition: TopicPartition;
  readonly topicId: string;
  readonly directory: string;
  readonly #resources: LogResources;
  readonly #logger: Logger;
  #settings: TopicSettings;
  #segments: Segment[];
  #active: Segment;
  #jitterMs = 0;
  #sizeBytes: number;
  #logStartOffset: number;
  #logEndOffset: number;
  readonly #durability: Durability;
  readonly #leaderEpochs: LeaderEpochFile;
  readonly #producers: ProducerStates;
  readonly #snapshots: ProducerSnapshots;
  #tail: Tail | undefined;
  /** Files were made since the folder was last synced. */
  #isFolderDirty = true;
  #failure: unknown;
  #isClosed = false;

  /** Opens or makes the log in `directory`, which exists. Throws Node's errors. */
  constructor(options: LogOptions) {
    const { resources, settings, directory } = options;
    this.topicPartition = options.topicPartition;
    this.topicId = options.topicId;
    this.directory = directory;
    this.#resources = resources;
    this.#settings = settings;
    this.#logger = resources.logger;
    const nowMs = resources.clock.now();
    const indexIntervalBytes = settings["index.interval.bytes"];
    const recovered = recoverLog({ ...options, logger: this.#logger, indexIntervalBytes, nowMs });
    this.#segments = recovered.segments;
    this.#active = lastOf(recovered.segments);
    this.#sizeBytes = this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#logStartOffset = recovered.logStartOffset;
    this.#logEndOffset = recovered.logEndOffset;
    this.#durability = new Durability({
      clock: resources.clock,
      settings,
      logEndOffset: recovered.logEndOffset,
      flushedOffset: options.isClean ? recovered.logEndOffset : Math.min(options.recoveryPoint, recovered.logEndOffset),
      sync: () => this.#sync(),
      failed: (error) => this.#fail(error, "could not flush the log"),
      moved: () => this.#producers.settle(this.durableOffset),
    });
    this.#leaderEpochs = new LeaderEpochFile(resources.filesystem, directory, recovered.leaderEpochs);
    this.#snapshots = new ProducerSnapshots(resources.filesystem, directory, recovered.snapshotOffsets);
    this.#producers = this.#snapshots.load({
      segments: this.#segments,
      logStartOffset: this.#logStartOffset,
      logEndOffset: this.#logEndOffset,
      reliableUntil: options.isClean ? Number.MAX_SAFE_INTEGER : options.recoveryPoint,
      isClean: options.isClean,
      nowMs,
      expirationMs: resources.producerIdExpirationMs,
    });
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  get durableOffset(): number {
    return this.#durability.durableOffset;
  }

  /** Everything below it is on the disk: where recovery begins. */
  get recoveryPoint(): number {
    return this.#durability.flushedOffset;
  }

  get firstUnstableOffset(): number {
    return Math.max(this.#producers.firstUnstableOffset ?? this.#logEndOffset, this.#logStartOffset);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Oldest first; the last one grows. Another array as soon as some were taken away or replaced. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** False once the log took no more: its files may say less than was acknowledged. */
  get isIntact(): boolean {
    return this.#failure === undefined;
  }

  append(records: Buffer, options: AppendOptions): AppendResult {
    assert(!this.#isClosed, "a closed log is not appended to");
    if (this.#failure !== undefined)
      return refusal(Errors.KAFKA_STORAGE_ERROR, "The partition's log could not be written and takes no more.");
    return options.origin === "client" ? this.#appendFromClient(records, options) : this.#appendFromCoordinator(records, options);
  }

  #appendFromClient(records: Buffer, options: AppendOptions): AppendResult {
    const nowMs = this.#resources.clock.now();
    const validated = validateClientBatch(records, { topicPartition: this.topicPartition, settings: this.#settings, nowMs });
    if (!validated.ok) return validated;
    const { batch, timestampType, maxTimestampMs } = validated;
    const decision = this.#producers.check(batch, options);
    if (decision.kind === "refused") return refusal(decision.error, decision.message);
    if (decision.kind === "duplicate") {
      const { lastOffset, offsetDelta, timestampMs } = decision.batch;
      const logAppendTimeMs = timestampType === TimestampType.LOG_APPEND_TIME ? timestampMs : NO_TIMESTAMP;
      return { ok: true, baseOffset: lastOffset - offsetDelta, lastOffset, logAppendTimeMs, isDuplicate: true };
    }
    return this.#write(batch, { leaderEpoch: options.leaderEpoch, timestampType, maxTimestampMs, nowMs });
  }

  /** One batch, which we built ourselves: it is not judged but for its size and its producer. */
  #appendFromCoordinator(records: Buffer, options: AppendOptions): AppendResult {
    const batch = new RecordBatch(records);
    assert(batch.end === records.length, "a coordinator appends one batch at a time");
    const largest = this.#settings["max.message.bytes"];
    if (batch.sizeBytes > largest)
      return refusal(Errors.MESSAGE_TOO_LARGE, `The batch has ${batch.sizeBytes} bytes; at most ${largest} are taken.`);
    const decision = this.#producers.check(batch, options);
    if (decision.kind === "refused") return refusal(decision.error, decision.message);
    return this.#write(batch, {
      leaderEpoch: options.leaderEpoch,
      timestampType: batch.timestampType,
      maxTimestampMs: batch.maxTimestamp,
      nowMs: this.#resources.clock.now(),
    });
  }

  #write(batch: RecordBatch, stamp: Stamp): AppendResult {
    const baseOffset = this.#logEndOffset;
    const lastOffset = baseOffset + batch.lastOffsetDelta;
    try {
      this.#prepare(batch, stamp, lastOffset);
      const stored = this.#writeBatch(batch, stamp);
      this.#tookIn(stored);
    } catch (error) {
      this.#logger.error(
        { err: error, partition: topicPartitionName(this.topicPartition), offset: baseOffset },
        "could not append to a log",
      );
      return refusal(Errors.KAFKA_STORAGE_ERROR, "The batch could not be written to the disk.");
    }
    const logAppendTimeMs = stamp.timestampType === TimestampType.LOG_APPEND_TIME ? stamp.maxTimestampMs : NO_TIMESTAMP;
    return { ok: true, baseOffset, lastOffset, logAppendTimeMs, isDuplicate: false };
  }

  #prepare(batch: RecordBatch, { leaderEpoch, maxTimestampMs, nowMs }: Stamp, lastOffset: number): void {
    const incoming = { sizeBytes: batch.sizeBytes, lastOffset, maxTimestampMs };
    if (shouldRoll(this.#active, incoming, { settings: this.#settings, jitterMs: this.#jitterMs, nowMs })) this.#roll();
    this.#leaderEpochs.start(leaderEpoch, this.#logEndOffset);
    if (this.#leaderEpochs.save()) this.#isFolderDirty = true;
  }

  /** Copies the batch into the tail, stamps it there and writes it from there. */
  #writeBatch(batch: RecordBatch, stamp: Stamp): RecordBatch {
    this.#tail ??= new Tail(this.#resources.tails);
    const segment = this.#active;
    const { sizeBytes } = batch;
    const position = segment.sizeBytes;
    const slab = this.#tail.reserve(sizeBytes, { segmentBaseOffset: segment.baseOffset, position, offset: this.#logEndOffset });
    const at = slab.usedBytes;
    batch.buffer.copy(slab.buffer, at, batch.start, batch.end);
    const stored = new RecordBatch(slab.buffer, at, at + sizeBytes);
    stored.baseOffset = this.#logEndOffset;
    stored.partitionLeaderEpoch = stamp.leaderEpoch;
    stored.setMaxTimestamp(stamp.timestampType, stamp.maxTimestampMs);
    const file = segment.file.use();
    if (position === 0) this.#isFolderDirty = true;
    try {
      file.write([stored.bytes], position);
    } catch (error) {
      this.#takeBack(segment, position);
      throw error;
    }
    this.#tail.commit(slab, sizeBytes, stored.nextOffset);
    return stored;
  }

  /** Part of a batch may have reached the file. Until it is gone, nothing may follow it. */
  #takeBack(segment: Segment, position: number): void {
    try {
      segment.file.use().truncate(position);
    } catch (error) {
      this.#fail(error, "could not take back a failed write");
    }
  }

  /** The batch is in the file: it counts, whatever fails from here on. */
  #tookIn(stored: RecordBatch): void {
    const segment = this.#active;
    const range = rangeOf(stored, segment.sizeBytes);
    this.#logEndOffset = stored.nextOffset;
    this.#sizeBytes += range.sizeBytes;
    try {
      segment.noteBatch(range);
    } catch (error) {
      // An index lacks an entry, which makes it slower and no less right.
      this.#logger.warn({ err: error, segment: segment.file.path }, "could not index a batch");
    }
    const ended = this.#producers.append(stored);
    if (ended?.isAborted === true) this.#noteAborted(segment, ended);
    this.#durability.written(this.#logEndOffset);
    this.#producers.settle(this.durableOffset);
  }

  #noteAborted(segment: Segment, { producerId, firstOffset, lastOffset, lastStableOffset }: EndedTransaction): void {
    try {
      segment.transactionIndex().append({ producerId, firstOffset, lastOffset, lastStableOffset });
    } catch (error) {
      // Readers would take aborted records for committed ones. A new start makes the entry from the marker.
      this.#fail(error, "could not note an aborted transaction");
    }
  }

  onDurable(listener: () => void): void {
    this.#durability.onDurable(listener);
  }

  async #sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const first = Math.max(0, segmentIndexOf(this.#segments, this.recoveryPoint));
    await syncSegments(this.#segments.slice(first), this);
    if (this.#isFolderDirty) await this.#syncFolder();
  }

  /** The names of new files, and the epochs. */
  async #syncFolder(): Promise<void> {
    this.#isFolderDirty = false;
    await this.#leaderEpochs.sync();
    await this.#resources.filesystem.syncDirectoryLater(this.directory);
    await this.#resources.syncFolders();
  }

  flush(): Promise<void> {
    return this.#durability.flush();
  }

  /** A flush after which recovery needs little: with the producers' states as they are now, and the indexes. */
  async checkpoint(): Promise<void> {
    if (this.#isClosed || this.#failure !== undefined || this.#logEndOffset === 0) return;
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    await this.flush();
    if (!this.#isClosed) this.#active.flushIndexes();
  }

  #roll(): void {
    const nowMs = this.#resources.clock.now();
    this.#active.seal();
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    this.#active = new Segment(this.directory, this.#resources, {
      baseOffset: this.#logEndOffset,
      sizeBytes: 0,
      createdMs: nowMs,
      hasTransactionIndex: false,
      indexIntervalBytes: this.#settings["index.interval.bytes"],
    });
    // The file is made at once: its name is what says, after retention removed all others, where offsets go on.
    this.#active.file.use();
    this.#segments.push(this.#active);
    this.#isFolderDirty = true;
    this.#jitterMs = Math.floor(this.#resources.jitter() * Math.min(this.#settings["segment.jitter.ms"], this.#settings["segment.ms"]));
    this.#durability.flushSoon();
  }

  #fail(error: unknown, message: string): void {
    this.#failure ??= error;
    this.#logger.error({ err: error, partition: topicPartitionName(this.topicPartition) }, message);
  }

  /** A read may come late, from someone who waited for records. */
  #checkOpen(): void {
    if (this.#isClosed) throw new StorageError("READ_FAILED", "The log is closed", { directory: this.directory });
  }

  read(options: ReadOptions): LogRead | Promise<LogRead> {
    this.#checkOpen();
    if (options.offset >= options.untilOffset || options.offset >= this.#logEndOffset) return nothingRead(options.offset);
    const fromTail = this.#tail === undefined ? undefined : readFromTail(this.#tail, this.#segments, options);
    return fromTail ?? readFromFile(this, options);
  }

  get readBuffers(): BufferPool {
    return this.#resources.readBuffers;
  }

  abortedTransactions(fromOffset: number, untilOffset: number): readonly AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    for (const segment of this.#segments.slice(Math.max(0, segmentIndexOf(this.#segments, fromOffset)))) {
      if (segment.transactions?.collect(fromOffset, untilOffset, found) === true) break;
    }
    return found;
  }

  async offsetForTimestamp(timestampMs: number, untilOffset: number): Promise<TimestampedOffset | undefined> {
    this.#checkOpen();
    return lookUp(this, (segments) => findTimestamp(timestampMs, { segments, fromOffset: this.#logStartOffset, untilOffset }));
  }

  async offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    this.#checkOpen();
    const untilOffset = this.#logEndOffset;
    return lookUp(this, (segments) => findMaxTimestamp({ segments, fromOffset: this.#logStartOffset, untilOffset }));
  }

  endOffsetForEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    return this.#leaderEpochs.epochs.endOffsetFor(leaderEpoch, this.#logEndOffset);
  }

  leaderEpochAt(offset: number): number {
    return this.#leaderEpochs.epochs.epochAt(offset);
  }

  startLeaderEpoch(leaderEpoch: number): void {
    this.#leaderEpochs.start(leaderEpoch, this.#logEndOffset);
  }

  deleteRecordsBefore(offset: number): void {
    assert(offset <= this.#logEndOffset, "only records that are there are deleted");
    if (offset <= this.#logStartOffset) return;
    this.#moveLogStart(offset);
    const index = segmentIndexOf(this.#segments, offset);
    if (index > 0) this.#removeOldest(index);
    this.#resources.logStartMoved(this);
  }

  enforceRetention(): number {
    const nowMs = this.#resources.clock.now();
    this.#producers.expire(nowMs, this.#resources.producerIdExpirationMs);
    const count = countExpiredSegments({
      segments: this.#segments,
      settings: this.#settings,
      logStartOffset: this.#logStartOffset,
      logEndOffset: this.#logEndOffset,
      highWatermark: this.durableOffset,
      nowMs,
    });
    if (count === 0) return 0;
    if (count === this.#segments.length) this.#roll();
    this.#moveLogStart(Math.max(this.#logStartOffset, this.#segments[count]?.baseOffset ?? this.#logEndOffset));
    this.#removeOldest(count);
    this.#resources.logStartMoved(this);
    return count;
  }

  #moveLogStart(offset: number): void {
    this.#logStartOffset = offset;
    this.#leaderEpochs.truncateFromStart(offset);
  }

  /** Their files get another name at once and go after file.delete.delay.ms, when nobody reads them any more. */
  #removeOldest(count: number): void {
    const removed = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    for (const { sizeBytes } of removed) this.#sizeBytes -= sizeBytes;
    const paths = removed.flatMap((segment) => this.#setAside(segment));
    this.#snapshots.removeBelow(this.#segments[0]?.baseOffset ?? 0);
    const facts = { partition: topicPartitionName(this.topicPartition), count, logStartOffset: this.#logStartOffset };
    this.#logger.info(facts, "deleted segments");
    this.#resources.removeLater(paths, this.settings["file.delete.delay.ms"]);
  }

  #setAside(segment: Segment): string[] {
    try {
      return segment.setAside();
    } catch (error) {
      // It is no longer part of the log; the next start finds it below the log's start, and retention takes it then.
      this.#logger.warn({ err: error, segment: segment.file.path }, "could not set a deleted segment aside");
      return [];
    }
  }

  /** Puts a compacted segment, for which the swap is decided, in the place of several that follow one another. */
  replaceSegments(replaced: readonly Segment[], compacted: Segment): void {
    const index = segmentIndexOf(this.#segments, compacted.baseOffset);
    const next = this.#segments[index + replaced.length];
    assert(this.#segments[index] === replaced[0] && next !== undefined, "segments of the log but its last are replaced");
    try {
      this.#resources.removeLater(completeSwap(compacted, replaced), this.settings["file.delete.delay.ms"]);
    } catch (error) {
      // The next start completes it.
      this.#fail(error, "could not put a compacted segment in its place");
      throw error;
    }
    this.#segments = this.#segments.toSpliced(index, replaced.length, compacted);
    this.#sizeBytes = this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#tail?.dropBefore(next.baseOffset);
    this.#snapshots.removeBetween(compacted.baseOffset, next.baseOffset);
  }

  activeProducers(): readonly ActiveProducer[] {
    return this.#producers.activeProducers();
  }

  producer(producerId: number): ProducerState | undefined {
    return this.#producers.get(producerId);
  }

  configure(settings: TopicSettings): void {
    this.#settings = settings;
    this.#active.indexIntervalBytes = settings["index.interval.bytes"];
    this.#durability.configure(settings);
  }

  /** Completes the files, so that the next open need not look for what is missing; `flush` before makes them survive a power failure. */
  close(): void {
    if (this.#isClosed) return;
    try {
      if (this.#failure === undefined) this.#complete();
    } catch (error) {
      this.#fail(error, "could not complete the files of a log");
    }
    this.abandon();
    this.#resources.closed(this);
  }

  /** Closes a log whose files will be removed. */
  abandon(): void {
    this.#isClosed = true;
    this.#durability.close();
    for (const segment of this.#segments) segment.close();
    this.#tail?.clear();
  }

  #complete(): void {
    for (const segment of this.#segments) segment.flushIndexes();
    if (this.#logEndOffset === 0) return;
    this.#active.seal();
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    this.#leaderEpochs.save();
  }
}

interface Stamp {
  readonly leaderEpoch: number;
  readonly timestampType: TimestampType;
  readonly maxTimestampMs: number;
  readonly nowMs: number;
}

function lastOf(segments: readonly Segment[]): Segment {
  const last = segments.at(-1);
  if (last === undefined) throw new StorageError("SEGMENT_CORRUPT", "A log without segments");
  return last;
}
