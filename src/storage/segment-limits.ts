// How large and how old a segment of a log may become, by the settings of its topic.

import type { TopicSettings } from "../config/topic-settings.ts";

export function largestSegmentBytes(settings: TopicSettings): number {
  return settings["internal.segment.bytes"] ?? settings["segment.bytes"];
}

/** From its first record to its last. */
export function longestSegmentMs(settings: TopicSettings): number {
  const isCompacted = settings["cleanup.policy"].includes("compact");
  return isCompacted ? Math.min(settings["segment.ms"], settings["max.compaction.lag.ms"]) : settings["segment.ms"];
}
