// The log of one partition as a row of segment files. An append checks the batch, gives it offsets, writes it with one system call and
// only then counts it; a write that fails is taken back, and when even that fails the log takes no more. What an index, a checkpoint or a
// snapshot lacks after a crash is made anew from the batches.

import { Errors } from "../../protocol/errors.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import type { BufferPool } from "../base/buffer-pool.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { appended, notWritten } from "../storage/append-results.ts";
import {
  type AbortedTransaction,
  type ActiveProducer,
  type AppendOptions,
  type AppendResult,
  type LogRead,
  type PartitionLog,
  type ReadOptions,
  refusal,
  type StoredPlace,
  type TimestampedOffset,
} from "../storage/partition-log.ts";
import type { EndedTransaction, ProducerState, ProducerStates } from "../storage/producer-states.ts";
import { countExpiredSegments } from "../storage/retention.ts";
import type { DatedStamp } from "../storage/stamp.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { judgeAppend } from "./append-judgement.ts";
import { Durability } from "./durability.ts";
import { LeaderEpochFile } from "./leader-epoch-file.ts";
import { LogFolder } from "./log-folder.ts";
import type { LogOptions, LogResources } from "./log-options.ts";
import { abortedTransactionsIn, nothingRead, placeIn, readLog, segmentIndexOf } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { ProducerSnapshots } from "./producer-snapshots.ts";
import { recoverLog } from "./recovery.ts";
import { RecoveryPoint } from "./recovery-point.ts";
import { emptySegment, newestOf, rangeOf, type Segment } from "./segment.ts";
import { setAsideOldest } from "./segment-removal.ts";
import { shouldRoll } from "./segment-roll.ts";
import { completeSwap, decideSwap } from "./segment-swap.ts";
import { syncSegments } from "./segment-sync.ts";
import { findMaxTimestamp, findTimestamp, lookUp } from "./timestamp-lookup.ts";
import { WrittenState } from "./written-state.ts";

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
  readonly #recoveryPoint: RecoveryPoint;
  readonly #leaderEpochs: LeaderEpochFile;
  readonly #producers: ProducerStates;
  readonly #snapshots: ProducerSnapshots;
  readonly #writer: LogWriter;
  /** Before what is not written yet; `undefined` when all is. */
  #written: WrittenState | undefined;
  /** In which such batches were taken back. */
  #failedTurn = -1;
  readonly #folder: LogFolder;
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
    const [nowMs, indexIntervalBytes] = [resources.clock.now(), settings["index.interval.bytes"]];
    const recovered = recoverLog({ ...options, logger: this.#logger, indexIntervalBytes, nowMs });
    this.#segments = recovered.segments;
    this.#active = newestOf(recovered.segments);
    this.#sizeBytes = this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#logStartOffset = recovered.logStartOffset;
    this.#logEndOffset = recovered.logEndOffset;
    this.#recoveryPoint = RecoveryPoint.of(options, recovered.intactUntil);
    this.#durability = new Durability({
      clock: resources.clock,
      settings,
      logEndOffset: recovered.logEndOffset,
      flushedOffset: this.#recoveryPoint.offset,
      sync: () => this.#sync(),
      flushDue: () => void this.flush().catch(() => undefined),
      failed: (error) => this.#fail(error, "could not flush the log"),
      moved: () => this.#producers.settle(this.durableOffset),
    });
    this.#writer = new LogWriter(resources.tails, (error) => this.#fail(error, "could not take back a failed write"));
    this.#leaderEpochs = new LeaderEpochFile(resources.filesystem, directory, recovered);
    this.#folder = new LogFolder(directory, resources, this.#leaderEpochs);
    this.#snapshots = new ProducerSnapshots(resources, directory, recovered);
    this.#producers = this.#snapshots.load({
      ...recovered,
      reliableUntil: Math.min(recovered.replayedFrom, options.isClean ? Number.MAX_SAFE_INTEGER : options.recoveryPoint),
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

  get recoveryPoint(): number {
    return this.#recoveryPoint.offset;
  }

  get firstUnstableOffset(): number {
    return Math.max(this.#producers.firstUnstableOffset ?? this.#logEndOffset, this.#logStartOffset);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Oldest first; the last one grows. Another array as soon as some were taken away or replaced. */
  get segmentCount(): number {
    return this.#segments.length;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isIntact(): boolean {
    return this.#failure === undefined;
  }

  append(records: Buffer, options: AppendOptions): AppendResult {
    assert(!this.#isClosed, "a closed log is not appended to");
    if (this.#failure !== undefined)
      return refusal(Errors.KAFKA_STORAGE_ERROR, "The partition's log could not be written and takes no more.");
    const { gathered } = this.#resources;
    // What was sent after it must not get before it.
    if (gathered.isGathering && gathered.turn === this.#failedTurn) return notWritten();
    const judged = judgeAppend(records, options, {
      topicPartition: this.topicPartition,
      settings: this.#settings,
      producers: this.#producers,
      nowMs: this.#resources.clock.now(),
      outcome: this.#writer.outcome,
    });
    if ("answer" in judged) return judged.answer;
    const { batch, stamp } = judged;
    return options.origin === "client" && this.#mayGather(batch) ? this.#gather(batch, stamp) : this.#write(batch, stamp);
  }

  /** Only where an answer waits for nothing but the write. */
  #mayGather(batch: RecordBatch): boolean {
    return this.#resources.gathered.isGathering && this.#durability.isImmediate && this.#writer.mayGather(batch);
  }

  #write(batch: RecordBatch, stamp: DatedStamp): AppendResult {
    const offset = this.#logEndOffset;
    if (!this.writeGathered()) return notWritten();
    try {
      this.#prepare(batch, stamp);
      this.#tookIn(this.#writer.write(batch, stamp, { segment: this.#active, offset }));
      this.#durability.written(this.#logEndOffset);
    } catch (error) {
      this.#couldNotAppend(error, offset);
      return notWritten();
    }
    this.#producers.settle(this.durableOffset);
    return appended(batch, stamp, offset);
  }

  /** Takes the batch, which is written when the read turn ends. */
  #gather(batch: RecordBatch, stamp: DatedStamp): AppendResult {
    const offset = this.#logEndOffset;
    try {
      if (!this.#prepare(batch, stamp)) return notWritten();
      this.#noteWritten(batch.producerId);
      this.#tookIn(this.#writer.gather(batch, stamp, { segment: this.#active, offset }));
    } catch (error) {
      this.#couldNotAppend(error, offset);
      return notWritten();
    }
    return appended(batch, stamp, offset, this.#writer.outcome);
  }

  #noteWritten(producerId: number): void {
    if (this.#written === undefined) this.#resources.gathered.add(this);
    this.#written ??= new WrittenState(this, this.#active);
    this.#written.keep(producerId, this.#producers);
  }

  /** `false` when that failed; the log is then as it was before. */
  writeGathered(): boolean {
    const written = this.#written;
    if (written === undefined) return true;
    this.#written = undefined;
    try {
      this.#writer.writeGathered();
    } catch (error) {
      this.#couldNotAppend(error, written.logEndOffset);
      this.#failedTurn = this.#resources.gathered.turn;
      this.#goBack(written);
      return false;
    }
    this.#durability.writtenLater(this.#logEndOffset);
    return true;
  }

  #goBack(written: WrittenState): void {
    this.#logEndOffset = written.logEndOffset;
    this.#sizeBytes = written.sizeBytes;
    this.#producers.goBack(written.producers);
    try {
      this.#active.goBack(written.segment, written.logEndOffset);
    } catch (error) {
      this.#fail(error, "could not take entries of a failed write out of an index");
    }
  }

  #couldNotAppend(error: unknown, offset: number): void {
    this.#logger.error({ err: error, partition: topicPartitionName(this.topicPartition), offset }, "could not append to a log");
  }

  /** `false` when what came before could not be written. */
  #prepare(batch: RecordBatch, { leaderEpoch, maxTimestampMs, nowMs }: DatedStamp): boolean {
    const lastOffset = this.#logEndOffset + batch.lastOffsetDelta;
    const incoming = { sizeBytes: batch.sizeBytes, lastOffset, maxTimestampMs };
    if (shouldRoll(this.#active, incoming, { settings: this.#settings, jitterMs: this.#jitterMs, nowMs })) {
      if (!this.writeGathered()) return false;
      this.#active.seal();
      this.#startSegment();
    }
    this.#leaderEpochs.start(leaderEpoch, this.#logEndOffset);
    if (this.#leaderEpochs.save()) this.#folder.hasNewFiles = true;
    this.#active.makeReady();
    return true;
  }

  /** The batch is in the file, or will be: it counts, whatever fails from here on. */
  #tookIn(stored: RecordBatch): void {
    const segment = this.#active;
    const range = rangeOf(stored, segment.sizeBytes);
    if (range.position === 0) this.#folder.hasNewFiles = true;
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
    const first = Math.max(0, segmentIndexOf(this.#segments, this.#durability.flushedOffset));
    await syncSegments(this.#segments.slice(first), this);
    await this.#folder.sync();
  }

  async flush(): Promise<void> {
    await this.#durability.flush();
    if (this.isIntact && !this.#isClosed) await this.#recoveryPoint.moveTo(this.#durability.flushedOffset, this, this.#folder);
  }

  /** A flush after which recovery needs little: with the producers' states as they are now. */
  async checkpoint(): Promise<void> {
    if (this.#isClosed || this.#failure !== undefined || this.#logEndOffset === 0) return;
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    await this.flush();
  }

  /** The log is as it was when this throws. */
  #startSegment(): void {
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    const segment = emptySegment(this.directory, this.#resources, {
      baseOffset: this.#logEndOffset,
      createdMs: this.#resources.clock.now(),
      indexIntervalBytes: this.#settings["index.interval.bytes"],
    });
    // The file is made at once: its name is what says, after retention removed all others, where offsets go on.
    segment.file.use();
    this.#active = segment;
    this.#segments.push(segment);
    this.#folder.hasNewFiles = true;
    this.#jitterMs = Math.floor(this.#resources.jitter() * Math.min(this.#settings["segment.jitter.ms"], this.#settings["segment.ms"]));
    this.#durability.flushSoon();
  }

  #fail(error: unknown, message: string): void {
    // Deleted while it went on: its files have other names by now, and nobody wants them.
    if (this.#isClosed) return;
    this.#logger.error({ err: error, partition: topicPartitionName(this.topicPartition) }, message);
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#resources.failed(this);
  }

  /** A read may come late, from someone who waited for records. */
  #checkOpen(): void {
    if (this.#isClosed) throw new StorageError("READ_FAILED", "The log is closed", { directory: this.directory });
  }

  read(options: ReadOptions): LogRead | Promise<LogRead> {
    this.#checkOpen();
    if (options.offset >= options.untilOffset || options.offset >= this.#logEndOffset) return nothingRead(options.offset);
    this.writeGathered();
    return readLog(this, this.#writer.tail, options);
  }

  placeOf(offset: number): StoredPlace {
    return placeIn(this, offset);
  }

  get readBuffers(): BufferPool {
    return this.#resources.readBuffers;
  }

  abortedTransactions(fromOffset: number, untilOffset: number): readonly AbortedTransaction[] {
    return abortedTransactionsIn(this, fromOffset, untilOffset);
  }

  async offsetForTimestamp(timestampMs: number, untilOffset: number): Promise<TimestampedOffset | undefined> {
    this.#checkOpen();
    return lookUp(this, untilOffset, this.#resources.longBatches, (range) => findTimestamp(timestampMs, range));
  }

  async offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    this.#checkOpen();
    return lookUp(this, this.#logEndOffset, this.#resources.longBatches, findMaxTimestamp);
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
    this.writeGathered();
    assert(offset <= this.#logEndOffset, "only records that are there are deleted");
    if (offset <= this.#logStartOffset) return;
    this.#resources.saveLogStart(this, offset);
    this.#moveLogStart(offset);
    this.#removeOldest(segmentIndexOf(this.#segments, offset));
  }

  enforceRetention(): number {
    if (this.#failure !== undefined) return 0;
    const nowMs = this.#resources.clock.now();
    this.#producers.expire(nowMs, this.#resources.producerIdExpirationMs);
    for (const segment of this.#segments.slice(0, countExpiredSegments(this, nowMs))) segment.verifyTimes();
    const count = countExpiredSegments(this, nowMs);
    // What needs no room on the disk comes first: afterwards there may be some.
    const olderCount = Math.min(count, this.#segments.length - 1);
    const removedCount = this.#removeOldest(olderCount);
    if (removedCount < olderCount || count === olderCount) return removedCount;
    this.#startSegment();
    return removedCount + this.#removeOldest(1);
  }

  #moveLogStart(offset: number): void {
    this.#logStartOffset = offset;
    this.#leaderEpochs.truncateFromStart(offset);
  }

  /** Gives how many could be; the log starts with the first that is left, unless it starts later. */
  #removeOldest(wantedCount: number): number {
    const { count, sizeBytes, paths } = setAsideOldest(this.#segments, wantedCount, this.#logger);
    if (count === 0) return 0;
    this.#segments = this.#segments.slice(count);
    this.#sizeBytes -= sizeBytes;
    const firstOffset = this.#segments[0]?.baseOffset ?? 0;
    this.#moveLogStart(Math.max(this.#logStartOffset, firstOffset));
    this.#snapshots.removeBelow(firstOffset);
    const facts = { partition: topicPartitionName(this.topicPartition), count, logStartOffset: this.#logStartOffset };
    this.#logger.info(facts, "deleted segments");
    this.#resources.removeLater(paths, this.settings["file.delete.delay.ms"]);
    this.#resources.logStartMoved(this);
    return count;
  }

  /** Puts a compacted segment in the place of several that follow one another. Then comes `completeSwap`. */
  replaceSegments(replaced: readonly Segment[], compacted: Segment): void {
    const index = segmentIndexOf(this.#segments, compacted.baseOffset);
    const next = this.#segments[index + replaced.length];
    assert(this.#segments[index] === replaced[0] && next !== undefined, "segments of the log but its last are replaced");
    decideSwap(compacted);
    this.#segments = this.#segments.toSpliced(index, replaced.length, compacted);
    this.#sizeBytes = this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#writer.tail?.dropBefore(next.baseOffset);
    this.#snapshots.removeBetween(compacted.baseOffset, next.baseOffset);
  }

  /** The next start goes on with what fails here. */
  completeSwap(replaced: readonly Segment[], compacted: Segment): Promise<void> {
    const swapping = completeSwap({ log: this, resources: this.#resources, compacted, replaced });
    return swapping.catch((error: unknown) => this.#fail(error, "could not put a compacted segment in its place"));
  }

  activeProducers(): readonly ActiveProducer[] {
    return this.#producers.activeProducers();
  }

  producer(producerId: number): ProducerState | undefined {
    return this.#producers.get(producerId);
  }

  configure(settings: TopicSettings): void {
    this.writeGathered();
    this.#settings = settings;
    this.#active.indexIntervalBytes = settings["index.interval.bytes"];
    this.#durability.configure(settings);
  }

  /** Completes the files, so that the next open need not look for what is missing; `flush` before makes them survive a power failure. */
  close(): void {
    if (this.#isClosed) return;
    this.writeGathered();
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
    this.#writer.tail?.clear();
  }

  #complete(): void {
    for (const segment of this.#segments) segment.flushIndexes();
    if (this.#logEndOffset === 0) return;
    this.#active.seal();
    this.#snapshots.write(this.#logEndOffset, this.#producers, this.#segments);
    this.#leaderEpochs.save();
  }
}
