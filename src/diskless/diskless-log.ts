// The log of a partition whose batches lie in objects. An append gives offsets in memory; what it took is durable when the rows of the
// database say so. Whatever this broker has not committed when the log is taken over never was.

import { Errors } from "../../protocol/errors.ts";
import { TimestampType } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Gate } from "../base/gate.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { appended, duplicateOf } from "../storage/append-results.ts";
import { judgeClientBatch, tooLarge } from "../storage/append-validation.ts";
import { LeaderEpochs } from "../storage/leader-epochs.ts";
import {
  type AbortedTransaction,
  type ActiveProducer,
  type AppendOptions,
  type AppendResult,
  type LogRead,
  type PartitionLog,
  type ReadOptions,
  refusal,
  type TimestampedOffset,
} from "../storage/partition-log.ts";
import { type ProducerState, ProducerStates } from "../storage/producer-states.ts";
import type { DatedStamp } from "../storage/stamp.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { AbortedRanges } from "./aborted-ranges.ts";
import type { Catalog, LogKey, OpenedLog, Segment } from "./catalog.ts";
import type { ChunkCache } from "./chunk-cache.ts";
import { type ReadableLog, readLog } from "./log-reading.ts";
import { findMaxTimestamp, findTimestamp, type Lookup } from "./log-timestamps.ts";
import { expiredUntil } from "./retained-rows.ts";
import { SegmentRows } from "./segment-rows.ts";
import type { CompactableLog } from "./upkeep/log-compaction.ts";
import type { WritePipeline } from "./write-pipeline.ts";
import type { LogQueue, PlacedPart, WritingLog } from "./writing-log.ts";

/** What the logs of an incarnation share. */
export interface LogContext {
  readonly catalog: Catalog;
  readonly pipeline: WritePipeline;
  readonly cache: ChunkCache;
  readonly clock: Clock;
  readonly longBatches: Gate;
  readonly producerIdExpirationMs: () => number;
  /** The log takes no more. */
  readonly failed: (log: DisklessLog) => void;
  readonly closed: (log: DisklessLog) => void;
}

export interface DisklessLogOptions {
  readonly topicPartition: TopicPartition;
  readonly topicId: string;
  readonly settings: TopicSettings;
  readonly opened: OpenedLog;
  readonly context: LogContext;
}

export class DisklessLog implements PartitionLog, WritingLog, ReadableLog, CompactableLog {
  readonly topicPartition: TopicPartition;
  readonly topicId: string;
  readonly name: string;
  readonly logId: number;
  readonly key: LogKey;
  readonly rows: SegmentRows;
  readonly cache: ChunkCache;
  readonly producers = new ProducerStates();
  readonly queue: LogQueue = { inline: undefined, gathered: undefined, queuedCount: 0 };
  readonly #context: LogContext;
  readonly #leaderEpochs: LeaderEpochs;
  readonly #aborted: AbortedRanges;
  #settings: TopicSettings;
  #logStartOffset: number;
  #logEndOffset: number;
  #durableOffset: number;
  #durableBytes: number;
  #pendingBytes = 0;
  #isIntact = true;
  #isClosed = false;
  #durableListener: (() => void) | undefined;

