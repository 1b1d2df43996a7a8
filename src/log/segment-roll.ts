// When a log starts a new segment instead of appending to its last one: the size, the age or the indexes of that have reached their
// limit, or the new offset would be too far from its first.

import type { TopicSettings } from "../config/topic-settings.ts";
import { largestSegmentBytes, longestSegmentMs } from "../storage/segment-limits.ts";
import type { Segment } from "./segment.ts";

/** Index entries hold offsets relative to the segment's first in 31 bits. */
export const MAX_RELATIVE_OFFSET = 0x7fffffff;

export interface IncomingBatch {
  readonly sizeBytes: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
}

export interface RollRules {
  readonly settings: TopicSettings;
  /** Taken off segment.ms. */
  readonly jitterMs: number;
  readonly nowMs: number;
}

export function shouldRoll(segment: Segment, incoming: IncomingBatch, { settings, jitterMs, nowMs }: RollRules): boolean {
  if (segment.sizeBytes === 0) return false;
  if (segment.sizeBytes > largestSegmentBytes(settings) - incoming.sizeBytes) return true;
  if (incoming.lastOffset - segment.baseOffset > MAX_RELATIVE_OFFSET) return true;
  if (segment.areIndexesFull(settings["segment.index.bytes"])) return true;
  const { firstTimestampMs } = segment;
  const ageMs = firstTimestampMs >= 0 ? incoming.maxTimestampMs - firstTimestampMs : nowMs - segment.createdMs;
  return ageMs > longestSegmentMs(settings) - jitterMs;
}
