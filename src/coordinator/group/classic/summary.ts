// What there is to see of a classic group, and what it waits for.

import { assignedPartitions } from "../consumer-assignment.ts";
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from "../consumer-subscription.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupSummary, MemberSummary } from "../group-summary.ts";
import { firstOf, lastHeard, nameOfMember } from "../obstacle-words.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";

export function summarizeClassicGroup(group: ClassicGroup): GroupSummary {
  const { kind, state, generation: epoch, protocolName } = group;
  const members = [...group.members.values()].map((member) => summarizeMember(group, member));
  return { kind, state, epoch, targetEpoch: epoch, assignor: state === "Stable" ? (protocolName ?? "") : "", members };
}

function summarizeMember({ generation, protocolType, protocolName }: ClassicGroup, member: ClassicMember): MemberSummary {
  const { memberId, instanceId, clientId, clientHost, terms } = member;
  const isConsumer = protocolType === CONSUMER_PROTOCOL_TYPE;
  // Before the group has chosen a protocol, any of them tells the topics.
  const name = protocolName ?? terms.protocols[0]?.name ?? null;
  const topics = (isConsumer ? subscribedTopics(member.metadataFor(name)) : undefined) ?? [];
  const assignment = isConsumer ? assignedPartitions(member.assignment) : [];
  return {
    memberId,
    instanceId,
    rackId: null,
    clientId,
    clientHost,
    protocol: "classic",
    epoch: generation,
    subscription: { topics, regex: null, matched: [] },
    assignment,
    target: assignment,
  };
}

export function classicGroupObstacles({ clock }: GroupEnvironment, group: ClassicGroup): string[] {
  const members = [...group.members.values()];
  switch (group.state) {
    case "Empty":
    case "Stable":
      return [];
    case "PreparingRebalance": {
      const absent = members.filter((member) => !member.isWaitingForJoin);
      const sentences = absent.map((member) => `${nameOfMember(member)} has not joined again: ${lastHeard(clock, member)}`);
      const { size } = group.pendingMembers;
      if (size > 0) sentences.push(`${size} who were given a member id have not joined with it`);
      if (group.gathering !== undefined) sentences.push("members gather for group.initial.rebalance.delay.ms");
      return firstOf(sentences);
    }
    case "CompletingRebalance": {
      const leader = members.find(({ memberId }) => memberId === group.leader);
      if (leader === undefined) return [];
      return [`${nameOfMember(leader)}, its leader, has not said who is to have what (SyncGroup): ${lastHeard(clock, leader)}`];
    }
  }
}
