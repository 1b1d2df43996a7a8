// A replacement as the columns that odradek.replace_v1 takes (migrations/0003-upkeep.ts), in its order.

import type { Incarnation } from "../leases.ts";
import type { Replacement, ReplacingSegment } from "../upkeep/upkeep-catalog.ts";
import { byteaArray, int8Array } from "./binary-arrays.ts";
import { packChunks } from "./catalog-codec.ts";

export function replacementColumns({ brokerId, number }: Incarnation, { level, objects, logs }: Replacement): readonly unknown[] {
  const old = logs.flatMap((log, index) => log.old.map((segment) => ({ ...segment, position: index + 1 })));
  const fresh = logs.flatMap((log, index) => withHighest(log.segments).map((segment) => ({ ...segment, position: index + 1 })));
  const ended = logs.flatMap((log, index) => log.endedAbortedRanges.map((range) => ({ ...range, position: index + 1 })));
  let [from, to] = [0, 0];
  const ranges = logs.map((log) => {
    from = to + 1;
    to += log.old.length;
    return { from, to };
  });
  return [
    ...[brokerId, number, level, objects.map(({ key }) => key), int8Array(objects.map(({ sizeBytes }) => sizeBytes))],
    ...[logs.map(({ logId }) => logId), ranges.map((range) => range.from), ranges.map((range) => range.to)].map(int8Array),
    ...[
      old.map(({ position }) => position),
      old.map(({ baseOffset }) => baseOffset),
      old.map(({ endOffset }) => endOffset),
      old.map(({ place }) => (place.kind === "object" ? place.object.id : 0)),
      old.map(({ sizeBytes }) => sizeBytes),
    ].map(int8Array),
    ...[
      fresh.map(({ position }) => position),
      fresh.map(({ baseOffset }) => baseOffset),
      fresh.map(({ endOffset }) => endOffset),
      fresh.map(({ place }) => (place.kind === "object" ? place.object + 1 : 0)),
      fresh.map(({ sizeBytes }) => sizeBytes),
      fresh.map(({ maxTimestampMs }) => maxTimestampMs),
      fresh.map(({ highestMs }) => highestMs),
      fresh.map(({ compactedUntil }) => compactedUntil),
    ].map(int8Array),
    byteaArray(fresh.map(dataOf)),
    ...[ended.map(({ position }) => position), ended.map(({ producerId }) => producerId), ended.map(({ lastOffset }) => lastOffset)].map(
      int8Array,
    ),
  ];
}

/** Each with the largest timestamp of those up to it. */
function withHighest(segments: readonly ReplacingSegment[]): (ReplacingSegment & { readonly highestMs: number })[] {
  let highestMs = -1;
  return segments.map((segment) => {
    highestMs = Math.max(highestMs, segment.maxTimestampMs);
    return { ...segment, highestMs };
  });
}

function dataOf(segment: ReplacingSegment): Buffer {
  return segment.place.kind === "object" ? packChunks(segment.place.chunks, segment) : segment.place.bytes;
}
