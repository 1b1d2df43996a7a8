// Up to where recovery need not look at a log: everything below is on the disk, and so is what the indexes have of it. What is flushed is
// not enough: an index that a power failure took in part may look whole, and say something else than the batches. Nor is what a recovery cut
// off surely gone, and what it mended surely there, before the disk was asked for it.

import type { LogFolder } from "./log-folder.ts";
import { type SegmentRow, segmentIndexOf } from "./log-reader.ts";
import type { Segment } from "./segment.ts";
import { syncIndexes, syncSegments } from "./segment-sync.ts";

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
  /** The disk has what recovery made of the files. */
  #isSettled: boolean;

  private constructor(offset: number, isSettled: boolean) {
    this.#offset = offset;
    this.#isSettled = isSettled;
  }

  /** Of a log that was recovered. */
  static of({ isClean, recoveryPoint }: Recovered, logEndOffset: number): RecoveryPoint {
    return new RecoveryPoint(Math.min(recoveryPoint, logEndOffset), isClean);
  }

  get offset(): number {
    return this.#offset;
  }

  /** Brings the indexes to the disk up to where the log is flushed. Rejects when that fails: the point stays where it is. */
  async moveTo(flushedOffset: number, log: IndexedLog, folder: LogFolder): Promise<void> {
    if (flushedOffset <= this.#offset && this.#isSettled) return;
    const active = log.segments.at(-1);
    if (flushedOffset === log.logEndOffset) active?.seal();
    else active?.flushIndexes();
    const segments = log.segments.slice(Math.max(0, segmentIndexOf(log.segments, this.#offset)));
    if (!this.#isSettled) await syncSegments(segments, log);
    await syncIndexes(segments, log);
    // The files' names.
    folder.hasNewFiles = true;
    await folder.sync();
    this.#isSettled = true;
    this.#offset = Math.max(this.#offset, flushedOffset);
  }
}
