// Which segments become one when they are compacted: a segment has its limits, of bytes, of index entries, and of offsets from its first.

import type { TopicSettings } from "../config/topic-settings.ts";
import { largestSegmentBytes } from "../storage/segment-limits.ts";
import { MAX_RELATIVE_OFFSET } from "./segment-roll.ts";
import { TIME_INDEX_ENTRY_BYTES } from "./time-index.ts";

interface GroupedSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
}

/** Neighbours that together are no larger than a segment may be. Each group becomes one segment. */
export function groupSegments<S extends GroupedSegment>(segments: readonly S[], endOffset: number, settings: TopicSettings): S[][] {
  const largestIndexed = (settings["segment.index.bytes"] / TIME_INDEX_ENTRY_BYTES) * settings["index.interval.bytes"];
  const mostBytes = Math.min(largestSegmentBytes(settings), largestIndexed);
  const groups: S[][] = [];
  let groupBytes = 0;
  for (const [index, segment] of segments.entries()) {
    const group = groups.at(-1);
    const nextOffset = segments[index + 1]?.baseOffset ?? endOffset;
    const isNear = segment.sizeBytes === 0 || nextOffset - 1 - (group?.[0]?.baseOffset ?? 0) <= MAX_RELATIVE_OFFSET;
    if (group !== undefined && isNear && groupBytes + segment.sizeBytes <= mostBytes) {
      group.push(segment);
      groupBytes += segment.sizeBytes;
    } else {
      groups.push([segment]);
      groupBytes = segment.sizeBytes;
    }
  }
  return groups;
}
