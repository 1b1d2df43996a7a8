// OffsetCommit: stores how far a group has read. By members of the generation, or, while a group has no members, by anyone.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import type { Decision } from "../decision.ts";
import type { ClassicGroup } from "./classic/classic-group.ts";
import type { Commit, CommitOutcome } from "./commit.ts";
import { checkConsumerCommit } from "./consumer/commit-check.ts";
import type { Group } from "./group.ts";
import type { CommittedOffset, GroupRecord } from "./group-record.ts";
import type { GroupState } from "./group-state.ts";
import { checkStreamsCommit } from "./streams/commit-check.ts";

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

/** From this version on a client knows GROUP_ID_NOT_FOUND. */
const GROUP_ID_NOT_FOUND_VERSION = 9;

function checkCommit({ environment }: GroupState, group: Group | undefined, commit: Commit): ErrorCode | CommitOutcome {
  if (group === undefined) {
    if (commit.generation < 0) return Errors.NONE;
    const isTold = commit.producer === undefined && commit.apiVersion >= GROUP_ID_NOT_FOUND_VERSION;
    return isTold ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION;
  }
  switch (group.kind) {
    case "classic":
      return checkClassicCommit(group, commit);
    case "consumer":
      return checkConsumerCommit(group, commit);
    case "share":
      return Errors.GROUP_ID_NOT_FOUND;
    case "streams":
      return checkStreamsCommit(group, commit, environment.topics);
  }
}

function checkClassicCommit(group: ClassicGroup, { memberId, instanceId, generation, connection, producer }: Commit): ErrorCode {
  if (generation < 0 && group.isEmpty) return Errors.NONE;
  // Older transactional producers do not say who they are.
  if (generation < 0 && memberId === "" && instanceId === null) return producer === undefined ? Errors.UNKNOWN_MEMBER_ID : Errors.NONE;
  const error = group.checkMember(memberId, instanceId);
  if (error !== Errors.NONE) return error;
  if (generation !== group.generation) return Errors.ILLEGAL_GENERATION;
  if (group.state === "CompletingRebalance" && producer === undefined) return Errors.REBALANCE_IN_PROGRESS;
  // A commit keeps the session alive, as a heartbeat does.
  const member = group.members.get(memberId);
  if (connection?.isClosed === false) member?.link.bind(connection);
  if (member !== undefined && !member.isWaitingForJoin && !member.isWaitingForSync) member.heard();
  return Errors.NONE;
}

/** What is refused of one partition is refused of all. */
function firstFault(outcome: CommitOutcome, offsets: readonly OffsetToCommit[]): ErrorCode {
  for (const { partition, committed } of offsets) {
    const error = outcome(committed.topicId, partition);
    if (error !== Errors.NONE) return error;
  }
  return Errors.NONE;
}

export function commitOffsets(state: GroupState, commit: Commit, offsets: readonly OffsetToCommit[]): Decision<GroupRecord, CommitOutcome> {
  const { groupId, producer } = commit;
  const checked = checkCommit(state, state.group(groupId), commit);
  const fault = typeof checked === "number" ? checked : firstFault(checked, offsets);
  const outcome = () => fault;
  const accepted = fault === Errors.NONE ? offsets : [];
  return {
    records: accepted.map(({ topic, partition, committed }) => ({ type: "offset", groupId, topic, partition, committed })),
    applied: () => outcome,
    ...(producer === undefined ? {} : { producer }),
  };
}
