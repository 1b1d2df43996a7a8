// One compaction of one log, batch by batch, as Apache Kafka's cleaner does it; the engine walks the batches. The first walk, over the
// dirty part, takes note of the last offset of every key; the second, over all that is compacted, leaves away what a later record of the
// same key has replaced. Offsets stay.
//
// A record stays when it is the last of its key; a deletion (no value) only until the delete horizon. Records of aborted transactions go,
// markers when nothing of their transaction is left and the horizon has passed. A batch without records stays as a header when it is the
// last of a producer that is still known, or the last of what was compacted.

import type { RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { TopicSettings } from "../../config/topic-settings.ts";
import type { ProducerState } from "../producer-states.ts";
import type { CompactionLimits } from "../storage-engine.ts";
import { type AbortedEntry, CleanedTransactions } from "./cleaned-transactions.ts";
import { batchOfKept, emptiedBatch, keepRecords, newDeleteHorizon, type ScannedRecord, visitKeys } from "./compacted-batch.ts";
import type { CompactionPlan } from "./compaction-plan.ts";
import { KeyOffsets } from "./key-offsets.ts";
import type { WorkStep } from "./pace.ts";

export interface BatchCompactionOptions<Entry extends AbortedEntry> {
  readonly plan: CompactionPlan;
  readonly settings: TopicSettings;
  readonly limits: CompactionLimits;
  readonly nowMs: number;
  /** Every aborted transaction that began below the first uncleanable offset, in any order: each of them has ended, some after it. */
  readonly aborted: readonly Entry[];
  /** `undefined` for one that the log does not know, or no longer. */
  readonly producer: (producerId: number) => Pick<ProducerState, "producerEpoch" | "batches"> | undefined;
}

export interface CompactedBatch<Entry extends AbortedEntry> {
  /** `undefined`: nothing of it stays. */
  readonly left: RecordBatch | undefined;
  /** The batch is the marker of this transaction, of which something stays. */
  readonly aborted: Entry | undefined;
  /** The batch is the marker of this transaction, of which nothing is left but perhaps the marker. */
  readonly ended: Entry | undefined;
}

export class BatchCompaction<Entry extends AbortedEntry> {
  readonly #plan: CompactionPlan;
  readonly #deleteRetentionMs: number;
  readonly #nowMs: number;
  readonly #producer: BatchCompactionOptions<Entry>["producer"];
  readonly #keys: KeyOffsets;
  /** Of the first walk. */
  readonly #noted: CleanedTransactions<Entry>;
  /** Of the second. */
  readonly #cleaned: CleanedTransactions<Entry>;

  constructor({ plan, settings, limits, nowMs, aborted, producer }: BatchCompactionOptions<Entry>) {
    this.#plan = plan;
    this.#deleteRetentionMs = settings["delete.retention.ms"];
    this.#nowMs = nowMs;
    this.#producer = producer;
    const dirtyOffsets = plan.firstUncleanableOffset - plan.firstDirtyOffset;
    this.#keys = new KeyOffsets(limits.dedupeBufferBytes, limits.dedupeBufferLoadFactor, dirtyOffsets);
    this.#noted = new CleanedTransactions(aborted.filter(({ lastOffset }) => lastOffset >= plan.firstDirtyOffset));
    this.#cleaned = new CleanedTransactions(aborted);
  }

  /** Everything below it is compacted by the second walk; what the first has noted. */
  get compactedUntil(): number {
    return this.#keys.latestOffset + 1;
  }

  get keyCount(): number {
    return this.#keys.size;
  }

  /** The first walk: from the batch with the first dirty offset on. `false`, and it ends, when there is no room for more keys. Raises MalformedMessage. */
  *note(batch: RecordBatch): Generator<WorkStep, boolean, void> {
    const { firstDirtyOffset } = this.#plan;
    if (batch.isControl) this.#noted.meetControl(batch);
    else if (!this.#noted.meetData(batch)) {
      const isWhole = yield* visitKeys(batch, (offset, key) => offset < firstDirtyOffset || this.#noteKey(offset, key));
      if (!isWhole) return false;
    }
    if (batch.lastOffset >= firstDirtyOffset) this.#keys.latestOffset = batch.lastOffset;
    return true;
  }

  /** The first walk has seen all that lies below. */
  notedUntil(offset: number): void {
    this.#keys.latestOffset = offset - 1;
  }

  #noteKey(offset: number, key: Buffer): boolean {
    if (this.#keys.isFull) return false;
    this.#keys.put(key, offset);
    return true;
  }

  /** The second walk, from the log's start on. Raises MalformedMessage. */
  *compact(batch: RecordBatch): Generator<WorkStep, CompactedBatch<Entry>, void> {
    const control = batch.isControl ? this.#cleaned.meetControl(batch) : undefined;
    const canGo = control === undefined ? this.#cleaned.meetData(batch) : control.canGo;
    const isPastHorizon = batch.hasDeleteHorizon && batch.baseTimestamp <= this.#nowMs;
    const isDiscarded = canGo && (control === undefined || isPastHorizon);
    let left: RecordBatch | undefined;
    if (!isDiscarded && batch.recordCount > 0) {
      const kept = yield* keepRecords(batch, (record) => control !== undefined || this.#staysIn(record, isPastHorizon));
      const needsHorizon = !batch.hasDeleteHorizon && (kept.hasDeletion || (control !== undefined && canGo));
      const horizonMs = needsHorizon ? newDeleteHorizon(this.#nowMs, this.#deleteRetentionMs) : undefined;
      if (kept.positions.length > 0) left = yield* batchOfKept(batch, kept, horizonMs);
    }
    if (left === undefined && this.#mustStay(batch)) left = emptiedBatch(batch);
    return { left, aborted: control?.aborted, ended: control?.ended };
  }

  #staysIn(record: ScannedRecord, isPastHorizon: boolean): boolean {
    if (record.offset > this.#keys.latestOffset) return true;
    if (record.key === null) return false;
    return (record.hasValue || !isPastHorizon) && record.offset >= this.#keys.get(record.key);
  }

  /** Without it, a producer would be forgotten that is still known, or the end of the compacted part. */
  #mustStay(batch: RecordBatch): boolean {
    if (batch.nextOffset === this.#plan.firstUncleanableOffset) return true;
    if (!batch.hasProducerId) return false;
    const producer = this.#producer(batch.producerId);
    if (producer === undefined) return false;
    const last = producer.batches.at(-1);
    if (last === undefined) return batch.isControl && batch.producerEpoch === producer.producerEpoch;
    return batch.lastOffset === last.lastOffset;
  }
}
