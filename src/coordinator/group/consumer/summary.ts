// What there is to see of a group of the consumer protocol, and what it waits for: for a target, for members to hear of it, for partitions
// that somebody has not given up.

import type { Assignment } from "../assignors/assignor.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupSummary, MemberSummary } from "../group-summary.ts";
import { namedPartitions } from "../named-partitions.ts";
import { firstOf, lastHeard, nameOfMember as nameOfKnown, namePartitions } from "../obstacle-words.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, type HeldPartitions, isReconciled, LEFT_FOR_A_WHILE, MemberStates } from "./consumer-member.ts";
import { assignmentIntervalMs, assignorOf } from "./target-assignment.ts";

export function summarizeConsumerGroup(environment: GroupEnvironment, group: ConsumerGroup): GroupSummary {
  const { kind, state, epoch, targetEpoch } = group;
  const members = [...group.members.values()];
  const assignor = assignorOf(environment, group, members).name;
  return { kind, state, epoch, targetEpoch, assignor, members: members.map((member) => summarizeMember(environment, group, member)) };
}

function summarizeMember({ topics }: GroupEnvironment, group: ConsumerGroup, member: ConsumerMember): MemberSummary {
  const { memberId, identity, progress } = member;
  const { instanceId, rackId, clientId, clientHost, topicNames, topicRegex } = identity;
  const matched = group.subscriptions.resolvedRegexes().get(topicRegex)?.topics ?? [];
  return {
    memberId,
    instanceId,
    rackId,
    clientId,
    clientHost,
    protocol: identity.classic === null ? "consumer" : "classic",
    epoch: progress.epoch,
    subscription: { topics: topicNames, regex: topicRegex === "" ? null : topicRegex, matched },
    assignment: namedPartitions(topics, held(progress.assigned)),
    target: namedPartitions(topics, group.targetOf(member)),
  };
}

function held(partitions: HeldPartitions): Assignment {
  return new Map([...partitions].map(([topicId, epochs]) => [topicId, [...epochs.keys()]]));
}

export function consumerGroupObstacles(environment: GroupEnvironment, group: ConsumerGroup): string[] {
  switch (group.state) {
    case "Empty":
    case "Stable":
      return [];
    case "Assigning": {
      const heard = [...group.members.values()].map((member) => `${nameOfMember(member)}: ${lastHeard(environment.clock, member.watch)}`);
      return [targetObstacle(environment, group), ...firstOf(heard)];
    }
    case "Reconciling": {
      const behind = [...group.members.values()].filter((member) => !isReconciled(member, group.targetEpoch));
      return firstOf(behind.map((member) => memberObstacle(environment, group, member)));
    }
  }
}

function targetObstacle(environment: GroupEnvironment, group: ConsumerGroup): string {
  const { epoch, targetEpoch, targetTimestampMs, isComputing } = group;
  if (isComputing) return `who is to have what at its epoch ${epoch} is being computed`;
  const waitMs = targetTimestampMs + assignmentIntervalMs(environment, group) - environment.clock.now();
  const soonest = waitMs <= 0 ? "the next heartbeat" : `the first heartbeat in ${waitMs} ms or later (consumer.assignment.interval.ms)`;
  return `it is at epoch ${epoch}, and who is to have what was computed for epoch ${targetEpoch}: ${soonest} has it computed anew`;
}

function memberObstacle(environment: GroupEnvironment, group: ConsumerGroup, member: ConsumerMember): string {
  const { clock } = environment;
  const { progress, watch } = member;
  switch (progress.state) {
    case MemberStates.UNREVOKED_PARTITIONS: {
      const partitions = held(progress.pendingRevocation);
      const heirs = others(group, member).filter((other) => overlap(partitions, group.targetOf(other)).size > 0);
      const forWhom = heirs.length === 0 ? "" : `, which ${heirs.map(nameOfMember).join(" and ")} is to have`;
      const toldMs = clock.now() - (watch.rebalance.setAtMs ?? clock.now());
      const what = namePartitions(namedPartitions(environment.topics, partitions));
      return `${nameOfMember(member)} has not given up ${what}${forWhom}: it was told ${toldMs} ms ago, and ${lastHeard(clock, watch)}`;
    }
    case MemberStates.UNRELEASED_PARTITIONS:
      return `${nameOfMember(member)} ${waitsFor(environment, group, member)}`;
    case MemberStates.STABLE:
    case MemberStates.UNKNOWN:
      return behind(environment, group, member);
  }
}

function waitsFor(environment: GroupEnvironment, group: ConsumerGroup, member: ConsumerMember): string {
  const { topics, clock } = environment;
  const wanted = missing(group.targetOf(member), member.progress.assigned);
  const holders = others(group, member).flatMap((other) => {
    const { assigned, pendingRevocation } = other.progress;
    const having = overlap(held(assigned), wanted);
    const givingUp = overlap(held(pendingRevocation), wanted);
    if (having.size + givingUp.size === 0) return [];
    const which = namePartitions(namedPartitions(topics, having.size > 0 ? having : givingUp));
    return [`${which}, which ${nameOfMember(other)} has not given up${having.size > 0 ? " (it has not been told to yet)" : ""}`];
  });
  if (holders.length > 0) return `waits for ${holders.join(", and for ")}`;
  return `is told of ${namePartitions(namedPartitions(topics, wanted))} by its next heartbeat: ${lastHeard(clock, member.watch)}`;
}

/** It has not come to the target because it has not said anything since that was computed. */
function behind(environment: GroupEnvironment, group: ConsumerGroup, member: ConsumerMember): string {
  const { identity, progress } = member;
  if (progress.epoch === LEFT_FOR_A_WHILE)
    return `${nameOfMember(member)} has left for a while: its place is kept for whoever comes as instance ${identity.instanceId}`;
  const from = progress.epoch === 0 ? "" : ` from epoch ${progress.epoch}`;
  return `${nameOfMember(member)} has not come${from} to epoch ${group.targetEpoch} yet: ${lastHeard(environment.clock, member.watch)}`;
}

function nameOfMember({ memberId, identity: { clientId } }: ConsumerMember): string {
  return nameOfKnown({ memberId, clientId });
}

function others(group: ConsumerGroup, member: ConsumerMember): ConsumerMember[] {
  return [...group.members.values()].filter((other) => other !== member);
}

/** What of the one is also of the other. */
function overlap(one: Assignment, other: Assignment): Assignment {
  const common = new Map<string, readonly number[]>();
  for (const [topicId, partitions] of one) {
    const among = new Set(other.get(topicId));
    const both = partitions.filter((partition) => among.has(partition));
    if (both.length > 0) common.set(topicId, both);
  }
  return common;
}

function missing(target: Assignment, assigned: HeldPartitions): Assignment {
  const found = new Map<string, readonly number[]>();
  for (const [topicId, partitions] of target) {
    const lacking = partitions.filter((partition) => assigned.get(topicId)?.has(partition) !== true);
    if (lacking.length > 0) found.set(topicId, lacking);
  }
  return found;
}
