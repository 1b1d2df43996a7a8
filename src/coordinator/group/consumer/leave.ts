// How members leave a group of the consumer protocol: by their own wish, for a while (static members), or because they were not heard of.

import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord, GroupRecord } from "../group-record.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, LEFT_FOR_A_WHILE, NO_PARTITIONS } from "./consumer-member.ts";
import { fencedInstance, unknownInstance, unknownMember } from "./membership-faults.ts";

export interface Leave {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** It will be back within its session, under another member id. */
  readonly isForAWhile: boolean;
}

export function leaveGroup(
  environment: GroupEnvironment,
  group: ConsumerGroup,
  { memberId, instanceId, isForAWhile }: Leave,
): Decision<GroupRecord, Refusal | { readonly memberId: string }> {
  const member = findLeaving(group, memberId, instanceId);
  if (isRefusal(member)) return answer(member);
  const { groupId } = group;
  if (isForAWhile) {
    const progress = { ...member.progress, epoch: LEFT_FOR_A_WHILE, pendingRevocation: NO_PARTITIONS };
    return {
      records: [{ type: "consumerMemberProgress", groupId, memberId: member.memberId, progress }],
      applied: () => {
        member.watch.rebalance.clear();
        environment.logger.info({ group: groupId, member: memberId, instanceId }, "a static member left for a while");
        return { memberId: member.memberId };
      },
    };
  }
  return {
    records: withoutMembers(environment, group, [member]),
    applied: () => {
      environment.logger.info({ group: groupId, member: memberId }, "a member left");
      return { memberId };
    },
  };
}

function findLeaving(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember | Refusal {
  if (instanceId === null) return group.members.get(memberId) ?? unknownMember(memberId, group.groupId);
  const member = group.staticMember(instanceId);
  if (member === undefined) return unknownInstance(instanceId);
  return member.memberId === memberId ? member : fencedInstance(memberId, instanceId, member.memberId);
}

/** The records of a group that these members are no longer in. */
export function withoutMembers(
  { topicHashes }: GroupEnvironment,
  group: ConsumerGroup,
  leaving: readonly ConsumerMember[],
): ConsumerRecord[] {
  if (leaving.length === 0) return [];
  const { groupId, subscriptions } = group;
  const records = leaving.flatMap(({ memberId }) => memberTombstones(group, memberId));
  const gone = regexesOnlyOf(group, leaving);
  for (const regex of gone) records.push({ type: "consumerRegex", groupId, regex, resolved: null });
  const metadataHash = subscriptions.supposing(
    leaving.map(({ identity }) => ({ before: identity, after: undefined })),
    gone.map((regex) => ({ regex, as: undefined })),
    () => topicHashes.hashOf(subscriptions.topicNames()),
  );
  records.push({ type: "consumerGroup", groupId, value: { epoch: group.epoch + 1, metadataHash } });
  return records;
}

export function memberTombstones({ groupId }: ConsumerGroup, memberId: string): ConsumerRecord[] {
  return [
    { type: "consumerMemberProgress", groupId, memberId, progress: null },
    { type: "consumerMemberTarget", groupId, memberId, target: null },
    { type: "consumerMember", groupId, memberId, identity: null },
  ];
}

/** Expressions that nobody has when these members are gone. */
function regexesOnlyOf(group: ConsumerGroup, leaving: readonly ConsumerMember[]): string[] {
  const counts = new Map<string, number>();
  for (const { identity } of leaving) {
    if (identity.topicRegex !== "") counts.set(identity.topicRegex, (counts.get(identity.topicRegex) ?? 0) + 1);
  }
  return [...counts].filter(([regex, count]) => group.subscriptions.regexes().get(regex) === count).map(([regex]) => regex);
}
