// The rounds of a rebalance: members join until all are there or time is up, then a generation begins, and its leader must sync.
// Nothing here is stored: a group's snapshot is written by the leader's sync, and when nobody is left (`withoutMembers`).

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import type { Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicGroupRecord } from "../group-record.ts";
import type { RebalanceCause } from "../rebalance-timeline.ts";
import { type JoinAnswer, syncRefused } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import { watchDisconnected } from "./disconnected.ts";
import { emptiedSnapshot } from "./snapshot.ts";

/** Something about the members has changed: they must join again, or, if they are at it, the round may be complete now. */
export function rebalance(environment: GroupEnvironment, group: ClassicGroup, cause: RebalanceCause): void {
  note(environment, group, cause);
  if (group.state !== "PreparingRebalance") prepare(environment, group, cause.text);
  else if (group.gathering === undefined && group.hasEveryoneJoined) completeJoins(environment, group);
}

/** Who joins again while all have to is no reason for it. */
function note({ timeline }: GroupEnvironment, { groupId, state }: ClassicGroup, cause: RebalanceCause): void {
  if (state !== "PreparingRebalance" || cause.kind !== "memberRejoined") timeline.caused(groupId, cause);
  if (cause.kind === "memberJoined" || cause.kind === "memberRejoined")
    for (const member of cause.members ?? []) timeline.arrived(groupId, member);
}

function prepare(environment: GroupEnvironment, group: ClassicGroup, reason: string): void {
  refuseSyncs(group, Errors.REBALANCE_IN_PROGRESS);
  // What members own is shown until they are given something else, but not when a generation ended without an assignment.
  if (group.state === "CompletingRebalance") for (const member of group.members.values()) member.assignment = NO_ASSIGNMENT;
  group.pendingSyncs.clear();
  group.syncRound.clear();
  const wasEmpty = group.isEmpty;
  group.prepare();
  environment.logger.info({ group: group.groupId, generation: group.generation, reason }, "group prepares to rebalance");
  if (wasEmpty) gather(environment, group);
  else if (group.hasEveryoneJoined) completeJoins(environment, group);
  else group.joinRound.set(group.rebalanceTimeoutMs);
  watchDisconnected(environment, group);
}

/** Whoever waits in a sync hears `error`, and has its session back. */
export function refuseSyncs(group: ClassicGroup, error: ErrorCode): void {
  for (const member of group.members.values()) {
    if (!member.isWaitingForSync) continue;
    member.answerSync(syncRefused(error));
    member.heard();
  }
}

function gather({ settings }: GroupEnvironment, group: ClassicGroup): void {
  const delayMs = settings["group.initial.rebalance.delay.ms"];
  group.gathering = { hasNewMember: false, remainingMs: Math.max(0, group.rebalanceTimeoutMs - delayMs) };
  group.joinRound.set(delayMs);
}

/** The time for joining is up. Who is not back is no member any more, unless it is static: that keeps its place while its session lasts. */
export function endJoinRound(environment: GroupEnvironment, group: ClassicGroup): Decision<ClassicGroupRecord, void> {
  if (group.state !== "PreparingRebalance") return NOTHING;
  if (extendGathering(environment, group)) return NOTHING;
  group.gathering = undefined;
  const absent = [...group.members.values()].filter((member) => !member.isWaitingForJoin && !member.isStatic);
  if (absent.length > 0) {
    environment.logger.info({ group: group.groupId, members: absent.map(idOf) }, "removed members that did not rejoin in time");
    environment.timeline.caused(group.groupId, { kind: "rebalanceTimedOut", text: "a member did not join again in time", members: absent });
  }
  return withoutMembers(environment, group, absent, {
    applied: () => {
      if (group.electLeader()) return completeJoins(environment, group);
      environment.logger.warn({ group: group.groupId }, "no member rejoined; the rebalance goes on");
      group.joinRound.set(group.rebalanceTimeoutMs);
    },
    refused: () => group.joinRound.set(group.rebalanceTimeoutMs),
  });
}

