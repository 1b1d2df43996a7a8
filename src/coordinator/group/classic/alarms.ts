// What a classic group does when time passes or a connection closes. Each alarm is an operation of its own on the shard, decided
// when it comes: the group may have changed since it was set.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicGroupRecord } from "../group-record.ts";
import type { ClassicGroup, GroupAlarms } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import { disconnectedMembers, disconnectedPendingMembers, watchDisconnected } from "./disconnected.ts";
import { endJoinRound, endSyncRound, rebalance, withoutMembers } from "./rebalance.ts";

export interface AlarmContext {
  readonly environment: GroupEnvironment;
  readonly group: (groupId: string) => ClassicGroup | undefined;
  /** Runs an operation on the shard that the groups belong to. */
  readonly run: (operation: () => Decision<ClassicGroupRecord, void>) => void;
}

export function classicGroupAlarms({ environment, group: find, run }: AlarmContext): GroupAlarms {
  const onGroup = (groupId: string, operation: (group: ClassicGroup) => Decision<ClassicGroupRecord, void>) =>
    run(() => {
      const group = find(groupId);
      return group === undefined ? answer(undefined) : operation(group);
    });
  return {
    joinRoundEnded: (groupId) => onGroup(groupId, (group) => endJoinRound(environment, group)),
    syncRoundEnded: (groupId) => onGroup(groupId, (group) => endSyncRound(environment, group)),
    sessionEnded: (groupId, memberId) => onGroup(groupId, (group) => endSession(environment, group, memberId)),
    pendingMemberEnded: (groupId, memberId) => onGroup(groupId, (group) => endPendingMember(environment, group, memberId)),
    disconnectedTooLong: (groupId) => onGroup(groupId, (group) => evictDisconnected(environment, group)),
    connectionClosed(groupId) {
      const group = find(groupId);
      if (group !== undefined) watchDisconnected(environment, group);
    },
  };
}

function endSession(environment: GroupEnvironment, group: ClassicGroup, memberId: string): Decision<ClassicGroupRecord, void> {
  const member = group.members.get(memberId);
  // A member that waits for an answer of ours is alive. One that has just been admitted cannot heartbeat, so may wait only so long.
  if (member === undefined || (!member.isNew && (member.isWaitingForJoin || member.isWaitingForSync))) return answer(undefined);
  return endSessions(environment, group, [member]);
}

/** Of members that were not heard of in time, or are treated as if they were not. */
export function endSessions(
  environment: GroupEnvironment,
  group: ClassicGroup,
  members: readonly ClassicMember[],
): Decision<ClassicGroupRecord, void> {
  for (const { memberId, clientId, terms } of members) {
    environment.logger.info(
      { group: group.groupId, member: memberId, clientId, sessionTimeoutMs: terms.sessionTimeoutMs },
      "removed a member that was not heard of in time",
    );
  }
  return withoutMembers(environment, group, members, {
    applied: () => rebalance(environment, group, { kind: "sessionExpired", text: "a member was not heard of in time", members }),
    refused: () => {
      for (const member of members) member.heard();
    },
  });
}

function endPendingMember(environment: GroupEnvironment, group: ClassicGroup, memberId: string): Decision<ClassicGroupRecord, void> {
  if (group.pendingMembers.remove(memberId)) {
    environment.logger.info({ group: group.groupId, member: memberId }, "a member that was given an id did not join in time");
    if (group.state === "PreparingRebalance")
      rebalance(environment, group, { kind: "other", text: "a member that was given an id did not join" });
  }
  return answer(undefined);
}

/** See disconnected.ts. */
function evictDisconnected(environment: GroupEnvironment, group: ClassicGroup): Decision<ClassicGroupRecord, void> {
  const pending = disconnectedPendingMembers(environment, group);
  for (const memberId of pending) {
    environment.logger.info(
      { group: group.groupId, member: memberId },
      "a member that was given an id will not join: its connection is closed",
    );
    group.pendingMembers.remove(memberId);
  }
  const evicted = disconnectedMembers(environment, group);
  if (evicted.length === 0) {
    if (pending.length > 0)
      rebalance(environment, group, { kind: "disconnected", text: "a member that was given an id has no connection any more" });
    watchDisconnected(environment, group);
    return answer(undefined);
  }
  for (const { memberId, clientId } of evicted) {
    environment.logger.info(
      { group: group.groupId, member: memberId, clientId },
      "removed a member that the rebalance waited for: it has no connection",
    );
  }
  return withoutMembers(environment, group, evicted, {
    applied: () => {
      rebalance(environment, group, { kind: "disconnected", text: "a member has no connection", members: evicted });
      watchDisconnected(environment, group);
    },
    refused: () => group.disconnected.set(evicted[0]?.terms.sessionTimeoutMs ?? 0),
  });
}

/** How an alarm that could not be stored is treated: it was put off, and the log line says so. */
export function alarmRefused({ logger }: GroupEnvironment, error: ErrorCode): void {
  if (error !== Errors.NOT_COORDINATOR) logger.warn({ error }, "could not store a group's change; it is tried again later");
}
