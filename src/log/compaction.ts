// One compaction of one log, as Apache Kafka's cleaner does it: take note of the last offset of every key in the dirty part, then write
// every segment from the start of the log anew, without the records that a later one of the same key has replaced. Offsets stay.
//
// A record stays when it is the last of its key; a deletion (no value) only until the delete horizon. Records of aborted transactions go,
// markers when nothing of their transaction is left and the horizon has passed. A batch without records stays as a header when it is the
// last of a producer that is still known, or the last of what was compacted. Reading goes on meanwhile from the segments as they were.

import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { CompactionLimits } from "../storage/storage-engine.ts";
import { batchesLater } from "./batch-scan.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import { batchOfKept, emptiedBatch, keepRecords, newDeleteHorizon, visitKeys } from "./compacted-batch.ts";
import { CompactedSegment } from "./compacted-segment.ts";
import { type CompactionPlan, groupSegments } from "./compaction-plan.ts";
import { KeyOffsets } from "./key-offsets.ts";
import type { LogResources } from "./log-options.ts";
import { segmentIndexOf } from "./log-reader.ts";
import type { Pace, WorkStep } from "./pace.ts";
import type { Segment } from "./segment.ts";
import { decideSwap, dropCompacted } from "./segment-swap.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

export interface CompactionOptions {
  readonly log: SegmentedLog;
  readonly plan: CompactionPlan;
  readonly limits: CompactionLimits;
  readonly resources: LogResources;
  readonly pace: Pace;
}

export interface CompactionResult {
  /** Everything below it is compacted. */
  readonly compactedUntil: number;
  readonly keyCount: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** The log was closed or changed, or the cleaner is to stop: nothing is lost, and it is tried again later. */
export class CompactionAbandoned extends Error {
  override readonly name = "CompactionAbandoned";
}

export class Compaction {
  readonly #log: SegmentedLog;
  readonly #plan: CompactionPlan;
  readonly #resources: LogResources;
  readonly #pace: Pace;
  readonly #keys: KeyOffsets;
  readonly #chunkBytes: number;
  readonly #nowMs: number;
  readonly #aborted: readonly AbortedTransactionEntry[];

  constructor({ log, plan, limits, resources, pace }: CompactionOptions) {
    this.#log = log;
    this.#plan = plan;
    this.#chunkBytes = Math.max(1, Math.floor(limits.ioBufferBytes / 2));
    this.#resources = resources;
    this.#pace = pace;
    this.#nowMs = resources.clock.now();
    const dirtyOffsets = plan.firstUncleanableOffset - plan.firstDirtyOffset;
    this.#keys = new KeyOffsets(limits.dedupeBufferBytes, limits.dedupeBufferLoadFactor, dirtyOffsets);
    // Below the first uncleanable offset every transaction has ended, some of them after it.
    this.#aborted = log.segments
      .flatMap(({ transactions }) => transactions?.entries ?? [])
      .filter(({ firstOffset }) => firstOffset < plan.firstUncleanableOffset);
  }

