// What there is to see of a streams group, and what it waits for: for topics, for a target, for members to hear of it, for tasks that somebody has not
// given up.

import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupSummary, MemberSummary, TaskSummary, TopicPartitions } from "../group-summary.ts";
import { firstOf, lastHeard, nameOfMember as nameOfKnown } from "../obstacle-words.ts";
import { inputsOf } from "./configured-topology.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { isReconciled, MemberStates, type StreamsMember } from "./streams-member.ts";
import { ASSIGNOR } from "./streams-target.ts";
import { type HeldByRole, type Tasks, type TasksByRole, withoutEpochs } from "./tasks.ts";

export function summarizeStreamsGroup(_environment: GroupEnvironment, group: StreamsGroup): GroupSummary {
  const { kind, state, epoch, targetEpoch } = group;
  return {
    kind,
    state,
    epoch,
    targetEpoch,
    assignor: ASSIGNOR,
    members: [...group.members.values()].map((each) => summarizeMember(group, each)),
  };
}

function summarizeMember(group: StreamsGroup, member: StreamsMember): MemberSummary {
  const { memberId, identity, progress } = member;
  const { instanceId, rackId, clientId, clientHost } = identity;
  const assigned = plain(progress.assigned);
  const target = group.targetOf(memberId);
  const topics = new Set((group.topology?.subtopologies ?? []).flatMap(inputsOf));
  return {
    memberId,
    instanceId,
    rackId,
    clientId,
    clientHost,
    protocol: "streams",
    epoch: progress.epoch,
    subscription: { topics: [...topics].sort(), regex: null, matched: [] },
    assignment: partitionsOf(group, assigned.active),
    target: partitionsOf(group, target.active),
    tasks: { assigned: summarizeTasks(assigned), target: summarizeTasks(target) },
  };
}

function plain(held: HeldByRole): TasksByRole {
  return { ...held, active: withoutEpochs(held.active) };
}

function summarizeTasks({ active, standby, warmup }: TasksByRole): TaskSummary {
  const listed = (tasks: Tasks) => [...tasks].map(([subtopology, partitions]) => ({ subtopology, partitions }));
  return { active: listed(active), standby: listed(standby), warmup: listed(warmup) };
}

/** What the tasks read: partitions that there are. */
function partitionsOf({ configured }: StreamsGroup, tasks: Tasks): TopicPartitions[] {
  const found = new Map<string, readonly number[]>();
  for (const [subtopologyId, partitions] of tasks) {
    const subtopology = configured?.subtopologies?.get(subtopologyId);
    for (const topic of subtopology === undefined ? [] : inputsOf(subtopology)) found.set(topic, partitions);
  }
  return [...found].map(([topic, partitions]) => ({ topic, partitions })).sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

export function streamsGroupObstacles({ clock, groupSettings }: GroupEnvironment, group: StreamsGroup): string[] {
  const members = [...group.members.values()];
  switch (group.state) {
    case "Empty":
    case "Stable":
      return [];
    case "NotReady":
      return [group.configured?.status?.statusDetail ?? "its topology has not been looked at since it was loaded: the next heartbeat does"];
    case "Assigning": {
      const { epoch, targetEpoch, initialDelay, targetTimestampMs } = group;
      const { "streams.assignment.interval.ms": intervalMs, "streams.initial.rebalance.delay.ms": delayMs } = groupSettings(group.groupId);
      const heard = members.map((member) => `${nameOfMember(member)}: ${heardOf(clock, member)}`);
      if (initialDelay.isSet)
        return [`its first assignment waits ${delayMs} ms for more members (streams.initial.rebalance.delay.ms)`, ...firstOf(heard)];
      const waitMs = targetTimestampMs + intervalMs - clock.now();
      const soonest = waitMs <= 0 ? "the next heartbeat" : `the first heartbeat in ${waitMs} ms or later (streams.assignment.interval.ms)`;
      const behind = `it is at epoch ${epoch}, and who is to have what was computed for epoch ${targetEpoch}: ${soonest} has it computed anew`;
      return [behind, ...firstOf(heard)];
    }
    case "Reconciling":
      return firstOf(
        members
          .filter((member) => !isReconciled(member, group.targetEpoch))
          .map((member) => `${nameOfMember(member)} ${whyBehind(clock, group, member)}`),
      );
  }
}

function whyBehind(clock: GroupEnvironment["clock"], group: StreamsGroup, member: StreamsMember): string {
  const { progress, watch } = member;
  const heard = heardOf(clock, member);
  switch (progress.state) {
    case MemberStates.UNREVOKED_TASKS: {
      const toldMs = clock.now() - (watch.rebalance.setAtMs ?? clock.now());
      return `has not given up ${named(plain(progress.pendingRevocation))}: it was told ${toldMs} ms ago, and ${heard}`;
    }
    case MemberStates.UNRELEASED_TASKS:
      return `waits for tasks that others have not given up, of ${named(group.targetOf(member.memberId))}`;
    case MemberStates.STABLE:
    case MemberStates.UNKNOWN:
      return `has not come${progress.epoch === 0 ? "" : ` from epoch ${progress.epoch}`} to epoch ${group.targetEpoch} yet: ${heard}`;
  }
}

/** "tasks 0_1, 0_2 (standby)", as Kafka Streams names them. */
function named({ active, standby, warmup }: TasksByRole): string {
  const of = (tasks: Tasks, role: string) =>
    [...tasks].flatMap(([subtopologyId, partitions]) => partitions.map((partition) => `${subtopologyId}_${partition}${role}`));
  return `tasks ${[...of(active, ""), ...of(standby, " (standby)"), ...of(warmup, " (warm-up)")].join(", ")}`;
}

function heardOf(clock: GroupEnvironment["clock"], { watch }: StreamsMember): string {
  return lastHeard(clock, { session: watch.session, link: undefined });
}

function nameOfMember({ memberId, identity: { clientId } }: StreamsMember): string {
  return nameOfKnown({ memberId, clientId });
}
