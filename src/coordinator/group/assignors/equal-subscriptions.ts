// `uniform` where all members subscribe to the same topics. Of P partitions and N members everybody gets P / N, and P % N of them get one more:
// first those who had more, so that only what is above somebody's quota moves, which is the least that can.

import { assert } from "../../../base/assert.ts";
import { type Assignment, type AssignmentInput, type AssignmentMember, forEachMember } from "./assignor.ts";
import { Parts, TopicPartitions } from "./parts.ts";

export function* assignToEqualSubscriptions({
  members,
  partitionCount,
}: AssignmentInput): Generator<void, ReadonlyMap<string, Assignment>> {
  const topics = new Map(Array.from(members[0]?.topicIds ?? [], (id) => [id, new TopicPartitions(id, partitionCount(id))]));
  const parts = new Parts(members);
  const kept = new Int32Array(members.length);
  yield* forEachMember(members, (member, index) => {
    kept[index] = keep(member, index, topics, parts);
  });
  const partitionTotal = [...topics.values()].reduce((sum, { count }) => sum + count, 0);
  const quotas = quotasOf(kept, partitionTotal);
  yield* forEachMember(members, (_, index) => {
    const surplus = (kept[index] ?? 0) - (quotas[index] ?? 0);
    if (surplus > 0) release(index, surplus, topics, parts);
  });
  const open = [...topics.values()];
  yield* forEachMember(members, (_, index) => {
    const missing = (quotas[index] ?? 0) - (kept[index] ?? 0);
    if (missing > 0) take(index, missing, open, parts);
  });
  return parts.result();
}

/** How many partitions the member keeps of what it had. */
function keep(member: AssignmentMember, index: number, topics: ReadonlyMap<string, TopicPartitions>, parts: Parts): number {
  let count = 0;
  for (const [topicId, partitions] of member.current) {
    const topic = topics.get(topicId);
    const claimed = topic === undefined ? [] : topic.claim(partitions);
    if (claimed !== partitions) parts.set(index, topicId, claimed);
    count += claimed.length;
  }
  return count;
}

function quotasOf(kept: Int32Array, partitionTotal: number): Int32Array {
  const least = Math.floor(partitionTotal / kept.length);
  let extras = partitionTotal % kept.length;
  const quotas = new Int32Array(kept.length).fill(least);
  for (let index = 0; index < kept.length && extras > 0; index++) {
    if ((kept[index] ?? 0) <= least) continue;
    quotas[index] = least + 1;
    extras--;
  }
  for (let index = 0; extras > 0; index++) {
    if (quotas[index] !== least) continue;
    quotas[index] = least + 1;
    extras--;
  }
  return quotas;
}

function release(index: number, surplus: number, topics: ReadonlyMap<string, TopicPartitions>, parts: Parts): void {
  let left = surplus;
  for (const [topicId, partitions] of [...parts.of(index)].reverse()) {
    const topic = topics.get(topicId);
    const count = Math.min(left, partitions.length);
    if (topic === undefined || count === 0) continue;
    parts.release(index, topic, count);
    left -= count;
  }
}

/** The quotas add up to all partitions: who misses some finds them. A topic that has none left is taken off. */
function take(index: number, missing: number, open: TopicPartitions[], parts: Parts): void {
  let left = missing;
  while (left > 0) {
    const topic = open[0];
    assert(topic !== undefined, "there is a partition for everybody who is short of one");
    left -= parts.add(index, topic, left);
    if (topic.freeCount === 0) open.shift();
  }
}
