// Copartition groups: topics whose partitions of one number are read by one task, as joins need it. External topics have what they have, and
// must have it alike; repartition topics follow them, or else the one that the client fixed, or else the largest of them.

import { type Status, Statuses } from "./statuses.ts";
import type { PartitionCount, Subtopology } from "./topology.ts";

type Counts = readonly (readonly [topic: string, count: number])[];

/** Changes what was decided of repartition topics. @param subtopology whose groups are looked at */
export function copartitioned(
  subtopologies: readonly Subtopology[],
  subtopology: Subtopology,
  count: PartitionCount,
  decided: Map<string, number>,
): Status | undefined {
  const repartition = new Map(
    subtopologies.flatMap(({ repartitionSourceTopics }) => repartitionSourceTopics.map(({ name, partitions }) => [name, partitions !== 0])),
  );
  for (const group of subtopology.copartitionGroups) {
    const names = new Set([
      ...group.sourceTopics.map((index) => subtopology.sourceTopics[index]),
      ...group.repartitionSourceTopics.map((index) => subtopology.repartitionSourceTopics[index]?.name),
    ]);
    const counts: Counts = [...names].flatMap((name) => (name === undefined ? [] : [[name, count(name) ?? 0] as const]));
    const internal = counts.filter(([name]) => repartition.has(name));
    const external = counts.filter(([name]) => !repartition.has(name));
    const chosen = choose(external, internal, (name) => repartition.get(name) === true);
    if (typeof chosen !== "number") return chosen;
    for (const [name, had] of internal) {
      if (repartition.get(name) === true && had !== chosen)
        return incorrect(
          `Number of partitions [${had}] of repartition topic [${name}] doesn't match number of partitions [${chosen}] of the source topic.`,
        );
      decided.set(name, chosen);
    }
  }
  return undefined;
}

function choose(external: Counts, internal: Counts, isFixed: (name: string) => boolean): number | Status {
  if (external.length > 0) return same(external);
  const fixed = internal.filter(([name]) => isFixed(name));
  if (fixed.length > 0) return same(fixed);
  return Math.max(0, ...internal.map(([, count]) => count));
}

function same(counts: Counts): number | Status {
  const [[, first] = ["", 0]] = counts;
  if (counts.every(([, count]) => count === first)) return first;
  const told = counts.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name}=${count}`);
  return incorrect(`Following topics do not have the same number of partitions: [{${told.join(", ")}}]`);
}

function incorrect(statusDetail: string): Status {
  return { statusCode: Statuses.INCORRECTLY_PARTITIONED_TOPICS, statusDetail };
}
