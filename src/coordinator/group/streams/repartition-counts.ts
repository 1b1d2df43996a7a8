// How many partitions repartition topics are to have: as the client says, or as many as the largest source of a subtopology that writes the
// topic. A source may be a repartition topic itself, so it goes round until all are known, or nothing comes out any more.

import { Errors } from "../../../../protocol/errors.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import type { PartitionCount, Subtopology } from "./topology.ts";

/** By topic; also of those that are written, and read by nobody. */
export function repartitionCounts(subtopologies: readonly Subtopology[], existing: PartitionCount): Map<string, number> | Refusal {
  const counts = new Map<string, number>();
  for (const { repartitionSourceTopics } of subtopologies) {
    for (const { name, partitions } of repartitionSourceTopics) if (partitions !== 0) counts.set(name, partitions);
  }
  for (let waiting = true; waiting; ) {
    const before = counts.size;
    waiting = false;
    for (const subtopology of subtopologies) {
      for (const sink of subtopology.repartitionSinkTopics) {
        if (counts.has(sink)) continue;
        const count = largestSource(subtopology, counts, existing);
        if (count === undefined) waiting = true;
        else counts.set(sink, count);
      }
    }
    if (waiting && counts.size === before)
      return refused(
        "Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.",
      );
  }
  const isUnwritten = ({ repartitionSourceTopics }: Subtopology) => repartitionSourceTopics.some(({ name }) => !counts.has(name));
  if (!subtopologies.some(isUnwritten)) return counts;
  return refused(
    "Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.",
  );
}

function largestSource(
  { sourceTopics, repartitionSourceTopics }: Subtopology,
  counts: ReadonlyMap<string, number>,
  existing: PartitionCount,
): number | undefined {
  const known = [...repartitionSourceTopics.map(({ name }) => counts.get(name)), ...sourceTopics.map(existing)];
  return known.reduce((largest, count) => (count === undefined ? largest : Math.max(largest ?? count, count)), undefined);
}

function refused(message: string): Refusal {
  return { error: Errors.STREAMS_INVALID_TOPOLOGY, message };
}
