// Who may commit and fetch offsets of a streams group (KIP-1071): members at their epoch.
//
// A member that has come to the next epoch while its commit was under way may still commit what it had before and has now: each active task
// remembers at which epoch it was given, and takes commits of that epoch and later ones for the partitions that it reads.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import type { Commit, CommitOutcome } from "../commit.ts";
import type { TopicsView } from "../topics-view.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { readers } from "./topology.ts";

/** From this version on members can commit. */
const MEMBER_EPOCH_VERSION = 9;

export function checkStreamsCommit(group: StreamsGroup, commit: Commit, topics: TopicsView): ErrorCode | CommitOutcome {
  const { memberId, instanceId, generation: epoch, producer, apiVersion } = commit;
  if (epoch < 0 && group.isEmpty) return Errors.NONE;
  // Older transactional producers do not say who they are.
  if (producer !== undefined && epoch < 0 && memberId === "" && instanceId === null) return Errors.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
  if (producer === undefined && apiVersion < MEMBER_EPOCH_VERSION) return Errors.UNSUPPORTED_VERSION;
  const stale = producer === undefined ? Errors.STALE_MEMBER_EPOCH : Errors.ILLEGAL_GENERATION;
  const { progress } = member;
  if (epoch === progress.epoch) return Errors.NONE;
  if (epoch > progress.epoch || group.topology === undefined) return stale;
  const readBy = readers(group.topology);
  return (topicId, partition) => {
    const subtopologyId = readBy.get(topics.nameOf(topicId) ?? "") ?? "";
    const epochs = [progress.assigned, progress.pendingRevocation].map(({ active }) => active.get(subtopologyId)?.get(partition));
    return epochs.some((givenAt) => givenAt !== undefined && epoch >= givenAt) ? Errors.NONE : stale;
  };
}

/** @param epoch -1 with a `null` member id: of somebody who is not a member */
export function checkStreamsFetch(group: StreamsGroup, memberId: string | null, epoch: number): ErrorCode {
  if (memberId === null && epoch < 0) return Errors.NONE;
  const member = group.members.get(memberId ?? "");
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
  return epoch === member.progress.epoch ? Errors.NONE : Errors.STALE_MEMBER_EPOCH;
}
