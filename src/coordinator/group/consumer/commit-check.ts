// Who may commit and fetch offsets of a group of the consumer protocol: members at their epoch (KIP-848).
//
// A member that has come to the next epoch while its commit was under way may still commit what it had before and has now: each partition
// remembers at which epoch it was given, and takes commits of that epoch and later ones (KIP-1251).

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import type { Commit, CommitOutcome } from "../commit.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerMember } from "./consumer-member.ts";

/** From this version on members of the consumer protocol can commit. */
const MEMBER_EPOCH_VERSION = 9;

export function checkConsumerCommit(group: ConsumerGroup, commit: Commit): ErrorCode | CommitOutcome {
  const { memberId, instanceId, generation: epoch, connection, producer, apiVersion } = commit;
  if (epoch < 0 && group.isEmpty) return Errors.NONE;
  // Older transactional producers do not say who they are.
  if (producer !== undefined && epoch < 0 && memberId === "" && instanceId === null) return Errors.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
  const isClassic = member.identity.classic !== null;
  if (producer === undefined && !isClassic && apiVersion < MEMBER_EPOCH_VERSION) return Errors.UNSUPPORTED_VERSION;
  const stale = isClassic || producer !== undefined ? Errors.ILLEGAL_GENERATION : Errors.STALE_MEMBER_EPOCH;
  if (connection?.isClosed === false) member.watch.link.bind(connection);
  if (epoch === member.progress.epoch) return Errors.NONE;
  if (epoch > member.progress.epoch) return stale;
  return (topicId, partition) => {
    const givenAt = epochOf(member, topicId, partition);
    return givenAt !== undefined && epoch >= givenAt ? Errors.NONE : stale;
  };
}

/** At which the member was given a partition that it has, or has yet to give up. */
function epochOf({ progress }: ConsumerMember, topicId: string, partition: number): number | undefined {
  return progress.assigned.get(topicId)?.get(partition) ?? progress.pendingRevocation.get(topicId)?.get(partition);
}

/** @param epoch -1 with a `null` member id: of somebody who is not a member */
export function checkConsumerFetch(group: ConsumerGroup, memberId: string | null, epoch: number): ErrorCode {
  if (memberId === null && epoch < 0) return Errors.NONE;
  const member = group.members.get(memberId ?? "");
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
  if (epoch === member.progress.epoch) return Errors.NONE;
  return member.identity.classic === null ? Errors.STALE_MEMBER_EPOCH : Errors.ILLEGAL_GENERATION;
}
