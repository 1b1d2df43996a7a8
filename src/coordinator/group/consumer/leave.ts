// How members leave a group of the consumer protocol: by their own wish, for a while (static members), or because they were not heard of.

import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, type HeldPartitions, LEFT_FOR_A_WHILE, NO_PARTITIONS } from "./consumer-member.ts";
import { depart, noteDeparture } from "./departure.ts";
import type { GroupWork } from "./group-work.ts";
import { fencedInstance, unknownInstance, unknownMember } from "./membership-faults.ts";

export interface Leave {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** It will be back within its session, under another member id. */
  readonly isForAWhile: boolean;
}

export function leaveGroup(
  environment: GroupEnvironment,
  work: GroupWork,
  group: ConsumerGroup,
  { memberId, instanceId, isForAWhile }: Leave,
): Decision<GroupRecord, Refusal | { readonly memberId: string }> {
  const member = findLeaving(group, memberId, instanceId);
  if (isRefusal(member)) return answer(member);
  const { groupId } = group;
  if (isForAWhile) {
    const { progress: before } = member;
    const progress = { ...before, epoch: LEFT_FOR_A_WHILE, assigned: withoutEpochs(before.assigned), pendingRevocation: NO_PARTITIONS };
    return {
      records: [{ type: "consumerMemberProgress", groupId, memberId: member.memberId, progress }],
      applied: () => {
        member.watch.rebalance.clear();
        environment.logger.info({ group: groupId, member: memberId, instanceId }, "a static member left for a while");
        return { memberId: member.memberId };
      },
    };
  }
  const departure = depart(environment, work, group, [member]);
  return {
    records: departure.records,
    applied: () => {
      environment.logger.info({ group: groupId, member: memberId }, "a member left");
      departure.applied();
      noteDeparture(environment, work, groupId, { kind: "memberLeft", text: "a member left", members: [member] });
      return { memberId };
    },
  };
}

/** Whoever takes its place may commit under whatever epoch it comes to. */
function withoutEpochs(held: HeldPartitions): HeldPartitions {
  return new Map([...held].map(([topicId, partitions]) => [topicId, new Map([...partitions.keys()].map((partition) => [partition, 0]))]));
}

function findLeaving(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember | Refusal {
  if (instanceId === null) return group.members.get(memberId) ?? unknownMember(memberId, group.groupId);
  const member = group.staticMember(instanceId);
  if (member === undefined) return unknownInstance(instanceId);
  return member.memberId === memberId ? member : fencedInstance(memberId, instanceId, member.memberId);
}
