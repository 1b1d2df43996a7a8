// One compaction of one log of files: the rules are in storage/compaction; here its segments are walked, and each group of them is written
// anew and takes the place of the old ones. Reading goes on meanwhile from the segments as they were.

import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { BatchCompaction } from "../storage/compaction/batch-compaction.ts";
import type { CompactionPlan } from "../storage/compaction/compaction-plan.ts";
import { type Pace, type WorkStep, walkBatches } from "../storage/compaction/pace.ts";
import type { CompactionLimits } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { batchesLater } from "./batch-scan.ts";
import { CompactedSegment } from "./compacted-segment.ts";
import type { LogResources } from "./log-options.ts";
import { segmentIndexOf } from "./log-reader.ts";
import type { Segment } from "./segment.ts";
import { groupSegments } from "./segment-groups.ts";
import { dropCompacted } from "./segment-swap.ts";
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
  readonly #batches: BatchCompaction<AbortedTransactionEntry>;
  readonly #chunkBytes: number;

  constructor({ log, plan, limits, resources, pace }: CompactionOptions) {
    this.#log = log;
    this.#plan = plan;
    this.#chunkBytes = Math.max(1, Math.floor(limits.ioBufferBytes / 2));
    this.#resources = resources;
    this.#pace = pace;
    this.#batches = new BatchCompaction({
      plan,
      settings: log.settings,
      limits,
      nowMs: resources.clock.now(),
      aborted: log.segments
        .flatMap(({ transactions }) => transactions?.entries ?? [])
        .filter(({ firstOffset }) => firstOffset < plan.firstUncleanableOffset),
      producer: (producerId) => log.producer(producerId),
    });
  }

  /** Rejects with CompactionAbandoned, MalformedMessage, Node's errors. */
  async run(): Promise<CompactionResult> {
    // What takes the place of segments on the disk must not be safer than they are.
    await this.#log.flush();
    await this.#noteKeys();
    const { compactedUntil } = this.#batches;
    const segments = this.#log.segments.filter(({ baseOffset }) => baseOffset < compactedUntil);
    let bytesBefore = 0;
    let bytesAfter = 0;
    for (const group of groupSegments(segments, this.#plan.firstUncleanableOffset, this.#log.settings)) {
      bytesBefore += group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      bytesAfter += await this.#compactGroup(group);
    }
    return { compactedUntil, keyCount: this.#batches.keyCount, bytesBefore, bytesAfter };
  }

  async #noteKeys(): Promise<void> {
    const { firstDirtyOffset, firstUncleanableOffset } = this.#plan;
    const { segments } = this.#log;
    for (const [index, segment] of segments.entries()) {
      const nextOffset = segments[index + 1]?.baseOffset ?? firstUncleanableOffset;
      if (nextOffset <= firstDirtyOffset || segment.baseOffset >= firstUncleanableOffset) continue;
      const isWhole = await this.#noteKeysOf(segment);
      if (!isWhole) return;
      this.#batches.notedUntil(nextOffset);
    }
  }

  /** `false` when there is no room for more keys. */
  #noteKeysOf(segment: Segment): Promise<boolean> {
    const from = segment.offsets.floorPosition(this.#plan.firstDirtyOffset);
    return this.#forEachBatch(segment, from, (batch) => this.#batches.note(batch));
  }

  /** Read off the event loop; ends, with `false`, as soon as `visit` says so. */
  #forEachBatch(segment: Segment, from: number, visit: (batch: RecordBatch) => Generator<WorkStep, boolean, void>): Promise<boolean> {
    return segment.file.useWhile((file) => {
      const batches = undamaged(batchesLater(file, { from, to: segment.sizeBytes }, this.#chunkBytes), segment, from);
      return walkBatches({ batches, visit, pace: this.#pace, afterPause: () => this.#checkWanted() });
    });
  }

  #checkWanted(): void {
    const isWanted = !this.#pace.isStopped && !this.#log.isClosed && this.#log.isIntact;
    if (!isWanted) throw new CompactionAbandoned();
  }

  async #compactGroup(group: readonly Segment[]): Promise<number> {
    const first = group[0];
    if (first === undefined) return 0;
    const { filesystem } = this.#resources;
    const { directory } = this.#log;
    const compacted = new CompactedSegment(this.#log, first, this.#resources, this.#chunkBytes);
    let segment: Segment;
    try {
      for (const replaced of group) {
        await this.#forEachBatch(replaced, 0, (batch) => this.#compactBatch(batch, compacted));
      }
      segment = await compacted.complete();
      await filesystem.syncDirectoryLater(directory);
      this.#checkUnchanged(group);
      this.#log.replaceSegments(group, segment);
    } catch (error) {
      compacted.close();
      if (this.#log.isIntact) this.#drop(first.baseOffset);
      throw error;
    }
    await this.#log.completeSwap(group, segment);
    this.#checkWanted();
    this.#pace.resumed();
    return segment.sizeBytes;
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

  *#compactBatch(batch: RecordBatch, compacted: CompactedSegment): Generator<WorkStep, boolean, void> {
    const { left, aborted } = yield* this.#batches.compact(batch);
    if (aborted !== undefined) compacted.noteAborted(aborted);
    if (left !== undefined) this.#pace.worked(compacted.append(left));
    return true;
  }
}

/** The same up to the end of the segment. Throws StorageError SEGMENT_CORRUPT: what a damaged batch says must take nobody's place, nor end a segment. */
async function* undamaged(
  batches: AsyncIterable<RecordBatch>,
  { file: { path }, sizeBytes, baseOffset }: Segment,
  from: number,
): AsyncGenerator<RecordBatch, void, undefined> {
  let positionBytes = from;
  let nextOffset = baseOffset;
  try {
    for await (const batch of batches) {
      if (!batch.isCrcValid()) throw new MalformedMessage("the checksum of a batch is wrong");
      if (batch.baseOffset < nextOffset) throw new MalformedMessage(`offset ${batch.baseOffset} follows ${nextOffset - 1}`);
      positionBytes += batch.sizeBytes;
      nextOffset = batch.nextOffset;
      yield batch;
    }
    if (positionBytes < sizeBytes) throw new MalformedMessage("what follows is not a whole batch");
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    throw new StorageError("SEGMENT_CORRUPT", "A stored batch is damaged", { path, positionBytes, cause });
  }
}
