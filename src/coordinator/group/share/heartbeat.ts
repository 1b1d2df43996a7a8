// ShareGroupHeartbeat of a member that stays or joins (KIP-932). In one request it says what it wants, and is told what it has:
//
//   1. who it is: a member, or a new one
//   2. what it subscribes to: a change of that, of the topics, or of the partitions that have their state, raises the epoch of the group
//   3. everybody's target, if the epoch is ahead of it, and no more often than `share.assignment.interval.ms`
//   4. what it has is what its target says
//   5. partitions that nobody has read in this group yet are to get their state, which is seen to once this is stored (share-work.ts)
//
// What is decided becomes records; a heartbeat that changes nothing, which is nearly every one, makes none.

import { Errors } from "../../../../protocol/errors.ts";
import { assert } from "../../../base/assert.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import { type Assignment, isSameAssignment } from "../assignors/assignor.ts";
import { hasSameNames } from "../consumer/consumer-member.ts";
import { unknownMember } from "../consumer/membership-faults.ts";
import { noteBeat } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord, ShareRecord } from "../group-record.ts";
import { intervalAfterChange } from "../interval-after-change.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { isDue } from "../targets.ts";
import { checkShareEpoch, shareGroupIsFull } from "./membership-faults.ts";
import type { ShareGroup } from "./share-group.ts";
import {
  NEW_SHARE_MEMBER,
  NO_SHARE_PROGRESS,
  type ShareIdentity,
  type ShareMember,
  type ShareMemberView,
  type ShareProgress,
} from "./share-member.ts";
import { areTargetsBehind, computeShareTargets, partitionsToBegin, shareTargetRecords } from "./share-target.ts";
import type { ShareWork } from "./share-work.ts";
import { type TopicsShared, withInitializing } from "./shared-partitions.ts";

/** What a member says; `null` where it says nothing. */
export interface ShareBeat {
  readonly memberId: string;
  readonly epoch: number;
  readonly rackId: string | null;
  /** Sorted, each once. */
  readonly topicNames: readonly string[] | null;
}

export interface ShareBeatAnswer {
  readonly memberId: string;
  readonly epoch: number;
  readonly intervalMs: number;
  /** `null`: as it was told. */
  readonly assigned: Assignment | null;
}

export type ShareBeatDecision = Decision<GroupRecord, ShareBeatAnswer | Refusal>;