/** Each member that came while a new group gathers makes it wait once more, as long as the rebalance timeout allows. */
function extendGathering({ settings }: GroupEnvironment, group: ClassicGroup): boolean {
  const { gathering } = group;
  if (gathering === undefined || !gathering.hasNewMember || gathering.remainingMs === 0) return false;
  const delayMs = Math.min(settings["group.initial.rebalance.delay.ms"], gathering.remainingMs);
  group.gathering = { hasNewMember: false, remainingMs: Math.max(0, gathering.remainingMs - delayMs) };
  group.joinRound.set(delayMs);
  return true;
}

function completeJoins(environment: GroupEnvironment, group: ClassicGroup): void {
  group.endRounds();
  group.electLeader();
  group.beginGeneration();
  environment.timeline.allJoined(group.groupId);
  environment.logger.info(
    { group: group.groupId, generation: group.generation, members: group.members.size, protocol: group.protocolName },
    "group has a new generation",
  );
  for (const member of group.members.values()) {
    group.answerJoin(member, joined(group, member));
    member.isNew = false;
    member.heard();
    group.pendingSyncs.add(member.memberId);
  }
  group.syncRound.set(group.rebalanceTimeoutMs);
  watchDisconnected(environment, group);
}

/** The answer to a join of the current generation. */
export function joined(group: ClassicGroup, member: ClassicMember): JoinAnswer {
  const { generation, protocolType, protocolName, leader } = group;
  const isLeader = leader === member.memberId;
  return {
    error: Errors.NONE,
    memberId: member.memberId,
    generation,
    protocolType,
    protocolName,
    leader: leader ?? "",
    skipAssignment: false,
    members: isLeader ? joinedMembers(group) : [],
  };
}

export function joinedMembers(group: ClassicGroup): JoinAnswer["members"] {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    metadata: member.metadataFor(group.protocolName),
  }));
}

/** Members that had their join answered but never synced hold the generation up; they are dropped. */
export function endSyncRound(environment: GroupEnvironment, group: ClassicGroup): Decision<ClassicGroupRecord, void> {
  if (group.state !== "CompletingRebalance" && group.state !== "Stable") return NOTHING;
  const late = [...group.members.values()].filter(({ memberId }) => group.pendingSyncs.has(memberId));
  if (late.length === 0) return NOTHING;
  environment.logger.info({ group: group.groupId, members: late.map(idOf) }, "removed members that did not sync in time");
  return withoutMembers(environment, group, late, {
    applied: () => rebalance(environment, group, { kind: "rebalanceTimedOut", text: "members did not sync in time", members: late }),
    refused: () => group.syncRound.set(group.rebalanceTimeoutMs),
  });
}

/**
 * Takes members out, and goes on with `applied`. When they are the last, the group becomes Empty instead, which is stored first:
 * a group never forgets in memory what it would remember after a restart.
 */
export function withoutMembers<Reply>(
  { clock, logger, timeline }: GroupEnvironment,
  group: ClassicGroup,
  leaving: readonly ClassicMember[],
  next: { readonly applied: () => Reply; readonly emptied?: () => Reply; readonly refused?: (error: ErrorCode) => void },
): Decision<ClassicGroupRecord, Reply | undefined> {
  const { groupId } = group;
  if (leaving.length > 0 && leaving.length === group.members.size) {
    const snapshot = emptiedSnapshot(group, clock.now());
    return {
      records: [{ type: "classicGroup", groupId, snapshot }],
      applied: () => {
        logger.info({ group: groupId, generation: snapshot.generation }, "group is empty");
        timeline.caused(groupId, { kind: "memberLeft", text: "the last member is gone", members: leaving });
        timeline.ended(group, snapshot.generation);
        return next.emptied?.();
      },
      ...(next.refused === undefined ? {} : { refused: next.refused }),
    };
  }
  return {
    records: [],
    applied: () => {
      for (const member of leaving) group.removeMember(member, Errors.UNKNOWN_MEMBER_ID);
      return next.applied();
    },
  };
}

const NO_ASSIGNMENT: Buffer = Buffer.alloc(0);
const NOTHING: Decision<ClassicGroupRecord, void> = { records: [], applied: () => undefined };

function idOf({ memberId }: ClassicMember): string {
  return memberId;
}
