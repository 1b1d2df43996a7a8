// `uniform` where subscriptions differ. It is decided in numbers first, how many partitions of a topic each of its subscribers has:
//
//   1. everybody keeps what he had and still subscribes to;
//   2. topic by topic, partitions without an owner go to the subscribers that have least, of all topics together;
//   3. topic by topic, a subscriber that has most gives one to a subscriber that has least, until they differ by one at most; and
//      again, until no topic has anything to even out.
//   4. what can be made more even, or given back, at no cost (`exchange.ts`).
//
// Topics with many partitions for few subscribers come first, because those have the least choice. Up to here it is what Kafka does, in the same
// order, so that nothing comes out less even than Kafka's; but in Kafka it is partitions that move, whoever had them before. Here everybody
// keeps, in the end, as many of the very partitions that he had as his number allows. Each step of 3 makes the sum of squares of what members
// have smaller by two or more, so it ends. Subscribers of one topic may still differ by more, where whoever has more has it of other topics.

import { type Assignment, type AssignmentInput, forEachMember } from "./assignor.ts";
import { Exchange } from "./exchange.ts";
import { Parts, TopicPartitions } from "./parts.ts";
import { TopicShares } from "./topic-shares.ts";

export function* assignToMixedSubscriptions({
  members,
  partitionCount,
}: AssignmentInput): Generator<void, ReadonlyMap<string, Assignment>> {
  const parts = new Parts(members);
  const loads = new Int32Array(members.length);
  const topics = new Map<string, TopicShares>();
  const subscriptions = new Map<ReadonlySet<string>, readonly TopicShares[]>();
  yield* forEachMember(members, ({ topicIds }, index) => {
    const subscribed = subscriptions.get(topicIds) ?? sharesOf(topicIds, topics, partitionCount);
    subscriptions.set(topicIds, subscribed);
    for (const topic of subscribed) topic.subscribe(index);
  });
  for (const topic of topics.values()) topic.begin();
  yield* forEachMember(members, ({ current }, index) => {
    for (const [topicId, partitions] of current) {
      const claimed = topics.get(topicId)?.keep(index, partitions) ?? [];
      if (claimed !== partitions) parts.set(index, topicId, claimed);
      loads[index] = (loads[index] ?? 0) + claimed.length;
    }
  });
  const inOrder = [...topics.values()].sort(leastChoiceFirst);
  for (const topic of inOrder) {
    topic.handOut(loads);
    yield;
  }
  yield* evenOut(inOrder, loads);
  const exchange = new Exchange(inOrder, loads);
  yield* inOrder.every(({ isNew }) => isNew) ? exchange.evenFurther() : exchange.regain();
  for (const topic of inOrder) {
    topic.settle(parts);
    yield;
  }
  return parts.result();
}

function sharesOf(topicIds: ReadonlySet<string>, topics: Map<string, TopicShares>, partitionCount: AssignmentInput["partitionCount"]) {
  return Array.from(topicIds, (id) => {
    const shares = topics.get(id) ?? new TopicShares(new TopicPartitions(id, partitionCount(id)));
    topics.set(id, shares);
    return shares;
  });
}

function leastChoiceFirst(one: TopicShares, other: TopicShares): number {
  const [share, otherShare] = [one, other].map(({ partitionCount, subscribers }) => partitionCount / subscribers.length);
  if (share !== otherShare) return (otherShare ?? 0) - (share ?? 0);
  if (one.subscribers.length !== other.subscribers.length) return one.subscribers.length - other.subscribers.length;
  return one.id < other.id ? -1 : 1;
}

/** Goes round the topics until it has been round once without anything to move. */
function* evenOut(topics: readonly TopicShares[], loads: Int32Array): Generator<void, void> {
  for (let unchanged = 0, at = 0; unchanged < topics.length; at = (at + 1) % topics.length) {
    unchanged = topics[at]?.evenOut(loads) === true ? 1 : unchanged + 1;
    yield;
  }
}
