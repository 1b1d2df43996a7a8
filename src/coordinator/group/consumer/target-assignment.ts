// Everybody's target: what the group's assignor makes of its members, their subscriptions and the topics that there are, and the records of
// what is different from the target before.

import { assert } from "../../../base/assert.ts";
import { listedAssignors } from "../../../config/group-protocols.ts";
import type { AssignmentMember, Assignor } from "../assignors/assignor.ts";
import { assignors } from "../assignors/index.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord } from "../group-record.ts";
import { changedTargets, type Targets } from "../targets.ts";
import { topicIdsOfMembers } from "../topic-ids.ts";
import type { TopicsView } from "../topics-view.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { MemberView } from "./consumer-member.ts";

export interface TargetPlan {
  readonly group: ConsumerGroup;
  readonly assignor: Assignor;
  readonly topics: TopicsView;
  /** Everyone who is to have a target. */
  readonly members: readonly MemberView[];
}

/** A generator, as the assignor's: what it needs of the group is taken before its first step. */
export function computeTargets({ group, assignor, topics, members }: TargetPlan): Generator<void, Targets> {
  const topicIds = topicIdsOfMembers(group.subscriptions, topics);
  const input: AssignmentMember[] = members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.identity.instanceId,
    topicIds: topicIds(member.identity),
    current: group.targetOf(member),
  }));
  return assignor.assign({ members: input, partitionCount: (topicId) => topics.partitionCountOf(topicId) ?? 0 });
}

/** What most members ask for, or else the first that the broker has: a log may tell of assignors that are not listed any more. */
export function assignorOf({ settings }: GroupEnvironment, group: ConsumerGroup, members: readonly MemberView[]): Assignor {
  const listed = listedAssignors(settings["group.consumer.assignors"]);
  const preferred = group.preferredAssignor(members);
  const assignor = assignors.get(listed.find((name) => name === preferred) ?? listed[0] ?? "");
  assert(assignor !== undefined, "a broker has assignors");
  return assignor;
}

/** What becomes of the members that are there; others have no target any more. */
export function targetRecords(
  group: ConsumerGroup,
  targets: Targets,
  members: Iterable<MemberView>,
  computed: { readonly epoch: number; readonly timestampMs: number },
): ConsumerRecord[] {
  const { groupId } = group;
  const records: ConsumerRecord[] = [];
  for (const changed of changedTargets(group.targets(), targets, members))
    records.push({ type: "consumerMemberTarget", groupId, ...changed });
  records.push({ type: "consumerTarget", groupId, value: computed });
  return records;
}

/** How much there is to be looked at: members, and partitions of the topics that they subscribe to. */
export function sizeOfPlan(group: ConsumerGroup, topics: TopicsView, memberCount: number): number {
  let size = memberCount;
  for (const name of group.subscriptions.names()) size += topics.partitionCount(name) ?? 0;
  return size;
}

/** Of a group that is no larger, a target is computed whenever there is a reason to, if its settings do not say otherwise. */
const SMALL_PLAN = 100;
/** Of a larger one no more than this is looked at in a millisecond, … */
const LOOKED_AT_IN_MS = 10;
/** … which spares it nothing more than Kafka's own interval does. */
const LONGEST_SPARING_MS = 1000;

/** The shortest time between two targets: as the group's settings say, and for a large group long enough for changes to come together. */
export function assignmentIntervalMs({ groupSettings, topics }: GroupEnvironment, group: ConsumerGroup): number {
  const intervalMs = groupSettings(group.groupId)["consumer.assignment.interval.ms"];
  if (intervalMs >= LONGEST_SPARING_MS) return intervalMs;
  const size = sizeOfPlan(group, topics, group.members.size);
  return size <= SMALL_PLAN ? intervalMs : Math.max(intervalMs, Math.min(LONGEST_SPARING_MS, Math.trunc(size / LOOKED_AT_IN_MS)));
}

/** Takes it to its end at once. */
export function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
