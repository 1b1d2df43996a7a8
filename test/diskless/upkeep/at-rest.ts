// What must be true of a cluster's rows and objects once nothing happens: of each log and of every object.

import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { Machines } from "../cluster.ts";

export interface RestOptions {
  /** Every object that nothing names was deleted, too. */
  readonly isCollected?: boolean;
}

/** What is wrong, in words; none when all is well. */
export function complaintsAtRest({ rows, bucket }: Pick<Machines, "rows" | "bucket">, { isCollected = false }: RestOptions = {}): string[] {
  const complaints: string[] = [];
  const named = new Set<string>();
  for (const { logId, segments, startOffset, endOffset, isDeleted } of rows.logs.values()) {
    if (isDeleted) continue;
    let next: number | undefined;
    for (const { baseOffset, endOffset: end, sizeBytes, place } of segments) {
      const name = `log ${logId}, segment ${baseOffset}-${end}`;
      if (next === undefined ? baseOffset > startOffset : baseOffset !== next) complaints.push(`${name} follows ${next ?? startOffset}`);
      if (end <= startOffset) complaints.push(`${name} lies below the start ${startOffset}`);
      next = end;
      if (place.kind === "object") named.add(place.object.key);
      const object = place.kind === "inline" ? place.bytes : bucket.objects.get(place.object.key);
      if (object === undefined) {
        complaints.push(`${name} names an object that is not there`);
        continue;
      }
      const ranges = place.kind === "inline" ? [{ baseOffset, from: 0, length: object.length }] : place.chunks;
      if (ranges.reduce((sum, { length }) => sum + length, 0) !== sizeBytes) complaints.push(`${name} has another size than its chunks`);
      let offset = baseOffset;
      for (const range of ranges) {
        if (range.from + range.length > object.length) complaints.push(`${name} reaches beyond its object`);
        if (range.baseOffset > offset && range !== ranges[0]) complaints.push(`${name} has a hole before ${range.baseOffset}`);
        for (const batch of batchesOf(object, { start: range.from, end: range.from + range.length })) {
          if (!batch.isCrcValid()) complaints.push(`${name} has a damaged batch at ${batch.baseOffset}`);
          if (batch.baseOffset < offset || batch.nextOffset > end) complaints.push(`${name} has batch ${batch.baseOffset} after ${offset}`);
          offset = batch.nextOffset;
        }
      }
    }
    const last = next ?? startOffset;
    if (last !== endOffset && !(segments.length === 0 && startOffset === endOffset))
      complaints.push(`log ${logId} ends at ${last}, not ${endOffset}`);
  }
  if (isCollected) {
    for (const key of bucket.objects.keys()) if (!named.has(key) && !key.endsWith("/owner")) complaints.push(`${key} is left over`);
    for (const { key } of rows.objects) if (!named.has(key)) complaints.push(`the row of ${key} is left over`);
  }
  complaints.push(...[...bucket.changedKeys].map((key) => `${key} was put twice`));
  return complaints;
}
