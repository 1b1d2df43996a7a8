// Kafka's `uniform`: everybody has as many partitions as everybody else, of whatever topics, as far as subscriptions allow, and keeps what can
// be kept. Where all subscribe to the same topics, equality is within one partition and no more partitions move than it takes
// (`equal-subscriptions.ts`); otherwise a topic's subscribers are made equal, topic by topic, until it is so for each (`mixed-subscriptions.ts`).

import type { AssignmentMember, Assignor } from "./assignor.ts";
import { assignToEqualSubscriptions } from "./equal-subscriptions.ts";
import { assignToMixedSubscriptions } from "./mixed-subscriptions.ts";

export const uniform: Assignor = {
  name: "uniform",
  assign: (input) => (haveEqualSubscriptions(input.members) ? assignToEqualSubscriptions(input) : assignToMixedSubscriptions(input)),
};

function haveEqualSubscriptions(members: readonly AssignmentMember[]): boolean {
  const first = members[0]?.topicIds;
  return first === undefined || members.every(({ topicIds }) => topicIds === first || isEqual(topicIds, first));
}

function isEqual(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((topicId) => other.has(topicId));
}
