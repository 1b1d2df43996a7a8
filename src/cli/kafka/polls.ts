// What was fetched, in the portions in which Kafka's consumer hands it out: at most so many records a poll, of several partitions together
// where one has less.

import type { FetchedPartition } from "../../client/partition-fetch.ts";

export function* pollsOf(
  fetched: readonly FetchedPartition[],
  maxRecords: number,
): Generator<readonly FetchedPartition[], void, undefined> {
  let poll: FetchedPartition[] = [];
  let left = maxRecords;
  for (const partition of fetched) {
    const { records } = partition;
    let start = 0;
    do {
      const portion = records.slice(start, start + left);
      start += portion.length;
      left -= portion.length;
      const isLast = start >= records.length;
      poll.push({ ...partition, records: portion, nextOffset: isLast ? partition.nextOffset : (portion.at(-1)?.offset ?? -1) + 1 });
      if (left > 0) continue;
      yield poll;
      poll = [];
      left = maxRecords;
    } while (start < records.length);
  }
  if (poll.length > 0) yield poll;
}
