// Up to where recovery need not look at a log: everything below is on the disk, and so is what the indexes have of it. What is flushed is
// not enough: an index that a power failure took in part may look whole, and say something else than the batches.

import type { LogFolder } from "./log-folder.ts";
import { type SegmentRow, segmentIndexOf } from "./log-reader.ts";
import type { Segment } from "./segment.ts";
import { syncIndexes } from "./segment-sync.ts";

interface Recovered {
  readonly isClean: boolean;
  /** As checkpointed. */
  readonly recoveryPoint: number;
}

interface IndexedLog extends SegmentRow {
  readonly segments: readonly Segment[];
  readonly logEndOffset: number;
}

export class RecoveryPoint {
  #offset: number;

  private constructor(offset: number) {
    this.#offset = offset;
  }

  /** Of a log that was recovered. */
  static of({ isClean, recoveryPoint }: Recovered, logEndOffset: number): RecoveryPoint {
    return new RecoveryPoint(isClean ? logEndOffset : Math.min(recoveryPoint, logEndOffset));
  }

  get offset(): number {
    return this.#offset;
  }

  /** Brings the indexes to the disk up to where the log is flushed. Rejects when that fails: the point stays where it is. */
  async moveTo(flushedOffset: number, log: IndexedLog, folder: LogFolder): Promise<void> {
    if (flushedOffset <= this.#offset) return;
    const active = log.segments.at(-1);
    if (flushedOffset === log.logEndOffset) active?.seal();
    else active?.flushIndexes();
    await syncIndexes(log.segments.slice(Math.max(0, segmentIndexOf(log.segments, this.#offset))), log);
    // The files' names.
    folder.hasNewFiles = true;
    await folder.sync();
    this.#offset = Math.max(this.#offset, flushedOffset);
  }
}