  /** Rejects with CompactionAbandoned, MalformedMessage, Node's errors. */
  async run(): Promise<CompactionResult> {
    // What takes the place of segments on the disk must not be safer than they are.
    await this.#log.flush();
    await this.#noteKeys();
    const compactedUntil = this.#keys.latestOffset + 1;
    const segments = this.#log.segments.filter(({ baseOffset }) => baseOffset < compactedUntil);
    const transactions = new CleanedTransactions(this.#aborted);
    let bytesBefore = 0;
    let bytesAfter = 0;
    for (const group of groupSegments(segments, this.#plan.firstUncleanableOffset, this.#log.settings)) {
      bytesBefore += group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      bytesAfter += await this.#compactGroup(group, transactions);
    }
    return { compactedUntil, keyCount: this.#keys.size, bytesBefore, bytesAfter };
  }

  async #noteKeys(): Promise<void> {
    const { firstDirtyOffset, firstUncleanableOffset } = this.#plan;
    const { segments } = this.#log;
    const transactions = new CleanedTransactions(this.#aborted.filter(({ lastOffset }) => lastOffset >= firstDirtyOffset));
    for (const [index, segment] of segments.entries()) {
      const nextOffset = segments[index + 1]?.baseOffset ?? firstUncleanableOffset;
      if (nextOffset <= firstDirtyOffset || segment.baseOffset >= firstUncleanableOffset) continue;
      const isWhole = await this.#noteKeysOf(segment, transactions);
      if (!isWhole) return;
      this.#keys.latestOffset = nextOffset - 1;
    }
  }

  /** `false` when there is no room for more keys. */
  #noteKeysOf(segment: Segment, transactions: CleanedTransactions): Promise<boolean> {
    const from = segment.offsets.floorPosition(this.#plan.firstDirtyOffset);
    return this.#forEachBatch(segment, from, (batch) => this.#noteKeysIn(batch, transactions));
  }

  *#noteKeysIn(batch: RecordBatch, transactions: CleanedTransactions): Generator<WorkStep, boolean, void> {
    const { firstDirtyOffset } = this.#plan;
    if (batch.isControl) transactions.meetControl(batch);
    else if (!transactions.meetData(batch)) {
      const isWhole = yield* visitKeys(batch, (offset, key) => offset < firstDirtyOffset || this.#noteKey(offset, key));
      if (!isWhole) return false;
    }
    if (batch.lastOffset >= firstDirtyOffset) this.#keys.latestOffset = batch.lastOffset;
    return true;
  }

  #noteKey(offset: number, key: Buffer): boolean {
    if (this.#keys.isFull) return false;
    this.#keys.put(key, offset);
    return true;
  }

  /** Read off the event loop, with a pause whenever one is due; ends, with `false`, as soon as `visit` says so. */
  #forEachBatch(segment: Segment, from: number, visit: (batch: RecordBatch) => Generator<WorkStep, boolean, void>): Promise<boolean> {
    return segment.file.useWhile(async (file) => {
      for await (const batch of batchesLater(file, { from, to: segment.sizeBytes }, this.#chunkBytes)) {
        const work = visit(batch);
        let step = work.next();
        for (; step.done !== true; step = work.next()) await this.#pace.between(step.value);
        if (!step.value) return false;
        if (this.#pace.worked(batch.sizeBytes)) await this.#pause();
      }
      return true;
    });
  }

  async #pause(): Promise<void> {
    await this.#pace.pause();
    this.#checkWanted();
  }

  #checkWanted(): void {
    const isWanted = !this.#pace.isStopped && !this.#log.isClosed && this.#log.isIntact;
    if (!isWanted) throw new CompactionAbandoned();
  }

  async #compactGroup(group: readonly Segment[], transactions: CleanedTransactions): Promise<number> {
    const first = group[0];
    if (first === undefined) return 0;
    const { filesystem } = this.#resources;
    const { directory } = this.#log;
    const compacted = new CompactedSegment(this.#log, first, this.#resources, this.#chunkBytes);
    try {
      for (const segment of group) {
        await this.#forEachBatch(segment, 0, (batch) => this.#compactBatch(batch, compacted, transactions));
      }
      const segment = await compacted.complete();
      this.#checkUnchanged(group);
      decideSwap(segment);
      await filesystem.syncDirectoryLater(directory);
      this.#checkUnchanged(group);
      this.#log.replaceSegments(group, segment);
      this.#pace.resumed();
      return segment.sizeBytes;
    } catch (error) {
      compacted.close();
      if (this.#log.isIntact) this.#drop(first.baseOffset);
      throw error;
    }
  }

  #drop(baseOffset: number): void {
    try {
      dropCompacted(this.#resources.filesystem, this.#log.directory, baseOffset);
    } catch (error) {
      // The next start removes it.
      this.#resources.logger.warn({ err: error, directory: this.#log.directory }, "could not remove an abandoned compaction");
    }
  }

  /** Retention and DeleteRecords go on meanwhile. */
  #checkUnchanged(group: readonly Segment[]): void {
    this.#checkWanted();
    const { segments } = this.#log;
    const index = segmentIndexOf(segments, group[0]?.baseOffset ?? 0);
    if (group.some((segment, place) => segments[index + place] !== segment)) throw new CompactionAbandoned();
  }

  *#compactBatch(batch: RecordBatch, compacted: CompactedSegment, transactions: CleanedTransactions): Generator<WorkStep, boolean, void> {
    const control = batch.isControl ? transactions.meetControl(batch) : undefined;
    if (control?.aborted !== undefined) compacted.noteAborted(control.aborted);
    const canGo = control === undefined ? transactions.meetData(batch) : control.canGo;
    const isPastHorizon = batch.hasDeleteHorizon && batch.baseTimestamp <= this.#nowMs;
    const isDiscarded = canGo && (control === undefined || isPastHorizon);
    let left: RecordBatch | undefined;
    if (!isDiscarded && batch.recordCount > 0) {
      const kept = yield* keepRecords(batch, (record) => control !== undefined || this.#staysIn(record, isPastHorizon));
      const needsHorizon = !batch.hasDeleteHorizon && (kept.hasDeletion || (control !== undefined && canGo));
      const horizonMs = needsHorizon ? newDeleteHorizon(this.#nowMs, this.#log.settings["delete.retention.ms"]) : undefined;
      if (kept.positions.length > 0) left = yield* batchOfKept(batch, kept, horizonMs);
    }
    if (left === undefined && this.#mustStay(batch)) left = emptiedBatch(batch);
    if (left !== undefined) this.#pace.worked(compacted.append(left));
    return true;
  }

  #staysIn(record: { readonly offset: number; readonly key: Buffer | null; readonly hasValue: boolean }, isPastHorizon: boolean): boolean {
    if (record.offset > this.#keys.latestOffset) return true;
    if (record.key === null) return false;
    return (record.hasValue || !isPastHorizon) && record.offset >= this.#keys.get(record.key);
  }

  /** Without it, a producer would be forgotten that is still known, or the end of the compacted part. */
  #mustStay(batch: RecordBatch): boolean {
    if (batch.nextOffset === this.#plan.firstUncleanableOffset) return true;
    if (!batch.hasProducerId) return false;
    const producer = this.#log.producer(batch.producerId);
    if (producer === undefined) return false;
    const last = producer.batches.at(-1);
    if (last === undefined) return batch.isControl && batch.producerEpoch === producer.producerEpoch;
    return batch.lastOffset === last.lastOffset;
  }
}
