// Brings segments to stable storage, with the indexes that cannot be made anew from them alone; and the others, which recovery relies on.

import type { SegmentRow } from "./log-reader.ts";
import type { Segment } from "./segment.ts";

/** Rejects when one that is still part of the log could not be synced: retention and compaction go on meanwhile. */
export async function syncSegments(segments: readonly Segment[], row: SegmentRow): Promise<void> {
  await Promise.all(segments.filter(({ sizeBytes }) => sizeBytes > 0).map((segment) => syncSegment(segment, row)));
}

/** The same for their indexes. */
export async function syncIndexes(segments: readonly Segment[], row: SegmentRow): Promise<void> {
  await Promise.all(
    segments.map(async (segment) => {
      try {
        await segment.syncIndexes();
      } catch (error) {
        if (row.segments.includes(segment)) throw error;
      }
    }),
  );
}

async function syncSegment(segment: Segment, row: SegmentRow): Promise<void> {
  try {
    await segment.file.useWhile((file) => file.sync());
    await segment.transactions?.sync();
  } catch (error) {
    if (row.segments.includes(segment)) throw error;
  }
}