  constructor({ topicPartition, topicId, settings, opened, context }: DisklessLogOptions) {
    this.topicPartition = topicPartition;
    this.topicId = topicId;
    this.name = topicPartitionName(topicPartition);
    this.key = { topicId, partition: topicPartition.partition };
    this.logId = opened.logId;
    this.cache = context.cache;
    this.#context = context;
    this.#settings = settings;
    this.#logStartOffset = opened.startOffset;
    this.#logEndOffset = opened.endOffset;
    this.#durableOffset = opened.endOffset;
    this.#durableBytes = opened.sizeBytes;
    this.#leaderEpochs = new LeaderEpochs(opened.leaderEpochs);
    this.producers.restore(opened.producers);
    const { catalog } = context;
    this.rows = new SegmentRows({ catalog, logId: opened.logId, newest: opened.segments });
    this.#aborted = new AbortedRanges(catalog, opened.logId);
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  get firstUnstableOffset(): number {
    return Math.max(this.producers.firstUnstableOffset ?? this.#logEndOffset, this.#logStartOffset);
  }

  get sizeBytes(): number {
    return this.#durableBytes + this.#pendingBytes;
  }

  get isIntact(): boolean {
    return this.#isIntact;
  }

  get isWritten(): boolean {
    return this.#isIntact && !this.#isClosed;
  }

  get leaderEpoch(): number {
    return this.#leaderEpochs.latest.leaderEpoch;
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  append(records: Buffer, options: AppendOptions): AppendResult {
    assert(!this.#isClosed, "a closed log is not appended to");
    if (!this.#isIntact) return refusal(Errors.NOT_LEADER_OR_FOLLOWER, "The partition was taken over by another broker.");
    return options.origin === "client" ? this.#appendFromClient(records, options) : this.#appendFromCoordinator(records, options);
  }

  #appendFromClient(records: Buffer, options: AppendOptions): AppendResult {
    const nowMs = this.#context.clock.now();
    const { judging } = options;
    const context = { topicPartition: this.topicPartition, settings: this.#settings, nowMs, budget: judging?.budget };
    const judged = judging?.judged ?? judgeClientBatch(records, context);
    if (!judged.ok) return judged;
    const { batch, timestampType } = judged;
    const maxTimestampMs = timestampType === TimestampType.LOG_APPEND_TIME ? nowMs : judged.maxTimestampMs;
    const decision = this.producers.check(batch, options);
    if (decision.kind === "refused") return refusal(decision.error, decision.message);
    if (decision.kind === "duplicate") return duplicateOf(decision.batch, timestampType, undefined);
    return this.#take(batch, { leaderEpoch: options.leaderEpoch, timestampType, maxTimestampMs, nowMs }, false);
  }

  /** One batch, which we built ourselves: it is not judged but for its size and its producer. */
  #appendFromCoordinator(records: Buffer, options: AppendOptions): AppendResult {
    const batch = new RecordBatch(records);
    assert(batch.end === records.length, "a coordinator appends one batch at a time");
    if (batch.sizeBytes > this.#settings["max.message.bytes"])
      return tooLarge(batch.sizeBytes, { settings: this.#settings, topicPartition: this.topicPartition });
    const decision = this.producers.check(batch, options);
    if (decision.kind === "refused") return refusal(decision.error, decision.message);
    const { timestampType, maxTimestamp: maxTimestampMs } = batch;
    const stamp = { leaderEpoch: options.leaderEpoch, timestampType, maxTimestampMs, nowMs: this.#context.clock.now() };
    return this.#take(batch, stamp, this.#context.pipeline.isSmall(batch.sizeBytes));
  }

  #take(batch: RecordBatch, stamp: DatedStamp, isSmall: boolean): AppendResult {
    const { pipeline } = this.#context;
    const offset = this.#logEndOffset;
    const part = pipeline.partFor(this, { offset, isSmall });
    const stored = part.add(batch, stamp);
    const ended = this.producers.append(stored);
    if (ended !== undefined) part.noteEnded(ended);
    this.#logEndOffset = stored.nextOffset;
    this.#pendingBytes += stored.sizeBytes;
    pipeline.added(this, part, stored.sizeBytes);
    return appended(stored, stamp, offset);
  }

  committed(parts: readonly PlacedPart[]): void {
    for (const placed of parts) {
      const { part } = placed;
      if (part.sizeBytes > 0) this.rows.add(segmentOf(placed, this.cache));
      this.#aborted.add(part.abortedRanges);
      this.#durableOffset = part.endOffset;
      this.#pendingBytes -= part.sizeBytes;
      this.#durableBytes += part.sizeBytes;
    }
    this.producers.settle(this.#durableOffset);
    this.#durableListener?.();
  }

  refused(): void {
    if (!this.#isIntact) return;
    this.#isIntact = false;
    this.#context.failed(this);
  }

  onDurable(listener: () => void): void {
    this.#durableListener = listener;
  }

  read(options: ReadOptions): LogRead | Promise<LogRead> {
    this.#checkOpen();
    const untilOffset = Math.min(options.untilOffset, this.#durableOffset);
    if (options.offset >= untilOffset) return { records: [], sizeBytes: 0, nextOffset: options.offset };
    return readLog(this, { ...options, untilOffset });
  }

  abortedTransactions(fromOffset: number, untilOffset: number): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
    return this.#aborted.overlapping({ fromOffset, untilOffset, logStartOffset: this.#logStartOffset });
  }

  async offsetForTimestamp(timestampMs: number, untilOffset: number): Promise<TimestampedOffset | undefined> {
    return findTimestamp(timestampMs, this.#lookup(untilOffset));
  }

  async offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    return findMaxTimestamp(this.#lookup(this.#logEndOffset));
  }

  #lookup(untilOffset: number): Lookup {
    this.#checkOpen();
    const { catalog, longBatches } = this.#context;
    const { logId, logStartOffset: fromOffset } = this;
    return { log: this, catalog, logId, fromOffset, untilOffset: Math.min(untilOffset, this.#durableOffset), longBatches };
  }

  endOffsetForEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    return this.#leaderEpochs.endOffsetFor(leaderEpoch, this.#logEndOffset);
  }

  leaderEpochAt(offset: number): number {
    return this.#leaderEpochs.epochAt(offset);
  }

  startLeaderEpoch(leaderEpoch: number): void {
    if (!this.#leaderEpochs.start(leaderEpoch, this.#logEndOffset) || !this.isWritten) return;
    const { pipeline } = this.#context;
    const part = pipeline.partFor(this, { offset: this.#logEndOffset, isSmall: true });
    part.leaderEpochs.push({ leaderEpoch, startOffset: this.#logEndOffset });
    pipeline.added(this, part, 0);
  }

  async deleteRecordsBefore(offset: number): Promise<void> {
    assert(offset <= this.#logEndOffset, "only records that are there are deleted");
    if (offset <= this.#logStartOffset) return;
    if (offset > this.#durableOffset) await this.flush();
    await this.#moveStart(offset);
  }

  async enforceRetention(): Promise<number> {
    if (!this.isWritten) return 0;
    const nowMs = this.#context.clock.now();
    await this.#expireProducers(nowMs);
    const startOffset = await expiredUntil(this, this.#context.catalog, nowMs);
    return startOffset <= this.#logStartOffset ? 0 : this.#moveStart(startOffset);
  }

  async #expireProducers(nowMs: number): Promise<void> {
    const expirationMs = this.#context.producerIdExpirationMs();
    if (this.producers.expire(nowMs, expirationMs) > 0) await this.#context.catalog.expireProducers(this.logId, nowMs - expirationMs);
  }

  /** Gives how many segments went. */
  async #moveStart(startOffset: number): Promise<number> {
    const moved = await this.#context.catalog.moveStart(this.logId, startOffset);
    if (moved === undefined) {
      this.refused();
      throw new StorageError("WRITE_FAILED", "The partition was taken over by another broker", { partition: this.name });
    }
    this.#logStartOffset = Math.max(this.#logStartOffset, startOffset);
    this.#leaderEpochs.truncateFromStart(this.#logStartOffset);
    this.rows.dropBefore(this.#logStartOffset);
    this.#durableBytes = moved.sizeBytes;
    return moved.removedCount;
  }

  compacted(savedBytes: number): void {
    this.rows.forget();
    this.#aborted.forget();
    this.#durableBytes -= savedBytes;
  }

  activeProducers(): readonly ActiveProducer[] {
    return this.producers.activeProducers();
  }

  producer(producerId: number): ProducerState | undefined {
    return this.producers.get(producerId);
  }

  configure(settings: TopicSettings): void {
    this.#settings = settings;
  }

  async flush(): Promise<void> {
    const endOffset = this.#logEndOffset;
    if (endOffset <= this.#durableOffset) return;
    await this.#context.pipeline.flush(this, endOffset);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.closed(this);
  }

  /** A read may come late, from someone who waited for records. */
  #checkOpen(): void {
    if (this.#isClosed) throw new StorageError("READ_FAILED", "The log is closed", { partition: this.name });
  }
}

/** As it is in the rows from now on; its batches are in memory already. */
function segmentOf({ part, place, object }: PlacedPart, cache: ChunkCache): Segment {
  const { baseOffset, endOffset, sizeBytes, chunks } = part;
  const maxTimestampMs = Math.max(...chunks.map((chunk) => chunk.maxTimestampMs));
  const segment = { baseOffset, endOffset, sizeBytes, maxTimestampMs, compactedUntil: 0 };
  if (place.kind === "inline") return { ...segment, place };
  assert(object !== undefined, "what lies in an object has one");
  for (const [index, chunk] of place.chunks.entries()) cache.add(object, chunk, chunks[index]?.bytes ?? Buffer.alloc(0));
  return { ...segment, place: { kind: "object", object, chunks: place.chunks } };
}
