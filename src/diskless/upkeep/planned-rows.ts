// Rows of a log as the rules of compaction see segments: neighbours that together are what a segment of files would be, by segment.bytes and
// segment.ms. What was compacted and what came since are never one, since a compaction ends where a segment does. The last of them is the one
// that grows, which is not compacted.

import type { TopicSettings } from "../../config/topic-settings.ts";
import type { PlannedSegment } from "../../storage/compaction/compaction-plan.ts";
import { largestSegmentBytes, longestSegmentMs } from "../../storage/segment-limits.ts";
import type { Segment } from "../catalog.ts";

/** They follow one another from the log's first row on. */
export function plannedRows(rows: readonly Segment[], settings: TopicSettings): PlannedSegment[] {
  const [mostBytes, longestMs] = [largestSegmentBytes(settings), longestSegmentMs(settings)];
  const planned: PlannedSegment[] = [];
  for (const [index, { baseOffset, sizeBytes, maxTimestampMs, compactedUntil }] of rows.entries()) {
    const last = planned.at(-1);
    const isFull = last === undefined || last.sizeBytes + sizeBytes > mostBytes || maxTimestampMs - last.firstTimestampMs > longestMs;
    const isFirstSince = compactedUntil === 0 && rows[index - 1]?.compactedUntil !== 0;
    if (isFull || isFirstSince)
      planned.push({ baseOffset, sizeBytes, largestTimestamp: { timestampMs: maxTimestampMs }, firstTimestampMs: maxTimestampMs });
    else {
      planned[planned.length - 1] = {
        ...last,
        sizeBytes: last.sizeBytes + sizeBytes,
        largestTimestamp: { timestampMs: Math.max(last.largestTimestamp.timestampMs, maxTimestampMs) },
      };
    }
  }
  return planned;
}

/** As far as the log is compacted from its first row on; `undefined` when it never was. A compaction may have ended between two rows. */
export function compactedUntilOf(rows: readonly Segment[]): number | undefined {
  let until = Number.POSITIVE_INFINITY;
  for (const { baseOffset, compactedUntil } of rows) {
    if (baseOffset >= until) break;
    until = Math.min(until, compactedUntil);
  }
  return until > 0 && Number.isFinite(until) ? until : undefined;
}
