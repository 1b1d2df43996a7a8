// OffsetCommit: stores how far a group has read. By members of the generation, or, while a group has no members, by anyone.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import type { Decision } from "../decision.ts";
import type { ClassicGroup } from "./classic/classic-group.ts";
import type { CommittedOffset, GroupRecord } from "./group-record.ts";
import type { GroupState } from "./group-state.ts";

export interface Commit {
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** -1 outside of a membership. */
  readonly generation: number;
  readonly apiVersion: number;
  /** Of the transaction that the offsets belong to: they are pending until it ends. */
  readonly producer?: { readonly producerId: number; readonly producerEpoch: number };
}

/** From this version on a client knows GROUP_ID_NOT_FOUND. */
const GROUP_ID_NOT_FOUND_VERSION = 9;

/** Whether the commit may be made. */
export function checkCommit(group: ClassicGroup | undefined, commit: Commit): ErrorCode {
  const { memberId, instanceId, generation } = commit;
  const isTransactional = commit.producer !== undefined;
  if (group === undefined) {
    if (generation < 0) return Errors.NONE;
    return !isTransactional && commit.apiVersion >= GROUP_ID_NOT_FOUND_VERSION ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION;
  }
  if (generation < 0 && group.isEmpty) return Errors.NONE;
  // Older transactional producers do not say who they are.
  if (generation < 0 && memberId === "" && instanceId === null) return isTransactional ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID;
  const error = group.checkMember(memberId, instanceId);
  if (error !== Errors.NONE) return error;
  if (generation !== group.generation) return Errors.ILLEGAL_GENERATION;
  return group.state === "CompletingRebalance" && !isTransactional ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
}

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

/** One error for all that was to be committed. */
export function commitOffsets(state: GroupState, commit: Commit, offsets: readonly OffsetToCommit[]): Decision<GroupRecord, ErrorCode> {
  const { groupId } = commit;
  const group = state.classicGroup(groupId);
  const error = checkCommit(group, commit);
  if (error !== Errors.NONE) return { records: [], applied: () => error };
  // A commit keeps the session alive, as a heartbeat does.
  const member = group?.members.get(commit.memberId);
  if (member !== undefined && !member.isWaitingForJoin && !member.isWaitingForSync) member.heard();
  return {
    records: offsets.map(({ topic, partition, committed }) => ({ type: "offset", groupId, topic, partition, committed })),
    applied: () => Errors.NONE,
    ...(commit.producer === undefined ? {} : { producer: commit.producer }),
  };
}
