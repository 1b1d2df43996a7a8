// ConsumerGroupHeartbeat of a member that stays or joins (KIP-848). In one request it says what it wants and owns, and is told what it has:
//
//   1. who it is: a member, a new one, or one that takes a static member's place
//   2. what it subscribes to: a change of that, or of the topics, raises the epoch of the group
//   3. everybody's target, if the epoch is ahead of it: computed here while that is short work, else beside (`GroupWork.computeTargets`)
//   4. its own step towards the target
//
// What is decided becomes records; a heartbeat that changes nothing, which is nearly every one, makes none.

import { Errors } from "../../../../protocol/errors.ts";
import { assert } from "../../../base/assert.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import { noteBeat } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { type Beat, decideBeat, type Found } from "./beat.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  type ConsumerMember,
  type HeldPartitions,
  hasSameNames,
  holdsSame,
  isEqualIdentity,
  isReconciled,
  LEFT_FOR_A_WHILE,
  type MemberIdentity,
  MemberStates,
  type MemberView,
  NEW_MEMBER,
  NO_PROGRESS,
} from "./consumer-member.ts";
import type { GroupWork } from "./group-work.ts";
import { heartbeatIntervalMs } from "./heartbeat-interval.ts";
import { checkEpoch, fencedInstance, unknownInstance, unknownMember, unreleasedInstance } from "./membership-faults.ts";

export interface BeatAnswer {
  readonly memberId: string;
  readonly epoch: number;
  readonly intervalMs: number;
  /** `null`: as it was told. */
  readonly assigned: HeldPartitions | null;
}

export type BeatDecision = Decision<GroupRecord, BeatAnswer | Refusal>;