/** @param group one that is there, or is to be: its first records make it */
export function shareHeartbeat(
  environment: GroupEnvironment,
  work: ShareWork,
  group: ShareGroup,
  context: GroupRequestContext,
  beat: ShareBeat,
): ShareBeatDecision {
  const member = findMember(environment, group, beat);
  if (isRefusal(member)) return answer(member);
  const identity = identified(member.identity, context, beat);
  const decided = isSettled(group, member, identity) ? settled(member) : decide(environment, group, member, identity);
  const { groupId } = group;
  const { progress: before } = member;
  const noted = { formerEpoch: group.epoch, isNew: !group.members.has(beat.memberId), isChanged: identity !== member.identity };
  return {
    records: decided.records,
    tellsStored: true,
    applied: () => {
      const now = work.groupNow(groupId);
      const stored = now?.members.get(beat.memberId);
      if (now === undefined) return { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
      assert(stored !== undefined, "whoever was heard is a member");
      now.isMetadataStale = false;
      now.arePartitionsStale = false;
      work.heard(now, stored);
      if (decided.records.length > 0) noteBeat(environment.timeline, now, { ...noted, member: stored });
      work.toBegin(now, decided.toBegin);
      const isTold = beat.epoch === 0 || beat.topicNames !== null || !isSameAssignment(before.assigned, decided.progress.assigned);
      return toAnswer(environment, now, stored, isTold);
    },
    committed: () => work.begin(groupId, decided.toBegin),
    refused: () => work.notBegun(groupId, decided.toBegin),
  };
}

interface Decided {
  readonly records: readonly ShareRecord[];
  readonly progress: ShareProgress;
  /** Whose state is to begin. */
  readonly toBegin: TopicsShared;
}

const NOTHING: TopicsShared = new Map();

function settled({ progress }: ShareMemberView): Decided {
  return { records: [], progress, toBegin: NOTHING };
}

/** Everything is as it was and is to be. */
function isSettled(group: ShareGroup, member: ShareMemberView, identity: ShareIdentity): boolean {
  return (
    identity === member.identity &&
    !group.isMetadataStale &&
    !group.arePartitionsStale &&
    group.epoch === group.targetEpoch &&
    member.progress.epoch === group.targetEpoch
  );
}

function decide(environment: GroupEnvironment, group: ShareGroup, member: ShareMemberView, identity: ShareIdentity): Decided {
  const { groupId } = group;
  const { memberId } = member;
  const records: ShareRecord[] = [];
  if (identity !== member.identity) records.push({ type: "shareMember", groupId, memberId, identity });
  const before = group.members.get(memberId)?.identity;
  return group.subscriptions.supposing([{ before, after: identity }], [], () => {
    const { topics } = environment;
    const hasNamesChanged = !hasSameNames(identity.topicNames, member.identity.topicNames);
    const epoch = raiseEpoch(environment, group, hasNamesChanged, records);
    const view = { memberId, identity, progress: member.progress };
    const target = findTarget(environment, group, { view, epoch }, records);
    const names = new Set(identity.topicNames);
    const progress = given(member.progress, target, (topicId) => names.has(topics.nameOf(topicId) ?? ""));
    if (progress !== member.progress) records.push({ type: "shareMemberProgress", groupId, memberId, progress });
    const toBegin = partitionsToBegin(group, topics);
    if (toBegin.size > 0) records.push({ type: "sharePartitions", groupId, partitions: withInitializing(group.partitions, toBegin) });
    return { records, progress, toBegin };
  });
}

/** The epoch from now on: one more when subscriptions, topics or the partitions that can be assigned have changed. */
function raiseEpoch({ topics, topicHashes }: GroupEnvironment, group: ShareGroup, isChanged: boolean, records: ShareRecord[]): number {
  const { groupId } = group;
  const metadataHash = isChanged || group.isMetadataStale ? topicHashes.hashOf(group.subscriptions.topicNames()) : group.metadataHash;
  const isWaiting = group.epoch > group.targetEpoch;
  if (!isChanged && metadataHash === group.metadataHash && (isWaiting || !areTargetsBehind(group, topics))) return group.epoch;
  const epoch = group.epoch + 1;
  records.push({ type: "shareGroup", groupId, value: { epoch, metadataHash } });
  return epoch;
}

interface TargetOfMember {
  readonly epoch: number;
  readonly assignment: Assignment;
}

interface Comer {
  readonly view: ShareMemberView;
  /** Of the group, from now on. */
  readonly epoch: number;
}

function findTarget(environment: GroupEnvironment, group: ShareGroup, { view, epoch }: Comer, records: ShareRecord[]): TargetOfMember {
  const { clock, logger, topics } = environment;
  const { groupId, targetEpoch } = group;
  const before = { epoch: targetEpoch, assignment: group.targetOf(view) };
  const timestampMs = clock.now();
  if (epoch <= targetEpoch || !isDue(group, timestampMs, environment.groupSettings(groupId)["share.assignment.interval.ms"])) return before;
  const members = withMember(group, view);
  const targets = computeShareTargets(group, topics, members);
  records.push(...shareTargetRecords({ groupId, before: group.targets() }, targets, members, { epoch, timestampMs }));
  logger.debug({ group: groupId, epoch, members: members.length }, "computed a share group's target assignment");
  return { epoch, assignment: targets.get(view.memberId) ?? before.assignment };
}

function withMember(group: ShareGroup, view: ShareMemberView): ShareMemberView[] {
  if (!group.members.has(view.memberId)) return [...group.members.values(), view];
  return Array.from(group.members.values(), (member) => (member.memberId === view.memberId ? view : member));
}

/** All of its target at once; topics that it no longer subscribes to are gone even while that is computed later. The same object when nothing changes. */
function given(progress: ShareProgress, target: TargetOfMember, isSubscribed: (topicId: string) => boolean): ShareProgress {
  const isBehind = progress.epoch !== target.epoch;
  const source = isBehind ? target.assignment : progress.assigned;
  const assigned = [...source.keys()].every(isSubscribed) ? source : new Map([...source].filter(([topicId]) => isSubscribed(topicId)));
  if (isBehind) return { epoch: target.epoch, previousEpoch: progress.epoch, assigned };
  return assigned === source ? progress : { ...progress, assigned };
}

function toAnswer(environment: GroupEnvironment, group: ShareGroup, { memberId, progress }: ShareMember, isTold: boolean): ShareBeatAnswer {
  const { settings, clock, groupSettings } = environment;
  const usualMs = groupSettings(group.groupId)["share.heartbeat.interval.ms"];
  const shortestMs = settings["odradek.group.share.change.heartbeat.interval.ms"];
  const isServed = progress.assigned.size > 0 && group.epoch === progress.epoch && group.partitions.initializing.size === 0;
  const intervalMs = isServed ? usualMs : intervalAfterChange({ usualMs, shortestMs, nowMs: clock.now() }, group);
  return { memberId, epoch: progress.epoch, intervalMs, assigned: isTold ? progress.assigned : null };
}

function findMember({ settings }: GroupEnvironment, group: ShareGroup, { memberId, epoch }: ShareBeat): ShareMemberView | Refusal {
  const known = group.members.get(memberId);
  if (known !== undefined) return checkShareEpoch(known, epoch) ?? known;
  const largest = settings["group.share.max.size"];
  if (group.members.size >= largest) return shareGroupIsFull(largest);
  if (epoch !== 0) return unknownMember(memberId, group.groupId);
  return { memberId, identity: NEW_SHARE_MEMBER, progress: NO_SHARE_PROGRESS };
}

/** What the member is known by once it has said this; the same object when it says nothing new. */
function identified(known: ShareIdentity, { clientId, clientHost }: GroupRequestContext, beat: ShareBeat): ShareIdentity {
  const rackId = beat.rackId ?? known.rackId;
  const topicNames = beat.topicNames === null || hasSameNames(beat.topicNames, known.topicNames) ? known.topicNames : beat.topicNames;
  const isSame =
    rackId === known.rackId && clientId === known.clientId && clientHost === known.clientHost && topicNames === known.topicNames;
  return isSame ? known : { rackId, clientId, clientHost, topicNames };
}
