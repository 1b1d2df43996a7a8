// Takes the oldest segments of a log away: their files get another name at once and go after file.delete.delay.ms, when nobody reads them
// any more. What has its new name is no longer part of the log, and what could not get it stays so, until retention looks again.

import type { Logger } from "../base/logger.ts";
import type { Segment } from "./segment.ts";

export interface SegmentsSetAside {
  /** How many of the oldest; less than was asked for where the disk refused. */
  readonly count: number;
  readonly sizeBytes: number;
  /** To be removed. */
  readonly paths: readonly string[];
}

export function setAsideOldest(segments: readonly Segment[], count: number, logger: Logger): SegmentsSetAside {
  const paths: string[] = [];
  let done = 0;
  let sizeBytes = 0;
  for (const segment of segments.slice(0, count)) {
    try {
      segment.setAside(paths);
    } catch (error) {
      // Of one whose batches are aside, the next start finds the other files without them, and removes them.
      logger.warn({ err: error, segment: segment.file.path }, "could not set the files of a deleted segment aside");
      if (!segment.isSetAside) break;
    }
    done++;
    sizeBytes += segment.sizeBytes;
  }
  return { count: done, sizeBytes, paths };
}
