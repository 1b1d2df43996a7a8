// Rows of segments, each with its object where it lies in one.

import type { Segment, StoredObject } from "../catalog.ts";
import { unpackChunks } from "./catalog-codec.ts";

export interface SegmentParts extends Omit<Segment, "place"> {
  readonly object: StoredObject | undefined;
  /** Batches, or where in the object they are. */
  readonly data: Buffer;
}

export function segmentOf({ object, data, ...segment }: SegmentParts): Segment {
  if (object === undefined) return { ...segment, place: { kind: "inline", bytes: data } };
  return { ...segment, place: { kind: "object", object, chunks: unpackChunks(data, segment) } };
}

/** Columns of a segment `s` and of its object `o`. */
export const SEGMENT_COLUMNS =
  's.base_offset AS "baseOffset", s.end_offset AS "endOffset", s.size_bytes AS "sizeBytes", s.max_timestamp_ms AS "maxTimestampMs", ' +
  's.compacted_until AS "compactedUntil", s.data, o.object_id AS "objectId", o.key, o.size_bytes AS "objectBytes"';

export interface SegmentRow extends Omit<SegmentParts, "object"> {
  readonly objectId: number | null;
  readonly key: string | null;
  readonly objectBytes: number | null;
}

export function rowSegment({ objectId, key, objectBytes, ...parts }: SegmentRow): Segment {
  const isInObject = objectId !== null && key !== null && objectBytes !== null;
  return segmentOf({ ...parts, object: isInObject ? { id: objectId, key, sizeBytes: objectBytes } : undefined });
}