/** @param group one that is there, or is to be: its first records make it */
export function heartbeat(
  environment: GroupEnvironment,
  work: GroupWork,
  group: ConsumerGroup,
  context: GroupRequestContext,
  beat: Beat,
): BeatDecision {
  const fault = groupFault(environment, group, beat);
  if (fault !== undefined) return answer(fault);
  const found = findMember(group, beat);
  if (isRefusal(found)) return answer(found);
  const identity = identified(found.member.identity, context, beat);
  const settled = settledMember(group, found, identity);
  if (settled !== undefined) return unchanged(environment, group, context, { beat, member: settled });
  const decided = decideBeat(environment, group, found, { identity, owned: beat.owned, resolved: beat.resolved });
  const { member, before } = decided;
  const { epoch: formerEpoch, targetEpoch: formerTargetEpoch } = group;
  const noted = { formerEpoch, member, isNew: found.stored === undefined, isChanged: identity !== found.member.identity };
  return {
    records: decided.records,
    tellsStored: true,
    applied: () => {
      const now = work.groupNow(group.groupId);
      if (now === undefined) return { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
      now.isMetadataStale = false;
      if (decided.isToCompute) work.computeTargets(group.groupId);
      // Only another target makes anybody wait for others.
      if (now.targetEpoch !== formerTargetEpoch) work.watchDisconnected(group.groupId);
      const stored = now.members.get(member.memberId);
      assert(stored !== undefined, "whoever was heard is a member");
      heard(environment, now, context, { member: stored, hasMoved: member.progress !== before });
      noteBeat(environment.timeline, now, noted);
      const isTold = beat.epoch === 0 || isFull(beat) || !holdsSame(before.assigned, member.progress.assigned);
      return toAnswer(environment, now, member, beat, isTold);
    },
  };
}

/** Nothing to decide, and nothing to store. */
function unchanged(
  environment: GroupEnvironment,
  group: ConsumerGroup,
  context: GroupRequestContext,
  { beat, member }: { readonly beat: Beat; readonly member: ConsumerMember },
): BeatDecision {
  return {
    records: [],
    tellsStored: true,
    applied: () => {
      heard(environment, group, context, { member, hasMoved: false });
      return toAnswer(environment, group, member, beat, beat.epoch === 0 || isFull(beat));
    },
  };
}

/** Its session starts anew; it has as long as it said to give up what it must. */
function heard(
  environment: GroupEnvironment,
  group: ConsumerGroup,
  { connection }: GroupRequestContext,
  { member: { watch, progress, identity }, hasMoved }: { readonly member: ConsumerMember; readonly hasMoved: boolean },
): void {
  watch.session.set(environment.groupSettings(group.groupId)["consumer.session.timeout.ms"]);
  watch.link.bind(connection);
  if (!hasMoved) return;
  if (progress.state === MemberStates.UNREVOKED_PARTITIONS) watch.rebalance.set(identity.rebalanceTimeoutMs);
  else watch.rebalance.clear();
}

function toAnswer(environment: GroupEnvironment, group: ConsumerGroup, member: MemberView, beat: Beat, isTold: boolean): BeatAnswer {
  const { memberId, progress } = member;
  const intervalMs = heartbeatIntervalMs(environment, group, member, beat.epoch === 0);
  return { memberId, epoch: progress.epoch, intervalMs, assigned: isTold ? progress.assigned : null };
}

/** It says all that there is to say, because it does not know what was heard. */
function isFull({ rebalanceTimeoutMs, topicNames, topicRegex, owned }: Beat): boolean {
  return rebalanceTimeoutMs !== -1 && (topicNames !== null || topicRegex !== null) && owned !== null;
}

function groupFault({ settings }: GroupEnvironment, group: ConsumerGroup, { memberId }: Beat): Refusal | undefined {
  const largest = settings["group.consumer.max.size"];
  if (group.members.size < largest || group.members.has(memberId)) return undefined;
  return { error: Errors.GROUP_MAX_SIZE_REACHED, message: `The consumer group has reached its maximum capacity of ${largest} members.` };
}

function findMember(group: ConsumerGroup, beat: Beat): Found | Refusal {
  const { memberId, instanceId } = beat;
  const isJoining = beat.epoch === 0;
  if (instanceId === null) {
    const known = group.members.get(memberId);
    if (known !== undefined) return checkEpoch(known, beat) ?? { member: known, stored: known };
    return isJoining ? { member: newMember(memberId), stored: undefined } : unknownMember(memberId, group.groupId);
  }
  const current = group.staticMember(instanceId);
  if (!isJoining) {
    if (current === undefined) return unknownInstance(instanceId);
    if (current.memberId !== memberId) return fencedInstance(memberId, instanceId, current.memberId);
    return checkEpoch(current, beat) ?? { member: current, stored: current };
  }
  if (current === undefined) {
    const known = group.members.get(memberId);
    return { member: known ?? newMember(memberId), stored: known };
  }
  if (current.identity.classic === null && current.progress.epoch !== LEFT_FOR_A_WHILE)
    return unreleasedInstance(memberId, instanceId, current.memberId);
  // It takes the place of who was there, and is told all of what it is to have from the beginning.
  return {
    member: { memberId, identity: current.identity, progress: { ...current.progress, epoch: 0, previousEpoch: 0 } },
    stored: current,
  };
}

function newMember(memberId: string): MemberView {
  return { memberId, identity: NEW_MEMBER, progress: NO_PROGRESS };
}

/** What the member is known by once it has said this; the same object when it says nothing new. */
function identified(known: MemberIdentity, context: GroupRequestContext, beat: Beat): MemberIdentity {
  const identity: MemberIdentity = {
    instanceId: beat.instanceId ?? known.instanceId,
    rackId: beat.rackId ?? known.rackId,
    clientId: context.clientId,
    clientHost: context.clientHost,
    topicNames: beat.topicNames === null || hasSameNames(beat.topicNames, known.topicNames) ? known.topicNames : beat.topicNames,
    topicRegex: beat.topicRegex ?? known.topicRegex,
    rebalanceTimeoutMs: beat.rebalanceTimeoutMs === -1 ? known.rebalanceTimeoutMs : beat.rebalanceTimeoutMs,
    serverAssignor: beat.serverAssignor ?? known.serverAssignor,
    classic: null,
  };
  return isEqualIdentity(known, identity) ? known : identity;
}

/** The member, if everything is as it was and is to be. */
function settledMember(group: ConsumerGroup, { member, stored }: Found, identity: MemberIdentity): ConsumerMember | undefined {
  const isSettled =
    member === stored &&
    identity === member.identity &&
    !group.isMetadataStale &&
    !group.hasPartitionMetadata &&
    group.epoch === group.targetEpoch &&
    isReconciled(member, group.targetEpoch);
  return isSettled ? stored : undefined;
}
