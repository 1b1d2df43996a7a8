// Which part of a log is to be compacted, and how badly it needs it. Rules only, those of Apache Kafka:
//
//   segments     | compacted before      | dirty               | uncleanable: active, unstable, or too young
//   log start ───┴──────── first dirty ──┴─── first uncleanable ┴──── log end

import type { TopicSettings } from "../../config/topic-settings.ts";

export interface PlannedSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly largestTimestamp: { readonly timestampMs: number };
  /** Of the first batch; -1 without one. */
  readonly firstTimestampMs: number;
}

export interface LogToCompact<S extends PlannedSegment> {
  /** Oldest first; the last is the one that grows. */
  readonly segments: readonly S[];
  readonly settings: TopicSettings;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly lastStableOffset: number;
  /** As far as it was compacted before; `undefined` when never. */
  readonly compactedUntil: number | undefined;
  readonly nowMs: number;
}

export interface CompactionPlan {
  readonly firstDirtyOffset: number;
  /** Where a segment starts. */
  readonly firstUncleanableOffset: number;
  /** Dirty bytes, of all that would be read. */
  readonly dirtyRatio: number;
  readonly isDue: boolean;
}

export function planCompaction<S extends PlannedSegment>(log: LogToCompact<S>): CompactionPlan {
  const { segments, settings } = log;
  const firstDirtyOffset = firstDirtyOf(log);
  const firstUncleanableOffset = Math.max(firstUncleanableOf(log, firstDirtyOffset), segmentStart(segments, firstDirtyOffset));
  const dirtyFrom = segmentStart(segments, firstDirtyOffset);
  let compactedBytes = 0;
  let dirtyBytes = 0;
  for (const { baseOffset, sizeBytes } of segments) {
    if (baseOffset < firstDirtyOffset) compactedBytes += sizeBytes;
    if (baseOffset >= dirtyFrom && baseOffset < firstUncleanableOffset) dirtyBytes += sizeBytes;
  }
  const totalBytes = compactedBytes + dirtyBytes;
  const dirtyRatio = totalBytes === 0 ? 0 : dirtyBytes / totalBytes;
  const isOverdue = dirtyBytes > 0 && hasWaitedTooLong(log, firstDirtyOffset);
  return { firstDirtyOffset, firstUncleanableOffset, dirtyRatio, isDue: isOverdue || dirtyRatio > settings["min.cleanable.dirty.ratio"] };
}

/** A log that was cut shorter, or whose start moved on, is dirty from its start. */
function firstDirtyOf({ compactedUntil, logStartOffset, logEndOffset }: LogToCompact<PlannedSegment>): number {
  const isValid = compactedUntil !== undefined && compactedUntil >= logStartOffset && compactedUntil <= logEndOffset;
  return isValid ? compactedUntil : logStartOffset;
}

function firstUncleanableOf(log: LogToCompact<PlannedSegment>, firstDirtyOffset: number): number {
  const { segments, settings, lastStableOffset, nowMs } = log;
  const active = segments.at(-1)?.baseOffset ?? 0;
  const stable = segmentStart(segments, Math.min(lastStableOffset, active));
  const youngestMs = nowMs - settings["min.compaction.lag.ms"];
  if (settings["min.compaction.lag.ms"] <= 0) return stable;
  const dirtyFrom = segmentStart(segments, firstDirtyOffset);
  const young = segments.find((each) => each.baseOffset >= dirtyFrom && each.largestTimestamp.timestampMs > youngestMs);
  return Math.min(stable, young?.baseOffset ?? stable);
}

function hasWaitedTooLong({ segments, settings, nowMs }: LogToCompact<PlannedSegment>, firstDirtyOffset: number): boolean {
  const longestMs = settings["max.compaction.lag.ms"];
  if (longestMs > nowMs) return false;
  const dirtyFrom = segmentStart(segments, firstDirtyOffset);
  return segments
    .slice(0, -1)
    .some((each) => each.baseOffset >= dirtyFrom && each.firstTimestampMs > 0 && each.firstTimestampMs < nowMs - longestMs);
}

/** The base offset of the segment that an offset is in. */
function segmentStart(segments: readonly PlannedSegment[], offset: number): number {
  let start = segments[0]?.baseOffset ?? 0;
  for (const { baseOffset } of segments) if (baseOffset <= offset) start = baseOffset;
  return start;
}
