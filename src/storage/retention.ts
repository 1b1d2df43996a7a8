// Which segments of a log go (retention.ms, retention.bytes, and what lies below the log start): oldest first, without a gap.

import type { TopicSettings } from "../config/topic-settings.ts";

export interface RetainedSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  /** The largest record timestamp; that of the file where no record has one. */
  readonly largestTimestampMs: number;
}

export interface RetentionState {
  /** Oldest first; the last is the one that grows. */
  readonly segments: readonly RetainedSegment[];
  readonly settings: TopicSettings;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Nothing at or above it goes. */
  readonly durableOffset: number;
}

/** How many of the oldest segments go: for the log's start, then their size, then their age, as in Kafka. All of them: the caller starts a new one first. */
export function countExpiredSegments(state: RetentionState, nowMs: number): number {
  const { settings } = state;
  const byStart = below(state, 0, ({ endOffset }) => endOffset <= state.logStartOffset && endOffset < state.logEndOffset);
  if (!settings["cleanup.policy"].includes("delete")) return byStart;
  return expiredByTime(state, nowMs, expiredBySize(state, byStart));
}

function expiredByTime(state: RetentionState, nowMs: number, from: number): number {
  const retentionMs = state.settings["retention.ms"];
  if (retentionMs < 0) return from;
  return below(state, from, ({ segment }) => nowMs - segment.largestTimestampMs > retentionMs);
}

function expiredBySize(state: RetentionState, from: number): number {
  const retentionBytes = state.settings["retention.bytes"];
  if (retentionBytes < 0) return from;
  let excessBytes = -retentionBytes;
  for (const segment of state.segments.slice(from)) excessBytes += segment.sizeBytes;
  return below(state, from, ({ segment }) => {
    excessBytes -= segment.sizeBytes;
    return excessBytes >= 0;
  });
}

interface Candidate {
  readonly segment: RetainedSegment;
  /** Where the next segment starts. */
  readonly endOffset: number;
}

/** Counts on from `from` for as long as segments expire. */
function below(state: RetentionState, from: number, hasExpired: (candidate: Candidate) => boolean): number {
  let count = from;
  for (;;) {
    const segment = state.segments[count];
    if (segment === undefined) return count;
    const endOffset = state.segments[count + 1]?.baseOffset ?? state.logEndOffset;
    const isEmptyLast = count === state.segments.length - 1 && segment.sizeBytes === 0;
    if (isEmptyLast || endOffset > state.durableOffset || !hasExpired({ segment, endOffset })) return count;
    count++;
  }
}
