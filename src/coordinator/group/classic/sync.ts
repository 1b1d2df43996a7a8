// SyncGroup: the leader hands the assignment in, which completes the generation: it is stored, and everyone receives its part.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicGroupRecord } from "../group-record.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { type SyncAnswer, synced, syncRefused } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import { rebalance, refuseSyncs } from "./rebalance.ts";
import { snapshotOf } from "./snapshot.ts";

export interface Sync {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  /** `null` where the version does not say. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: ReadonlyMap<string, Buffer>;
}

export type SyncDecision = Decision<ClassicGroupRecord, SyncAnswer | Promise<SyncAnswer>>;

export function syncGroup(environment: GroupEnvironment, group: ClassicGroup, context: GroupRequestContext, sync: Sync): SyncDecision {
  const error = checkSync(group, sync);
  const member = group.members.get(sync.memberId);
  if (error !== Errors.NONE || member === undefined) return answer(syncRefused(error));
  member.link.bind(context.connection);
  switch (group.state) {
    case "Empty":
      return answer(syncRefused(Errors.UNKNOWN_MEMBER_ID));
    case "PreparingRebalance":
      return answer(syncRefused(Errors.REBALANCE_IN_PROGRESS));
    case "CompletingRebalance":
      if (group.leader === member.memberId) return completeGeneration(environment, group, member, sync.assignments);
      return { records: [], applied: () => waitForSync(group, member) };
    case "Stable":
      hasSynced(group, member);
      return { ...answer(synced(group.protocolType, group.protocolName, member.assignment)), tellsStored: true };
  }
}

function checkSync(group: ClassicGroup, sync: Sync): ErrorCode {
  const error = group.checkMember(sync.memberId, sync.instanceId);
  if (error !== Errors.NONE) return error;
  if (sync.generation !== group.generation) return Errors.ILLEGAL_GENERATION;
  const differs = (given: string | null, own: string | null) => given !== null && given !== own;
  if (differs(sync.protocolType, group.protocolType) || differs(sync.protocolName, group.protocolName))
    return Errors.INCONSISTENT_GROUP_PROTOCOL;
  return Errors.NONE;
}

function completeGeneration(
  environment: GroupEnvironment,
  group: ClassicGroup,
  leader: ClassicMember,
  assignments: ReadonlyMap<string, Buffer>,
): SyncDecision {
  const { groupId, generation } = group;
  const failed = (error: ErrorCode) => {
    if (group.generation !== generation) return;
    refuseSyncs(group, error);
    if (group.state === "CompletingRebalance" || group.state === "Stable")
      rebalance(environment, group, { kind: "other", text: "the assignment could not be stored" });
  };
  return {
    records: [{ type: "classicGroup", groupId, snapshot: snapshotOf(group, assignments, environment.clock.now()) }],
    applied: () => {
      environment.logger.info({ group: groupId, generation, members: group.members.size }, "group is stable");
      environment.timeline.ended(group, generation);
      return waitForSync(group, leader);
    },
    committed: () => {
      if (group.generation === generation && group.state === "Stable") giveAssignments(group);
    },
    refused: failed,
  };
}

function giveAssignments(group: ClassicGroup): void {
  for (const member of group.members.values()) {
    if (!member.isWaitingForSync) continue;
    member.answerSync(synced(group.protocolType, group.protocolName, member.assignment));
    member.heard();
  }
}

function waitForSync(group: ClassicGroup, member: ClassicMember): Promise<SyncAnswer> {
  member.answerSync(syncRefused(Errors.REBALANCE_IN_PROGRESS));
  hasSynced(group, member);
  member.session.clear();
  return member.waitForSync();
}

function hasSynced(group: ClassicGroup, member: ClassicMember): void {
  group.pendingSyncs.delete(member.memberId);
  if (group.pendingSyncs.size === 0) group.syncRound.clear();
}
