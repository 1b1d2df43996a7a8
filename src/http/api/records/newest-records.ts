// The newest records of many partitions together: read backwards from their ends, of each no more than it may have among them.
//
// Partitions are read in parts, at first as if the records were spread evenly over them. Where all that was read of a partition is among the newest, what
// lies before it may be too, and the next part is read, twice as long.

import type { Position, StoredRecord } from "../shapes.ts";
import { mergedBackwards } from "./merged.ts";
import type { Found, TopicReader } from "./topic-reader.ts";

/** What one read of a partition takes at most. */
const READ_BYTES = 256 * 1024;

interface Tail {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  /** Where what was read begins. */
  low: number;
  length: number;
  records: readonly StoredRecord[];
}

export interface Newest {
  /** Oldest first. */
  readonly records: readonly StoredRecord[];
  /** Behind them. */
  readonly ends: readonly Position[];
  readonly failed: readonly Found[];
}

export async function newestRecords(reader: TopicReader, partitions: readonly number[], limit: number): Promise<Newest> {
  const [starts, ends] = await Promise.all([reader.offsets(partitions, -2), reader.offsets(partitions, -1)]);
  const length = Math.ceil(limit / Math.max(1, ends.size));
  const tails: Tail[] = [...ends].map(([partition, end]) => ({
    ...{ partition, end, start: starts.get(partition) ?? end },
    ...{ low: end, length, records: [] },
  }));
  let wanted: readonly Tail[] = limit === 0 ? [] : tails;
  let records: readonly StoredRecord[] = [];
  const failed: Found[] = [];
  while (wanted.length > 0) {
    failed.push(...(await extend(reader, wanted)));
    records = mergedBackwards(
      tails.map((tail) => tail.records),
      limit,
    );
    const oldest = new Map([...records].reverse().map(({ partition, offset }) => [partition, offset]));
    const isAllNewest = ({ partition, records: [first] }: Tail) => first === undefined || oldest.get(partition) === first.offset;
    wanted = tails.filter((tail) => tail.low > tail.start && (records.length < limit || isAllNewest(tail)));
  }
  return { records, failed, ends: [...ends].map(([partition, offset]) => ({ partition, offset })) };
}

interface Part {
  readonly tail: Tail;
  readonly from: number;
  readonly read: StoredRecord[];
  at: number;
}

/** By one part each. Gives those that cannot be read, of which no more is asked. */
async function extend(reader: TopicReader, tails: readonly Tail[]): Promise<Found[]> {
  const parts = new Map<number, Part>();
  for (const tail of tails) {
    const from = Math.max(tail.start, tail.low - tail.length);
    parts.set(tail.partition, { tail, from, at: from, read: [] });
    tail.length *= 2;
  }
  const failed: Found[] = [];
  let open = [...parts.values()];
  while (open.length > 0) {
    const found = await reader.read(open.map(({ tail: { partition }, at }) => ({ partition, offset: at, maxBytes: READ_BYTES })));
    open = found.flatMap((each) => {
      const part = parts.get(each.partition);
      if (part === undefined) return [];
      if (each.problem !== undefined) failed.push(each);
      part.read.push(...each.records.filter(({ offset }) => offset < part.tail.low));
      const hasMoved = each.offset > part.at;
      part.at = each.offset;
      return hasMoved && each.offset < part.tail.low ? [part] : [];
    });
  }
  for (const { tail, read, from } of parts.values()) {
    tail.records = [...read, ...tail.records];
    tail.low = failed.some(({ partition }) => partition === tail.partition) ? tail.start : from;
  }
  return failed;
}
