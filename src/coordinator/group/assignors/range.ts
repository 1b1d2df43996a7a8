// Kafka's `range`: of every topic, its subscribers in order get ranges of partitions that differ by one at most. Topics with as many
// partitions and the same subscribers are divided alike, so that whoever has partition 3 of one has partition 3 of the other. Static members
// come first, by instance id, then the others by member id; a static member that restarts keeps its place under a new member id. What members
// had does not matter (since Kafka 4.0), so that one who joins or leaves may move the ranges of many.

import { type Assignment, type AssignmentMember, type Assignor, forEachMember } from "./assignor.ts";

/** A topic while it is being handed out. */
interface Topic {
  readonly id: string;
  subscriberCount: number;
  /** In order of the subscribers, without those for whom there is no partition. */
  ranges: readonly (readonly number[])[];
  /** How many ranges are given. */
  given: number;
}

/** A set of topic ids that members share, as a rule. */
interface Subscription {
  readonly topics: readonly Topic[];
  memberCount: number;
}

export const range: Assignor = {
  name: "range",
  *assign({ members, partitionCount }) {
    const sorted = members.toSorted(byInstanceThenMember);
    const topics = new Map<string, Topic>();
    const subscriptions = new Map<ReadonlySet<string>, Subscription>();
    yield* forEachMember(sorted, ({ topicIds }) => {
      const subscription = subscriptions.get(topicIds) ?? { topics: topicsOf(topicIds, topics), memberCount: 0 };
      subscription.memberCount++;
      subscriptions.set(topicIds, subscription);
    });
    for (const subscription of subscriptions.values()) {
      for (const topic of subscription.topics) topic.subscriberCount += subscription.memberCount;
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
    yield* forEachMember(sorted, ({ memberId, topicIds }) => {
      assigned.set(memberId, nextRanges(subscriptions.get(topicIds)?.topics ?? []));
    });
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
    const topic = topics.get(id) ?? { id, subscriberCount: 0, ranges: [], given: 0 };
    topics.set(id, topic);
    return topic;
  });
}

function divide(partitionCount: number, subscriberCount: number): Topic["ranges"] {
  const quota = Math.floor(partitionCount / subscriberCount);
  const extras = partitionCount % subscriberCount;
  const ranges: number[][] = [];
  for (let next = 0; next < partitionCount; ) {
    const range: number[] = [];
    const end = next + (ranges.length < extras ? quota + 1 : quota);
    while (next < end) range.push(next++);
    ranges.push(range);
  }
  return ranges;
}

function nextRanges(subscribed: readonly Topic[]): Assignment {
  const assignment = new Map<string, readonly number[]>();
  for (const topic of subscribed) {
    if (topic.given === topic.ranges.length) continue;
    assignment.set(topic.id, topic.ranges[topic.given++] ?? []);
  }
  return assignment;
}
