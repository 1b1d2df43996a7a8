// What makes one assignment better than another: that it is one at all, how even it is, and how little moves.

import type { Group, Parts } from "./group.ts";

/** What is wrong with it, empty if nothing: every partition of a topic that somebody subscribes to has one owner, who does. */
export function faultsOf({ topics, members }: Group, parts: Parts): string[] {
  const faults: string[] = [];
  const owners = new Map<string, number>();
  for (const [place, { memberId, topicIds }] of members.entries()) {
    for (const [id, partitions] of parts[place] ?? []) {
      const count = topics.get(id) ?? 0;
      if (!topicIds.has(id)) faults.push(`${memberId} does not subscribe to ${id}`);
      if (partitions.length === 0) faults.push(`${memberId} has ${id} without partitions`);
      for (const [index, partition] of partitions.entries()) {
        if (partition < 0 || partition >= count) faults.push(`${id} has no partition ${partition}`);
        if (index > 0 && partition <= (partitions[index - 1] ?? 0)) faults.push(`${partition} of ${id} is not in order at ${memberId}`);
        owners.set(`${id} ${partition}`, (owners.get(`${id} ${partition}`) ?? 0) + 1);
      }
    }
  }
  for (const [id, count] of topics) {
    if (!members.some(({ topicIds }) => topicIds.has(id))) continue;
    for (let partition = 0; partition < count; partition++) {
      const times = owners.get(`${id} ${partition}`) ?? 0;
      if (times !== 1) faults.push(`${id} ${partition} has ${times} owners`);
    }
  }
  return faults;
}

/** How many partitions each member has, the most first. */
export function loadsOf(parts: Parts): number[] {
  return parts.map((part) => [...part.values()].reduce((sum, { length }) => sum + length, 0)).sort((a, b) => b - a);
}

/** Whether it is at least as even: of any number of members, those with most have no more together than in the other (majorization). */
export function isAsEven(loads: readonly number[], others: readonly number[]): boolean {
  let [sum, other] = [0, 0];
  return loads.every((load, index) => {
    sum += load;
    other += others[index] ?? 0;
    return sum <= other;
  });
}

/** Partitions that go to somebody else although whoever had them is there and still subscribes. */
export function movesOf({ topics, members }: Group, parts: Parts): number {
  let moves = 0;
  for (const [place, { topicIds, current }] of members.entries()) {
    for (const [id, partitions] of current) {
      const kept = new Set(parts[place]?.get(id));
      if (topicIds.has(id)) moves += partitions.filter((partition) => partition < (topics.get(id) ?? 0) && !kept.has(partition)).length;
    }
  }
  return moves;
}
