// One compaction of one log in objects: the rules are in storage/compaction; here the batches of its rows are read, in two walks, and what stays
// is put into new objects, each of which takes the place of the rows that it was made of. Appends and reads go on meanwhile. A record stays
// where its key was not met again, so what is replaced and what is not yet may stand beside each other.

import { RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import type { TopicSettings } from "../../config/topic-settings.ts";
import { BatchCompaction } from "../../storage/compaction/batch-compaction.ts";
import type { CompactionPlan } from "../../storage/compaction/compaction-plan.ts";
import { type Pace, walkBatches } from "../../storage/compaction/pace.ts";
import type { ProducerState } from "../../storage/producer-states.ts";
import type { CompactionLimits } from "../../storage/storage-engine.ts";
import type { AbortedRange, Chunk, LogKey, Segment } from "../catalog.ts";
import { checkedBatches } from "../checked-batches.ts";
import { RewrittenBatches } from "./rewritten-batches.ts";
import type { SegmentReplacer } from "./segment-replacer.ts";
import { readChunks } from "./segment-source.ts";

/** As its leader has it. */
export interface CompactableLog {
  readonly name: string;
  readonly logId: number;
  readonly key: LogKey;
  readonly settings: TopicSettings;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly durableOffset: number;
  readonly sizeBytes: number;
  readonly firstUnstableOffset: number;
  /** False once it was closed, or is another's. */
  readonly isWritten: boolean;
  producer(producerId: number): ProducerState | undefined;
  /** Rows of it are others by now, with so many bytes fewer. */
  compacted(savedBytes: number): void;
}

export interface LogCompactionOptions {
  readonly log: CompactableLog;
  /** From the start of the log on, at least as far as the plan goes. */
  readonly rows: readonly Segment[];
  readonly plan: CompactionPlan;
  /** All that begin below the first uncleanable offset. */
  readonly aborted: readonly AbortedRange[];
  readonly limits: CompactionLimits;
  readonly store: ObjectStore;
  readonly replacer: SegmentReplacer;
  readonly pace: Pace;
  readonly nowMs: number;
}

export interface LogCompactionResult {
  /** Everything below it is compacted. */
  readonly compactedUntil: number;
  readonly keyCount: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** The log was closed or changed, or all is to end: nothing is lost, and it is tried again later. */
export class CompactionAbandoned extends Error {
  override readonly name = "CompactionAbandoned";
}

const OBJECT_BYTES = 64 * 1024 * 1024;
/** One after another what is small is put together with that of other logs. */
const LEVEL = 1;

export class LogCompaction {
  readonly #options: LogCompactionOptions;
  readonly #batches: BatchCompaction<AbortedRange>;
  readonly #chunkBytes: number;

  constructor(options: LogCompactionOptions) {
    this.#options = options;
    const { log, plan, limits, nowMs, aborted } = options;
    this.#chunkBytes = Math.max(1, Math.floor(limits.ioBufferBytes / 2));
    this.#batches = new BatchCompaction({
      ...{ plan, limits, nowMs, aborted },
      settings: log.settings,
      producer: (producerId) => log.producer(producerId),
    });
  }

  /** Rejects with CompactionAbandoned, MalformedMessage, ObjectStoreError, StorageError. */
  async run(): Promise<LogCompactionResult> {
    await this.#noteKeys();
    const { compactedUntil, keyCount } = this.#batches;
    const rows = this.#options.rows.filter(({ baseOffset }) => baseOffset < compactedUntil);
    let [bytesBefore, bytesAfter] = [0, 0];
    let group: Segment[] = [];
    let batches: RewrittenBatches | undefined;
    let ended: AbortedRange[] = [];
    const replace = async () => {
      if (batches === undefined) return;
      batches.end();
      bytesAfter += batches.sizeBytes;
      await this.#replace({ old: group, batches, compactedUntil, ended });
      [group, batches, ended] = [[], undefined, []];
    };
    for (const row of rows) {
      if (batches !== undefined && batches.sizeBytes + row.sizeBytes > OBJECT_BYTES) await replace();
      batches ??= new RewrittenBatches(row.baseOffset);
      group.push(row);
      bytesBefore += row.sizeBytes;
      await this.#compactRow(row, batches, ended);
    }
    await replace();
    return { compactedUntil, keyCount, bytesBefore, bytesAfter };
  }

  async #noteKeys(): Promise<void> {
    const { rows, plan } = this.#options;
    for (const row of rows) {
      if (row.endOffset <= plan.firstDirtyOffset || row.baseOffset >= plan.firstUncleanableOffset) continue;
      const isWhole = await this.#walk(row, (batch) => this.#batches.note(batch));
      if (!isWhole) return;
      this.#batches.notedUntil(row.endOffset);
    }
  }

  async #compactRow(row: Segment, target: RewrittenBatches, ended: AbortedRange[]): Promise<void> {
    const { pace } = this.#options;
    const compaction = this.#batches;
    await this.#walk(row, function* (batch) {
      const { left, ended: range } = yield* compaction.compact(batch);
      if (range !== undefined) ended.push(range);
      if (left === undefined) return true;
      target.add(ownMemory(left));
      pace.worked(left.sizeBytes);
      return true;
    });
  }

  #walk(row: Segment, visit: Parameters<typeof walkBatches>[0]["visit"]): Promise<boolean> {
    const { pace } = this.#options;
    return walkBatches({ batches: this.#batchesOf(row), visit, pace, afterPause: () => this.#checkWanted() });
  }

  /** Some chunks at a time, those that fit into the buffer. */
  async *#batchesOf(row: Segment): AsyncGenerator<RecordBatch, void, undefined> {
    const { place } = row;
    if (place.kind === "inline") {
      yield* checkedBatches(place.bytes, row);
      return;
    }
    const pieces = piecesOf(place.chunks, this.#chunkBytes);
    for (const [index, chunks] of pieces.entries()) {
      const baseOffset = chunks[0]?.baseOffset ?? row.baseOffset;
      const endOffset = pieces[index + 1]?.[0]?.baseOffset ?? row.endOffset;
      const bytes = await readChunks(this.#options.store, place.object.key, chunks);
      this.#options.pace.resumed();
      this.#checkWanted();
      yield* checkedBatches(bytes, { baseOffset, endOffset, compactedUntil: row.compactedUntil });
    }
  }

  async #replace(rewritten: {
    readonly old: readonly Segment[];
    readonly batches: RewrittenBatches;
    readonly compactedUntil: number;
    readonly ended: readonly AbortedRange[];
  }): Promise<void> {
    const { log, replacer, pace } = this.#options;
    const { old, batches, compactedUntil, ended: endedAbortedRanges } = rewritten;
    this.#checkWanted();
    const segment = { logId: log.logId, ...log.key, old, batches, compactedUntil, endedAbortedRanges };
    const [isDone] = await replacer.replace([segment], LEVEL);
    pace.resumed();
    if (isDone !== true) throw new CompactionAbandoned();
    log.compacted(old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - batches.sizeBytes);
  }

  #checkWanted(): void {
    if (this.#options.pace.isStopped || !this.#options.log.isWritten) throw new CompactionAbandoned();
  }
}

/** What stays may be little of what was read, which is not to be kept for it. */
function ownMemory(batch: RecordBatch): RecordBatch {
  return batch.buffer.length === batch.sizeBytes ? batch : new RecordBatch(Buffer.from(batch.bytes));
}

function piecesOf(chunks: readonly Chunk[], mostBytes: number): Chunk[][] {
  const pieces: Chunk[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    if (sizeBytes + chunk.length > mostBytes) {
      pieces.push([]);
      sizeBytes = 0;
    }
    pieces.at(-1)?.push(chunk);
    sizeBytes += chunk.length;
  }
  return pieces;
}
