// Records of several partitions in one row: by their timestamps, and those of a partition in its order, whatever their timestamps.

import type { StoredRecord } from "../shapes.ts";

type Row = readonly StoredRecord[];

/** Oldest first. */
export function merged(rows: readonly Row[]): StoredRecord[] {
  const total = rows.reduce((sum, { length }) => sum + length, 0);
  return picked(rows, total, { first: () => 0, step: 1, isBefore: (one, other) => one.timestamp < other.timestamp });
}

/** The newest of them, oldest first. */
export function mergedBackwards(rows: readonly Row[], limit: number): StoredRecord[] {
  const newest = picked(rows, limit, {
    first: ({ length }) => length - 1,
    step: -1,
    isBefore: (one, other) => one.timestamp > other.timestamp,
  });
  return newest.reverse();
}

interface Order {
  readonly first: (row: Row) => number;
  readonly step: 1 | -1;
  readonly isBefore: (one: StoredRecord, other: StoredRecord) => boolean;
}

function picked(rows: readonly Row[], limit: number, { first, step, isBefore }: Order): StoredRecord[] {
  const heads = rows.filter((row) => row.length > 0).map((row) => ({ row, at: first(row) }));
  const found: StoredRecord[] = [];
  while (found.length < limit) {
    let best: { row: Row; at: number } | undefined;
    let record: StoredRecord | undefined;
    for (const head of heads) {
      const candidate = head.row[head.at];
      if (candidate !== undefined && (record === undefined || isBefore(candidate, record))) [best, record] = [head, candidate];
    }
    if (best === undefined || record === undefined) break;
    found.push(record);
    best.at += step;
  }
  return found;
}
