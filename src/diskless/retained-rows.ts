// What retention leaves of a log in objects: decided on its rows as on segments of files, by the same rules, without a lock. What was decided is
// looked at again when it is done.

import type { TopicSettings } from "../config/topic-settings.ts";
import { countExpiredSegments, type RetainedSegment } from "../storage/retention.ts";
import type { Catalog } from "./catalog.ts";

const PAGE_ROWS = 1000;

export interface RetainedLog {
  readonly logId: number;
  readonly settings: TopicSettings;
  readonly logStartOffset: number;
  readonly durableOffset: number;
  readonly sizeBytes: number;
}

/** The offset at which the log may begin. Rejects with StorageError. */
export async function expiredUntil(log: RetainedLog, catalog: Catalog, nowMs: number): Promise<number> {
  const { settings, logStartOffset, durableOffset } = log;
  let { sizeBytes } = log;
  let offset = logStartOffset;
  while (offset < durableOffset && mayExpire(settings, sizeBytes)) {
    const rows = await catalog.segments(log.logId, offset, PAGE_ROWS);
    const segments = rows.map((row): RetainedSegment => {
      const { baseOffset, maxTimestampMs } = row;
      // Where no record has a timestamp, nothing says that it is old.
      return { baseOffset, sizeBytes: row.sizeBytes, largestTimestampMs: maxTimestampMs < 0 ? nowMs : maxTimestampMs };
    });
    const pageBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    const isLast = rows.length < PAGE_ROWS;
    const endOffset = rows.at(-1)?.endOffset ?? durableOffset;
    const behind = { baseOffset: endOffset, sizeBytes: Math.max(0, sizeBytes - pageBytes), largestTimestampMs: Number.MAX_SAFE_INTEGER };
    const state = {
      segments: isLast ? segments : [...segments, behind],
      settings,
      logStartOffset: offset,
      logEndOffset: durableOffset,
      durableOffset,
    };
    const count = Math.min(countExpiredSegments(state, nowMs), segments.length);
    offset = Math.max(offset, rows[count - 1]?.endOffset ?? offset);
    if (isLast || count < segments.length) return Math.min(offset, durableOffset);
    sizeBytes -= pageBytes;
  }
  return offset;
}

function mayExpire(settings: TopicSettings, sizeBytes: number): boolean {
  if (!settings["cleanup.policy"].includes("delete")) return false;
  const retentionBytes = settings["retention.bytes"];
  return settings["retention.ms"] >= 0 || (retentionBytes >= 0 && sizeBytes > retentionBytes);
}
