// What there is to see of a share group, and what its members wait for: partitions to get their state, and everybody's target.

import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupSummary, MemberSummary } from "../group-summary.ts";
import { namedPartitions } from "../named-partitions.ts";
import { firstOf, nameOfMember, namePartitions } from "../obstacle-words.ts";
import type { ShareGroup } from "./share-group.ts";
import type { ShareMember } from "./share-member.ts";
import { areTargetsBehind, SHARE_ASSIGNOR } from "./share-target.ts";

export function summarizeShareGroup({ topics }: GroupEnvironment, group: ShareGroup): GroupSummary {
  const { kind, state, epoch, targetEpoch } = group;
  const summarize = (member: ShareMember): MemberSummary => {
    const { memberId, identity, progress } = member;
    const { rackId, clientId, clientHost, topicNames } = identity;
    return {
      memberId,
      instanceId: null,
      rackId,
      clientId,
      clientHost,
      protocol: "share",
      epoch: progress.epoch,
      subscription: { topics: topicNames, regex: null, matched: [] },
      assignment: namedPartitions(topics, progress.assigned),
      target: namedPartitions(topics, group.targetOf(member)),
    };
  };
  return { kind, state, epoch, targetEpoch, assignor: SHARE_ASSIGNOR, members: [...group.members.values()].map(summarize) };
}

/** A share group is Stable as soon as somebody is in it, whether or not its members have what they are to have. */
export function shareGroupObstacles({ topics, clock }: GroupEnvironment, group: ShareGroup): string[] {
  if (group.isEmpty) return [];
  const found: string[] = [];
  const beginning = new Map([...group.partitions.initializing].map(([topicId, { partitions }]) => [topicId, partitions]));
  if (beginning.size > 0)
    found.push(`the state of ${namePartitions(namedPartitions(topics, beginning))} has not begun: nobody is given these before it has`);
  if (group.epoch > group.targetEpoch || areTargetsBehind(group, topics))
    found.push(
      `it is at epoch ${group.epoch}, and who is to have what was computed for epoch ${group.targetEpoch}: a heartbeat has it computed anew`,
    );
  const behind = [...group.members.values()].filter(({ progress }) => progress.epoch !== group.targetEpoch);
  const words = behind.map(({ memberId, identity: { clientId }, session }) => {
    const heard = session.setAtMs === undefined ? "" : `: it was last heard of ${clock.now() - session.setAtMs} ms ago`;
    return `${nameOfMember({ memberId, clientId })} has not come to epoch ${group.targetEpoch} yet${heard}`;
  });
  return [...found, ...firstOf(words)];
}
