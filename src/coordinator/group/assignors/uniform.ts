// Kafka's `uniform`: everybody has as many partitions as everybody else, of whatever topics, as far as subscriptions allow, and keeps what can
// be kept. Where all subscribe to the same topics, equality is within one partition and no more partitions move than it takes
// (`equal-subscriptions.ts`); otherwise a topic's subscribers are made equal, topic by topic, until it is so for each (`mixed-subscriptions.ts`).

import { type AssignmentMember, type Assignor, forEachMember } from "./assignor.ts";
import { assignToEqualSubscriptions } from "./equal-subscriptions.ts";
import { assignToMixedSubscriptions } from "./mixed-subscriptions.ts";

export const uniform: Assignor = {
  name: "uniform",
  *assign(input) {
    const areEqual = yield* haveEqualSubscriptions(input.members);
    return yield* areEqual ? assignToEqualSubscriptions(input) : assignToMixedSubscriptions(input);
  },
};

function* haveEqualSubscriptions(members: readonly AssignmentMember[]): Generator<void, boolean> {
  const first = members[0]?.topicIds ?? new Set();
  let areEqual = true;
  yield* forEachMember(members, ({ topicIds }) => {
    areEqual &&= topicIds === first || isEqual(topicIds, first);
  });
  return areEqual;
}

function isEqual(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one.size !== other.size) return false;
  for (const topicId of one) if (!other.has(topicId)) return false;
  return true;
}
