// Kafka's `range`: of every topic, its subscribers in order get ranges of partitions that differ by one at most. Topics with as many
// partitions and the same subscribers are divided alike, so that whoever has partition 3 of one has partition 3 of the other. Static members
// come first, by instance id, then the others by member id; a static member that restarts keeps its place under a new member id. What members
// had does not matter (since Kafka 4.0), so that one who joins or leaves may move the ranges of many.

import type { Assignment, AssignmentMember, Assignor } from "./assignor.ts";

/** A topic while it is being handed out. */
interface Topic {
  readonly id: string;
  subscriberCount: number;
  /** In order of the subscribers, without those for whom there is no partition. */
  ranges: readonly (readonly number[])[];
  /** How many subscribers have had theirs. */
  served: number;
}

export const range: Assignor = {
  name: "range",
  *assign({ members, partitionCount }) {
    const sorted = members.toSorted(byInstanceThenMember);
    const topics = new Map<string, Topic>();
    // Members of the same subscription often share the set: its topics are then looked up once.
    const subscriptions = new Map<ReadonlySet<string>, readonly Topic[]>();
    for (const { topicIds } of sorted) {
      const subscribed = subscriptions.get(topicIds) ?? topicsOf(topicIds, topics);
      subscriptions.set(topicIds, subscribed);
      for (const topic of subscribed) topic.subscriberCount++;
      yield;
    }
    const divided = new Map<string, Topic["ranges"]>();
    for (const topic of topics.values()) {
      const count = partitionCount(topic.id);
      const key = `${count}/${topic.subscriberCount}`;
      topic.ranges = divided.get(key) ?? divide(count, topic.subscriberCount);
      divided.set(key, topic.ranges);
      yield;
    }
    const assigned = new Map<string, Assignment>();
    for (const { memberId, topicIds } of sorted) {
      assigned.set(memberId, nextRanges(subscriptions.get(topicIds) ?? []));
      yield;
    }
    return assigned;
  },
};

function byInstanceThenMember(one: AssignmentMember, other: AssignmentMember): number {
  if (one.instanceId !== null && other.instanceId !== null) return inOrder(one.instanceId, other.instanceId);
  if (one.instanceId !== null) return -1;
  if (other.instanceId !== null) return 1;
  return inOrder(one.memberId, other.memberId);
}

/** By UTF-16 code units, as Java compares. */
function inOrder(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function topicsOf(topicIds: ReadonlySet<string>, topics: Map<string, Topic>): readonly Topic[] {
  return Array.from(topicIds, (id) => {
    const topic = topics.get(id) ?? { id, subscriberCount: 0, ranges: [], served: 0 };
    topics.set(id, topic);
    return topic;
  });
}

function divide(partitionCount: number, subscriberCount: number): Topic["ranges"] {
  const quota = Math.floor(partitionCount / subscriberCount);
  const extras = partitionCount % subscriberCount;
  return Array.from({ length: Math.min(partitionCount, subscriberCount) }, (_, place) => {
    const first = place * quota + Math.min(place, extras);
    return Array.from({ length: place < extras ? quota + 1 : quota }, (_, index) => first + index);
  });
}

function nextRanges(subscribed: readonly Topic[]): Assignment {
  const assignment = new Map<string, readonly number[]>();
  for (const topic of subscribed) {
    const partitions = topic.ranges[topic.served++];
    if (partitions !== undefined) assignment.set(topic.id, partitions);
  }
  return assignment;
}
