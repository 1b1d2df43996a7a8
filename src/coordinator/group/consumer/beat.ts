// What a heartbeat changes, as records: the member, the epoch of the group, everybody's target, and the member's step towards its own.

import type { Assignment } from "../assignors/assignor.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord } from "../group-record.ts";
import { isDue } from "../targets.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  type ConsumerMember,
  hasSameNames,
  type MemberIdentity,
  type MemberProgress,
  type MemberView,
  type ResolvedRegex,
} from "./consumer-member.ts";
import { type OwnedPartitions, reconcile } from "./reconcile.ts";
import { assignmentIntervalMs, assignorOf, computeTargets, finish, sizeOfPlan, targetRecords } from "./target-assignment.ts";
import { memberTombstones } from "./without-members.ts";

/** What a member says; `null` and -1 where it says nothing. */
export interface Beat {
  readonly memberId: string;
  readonly epoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  /** Sorted, each once. */
  readonly topicNames: readonly string[] | null;
  readonly topicRegex: string | null;
  /** What the expression stands for, where the group did not know it. */
  readonly resolved: ResolvedRegex | undefined;
  readonly serverAssignor: string | null;
  readonly owned: OwnedPartitions | null;
}

export interface Found {
  /** As it was until now, with the id that it has from now on. */
  readonly member: MemberView;
  /** The same, or the one whose place it takes; `undefined` for one that is new. */
  readonly stored: ConsumerMember | undefined;
}

export interface DecidedBeat {
  readonly records: readonly ConsumerRecord[];
  /** As it is from now on. */
  readonly member: MemberView;
  readonly before: MemberProgress;
  /** Everybody's target is to be computed, which takes longer than one may be kept waiting. */
  readonly isToCompute: boolean;
}

/** Members and partitions up to which a target is computed in the heartbeat that asks for it. */
const COMPUTED_AT_ONCE = 5000;

export interface Said {
  readonly identity: MemberIdentity;
  readonly owned: OwnedPartitions | null;
  /** What its expression stands for, where the group did not know it. */
  readonly resolved?: ResolvedRegex | undefined;
}

export function decideBeat(environment: GroupEnvironment, group: ConsumerGroup, found: Found, said: Said): DecidedBeat {
  const { groupId } = group;
  const { member, stored } = found;
  const { identity, owned } = said;
  const { memberId } = member;
  const records: ConsumerRecord[] = [];
  if (stored !== undefined && stored !== member) records.push(...replacement(group, stored, member));
  if (identity !== member.identity) records.push({ type: "consumerMember", groupId, memberId, identity });
  const regexes = regexRecords(group, member.identity, said);
  records.push(...regexes);
  const resolved = regexes.map(({ regex, resolved: as }) => ({ regex, as: as ?? undefined }));
  return group.subscriptions.supposing([{ before: stored?.identity, after: identity }], resolved, () => {
    const hasNamesChanged = !hasSameNames(identity.topicNames, member.identity.topicNames);
    const hasRegexChanged = identity.topicRegex !== member.identity.topicRegex;
    const isRegexResolved = identity.topicRegex === "" || group.subscriptions.resolvedRegexes().has(identity.topicRegex);
    const isOfNothing = member.identity.topicRegex === "" && said.resolved?.topics.length === 0;
    const isChanged = hasNamesChanged || (hasRegexChanged && isRegexResolved && !isOfNothing);
    const epoch = raiseEpoch(environment, group, isChanged, records);
    const view: MemberView = { memberId, identity, progress: member.progress };
    const target = findTarget(environment, group, { view, stored, epoch }, records);
    const topics = new Set(group.subscriptions.topicsOf(identity));
    const progress = reconcile(view, {
      targetEpoch: target.epoch,
      target: target.assignment,
      isSubscribed: (topicId) => topics.has(environment.topics.nameOf(topicId) ?? ""),
      hasSubscriptionChanged: hasNamesChanged || hasRegexChanged,
      isHeld: (topicId, partition) => group.holders.isHeld(topicId, partition),
      owned,
    });
    if (progress !== member.progress) records.push({ type: "consumerMemberProgress", groupId, memberId, progress });
    return { records, member: { memberId, identity, progress }, before: member.progress, isToCompute: target.isToCompute };
  });
}

/** The one that was there goes; who takes its place begins with what that one had. */
function replacement(group: ConsumerGroup, stored: ConsumerMember, member: MemberView): ConsumerRecord[] {
  const { groupId } = group;
  const { memberId, identity, progress } = member;
  return [
    ...memberTombstones(group, stored.memberId),
    { type: "consumerMember", groupId, memberId, identity },
    { type: "consumerMemberTarget", groupId, memberId, target: group.targetOf(stored) },
    { type: "consumerMemberProgress", groupId, memberId, progress },
  ];
}

/** An expression that nobody has any more goes, one that is new comes with the topics that it stands for. */
function regexRecords(group: ConsumerGroup, former: MemberIdentity, { identity, resolved }: Said) {
  const { groupId, subscriptions } = group;
  const records: {
    readonly type: "consumerRegex";
    readonly groupId: string;
    readonly regex: string;
    readonly resolved: ResolvedRegex | null;
  }[] = [];
  const { topicRegex: regex } = identity;
  if (former.topicRegex !== regex && subscriptions.regexes().get(former.topicRegex) === 1)
    records.push({ type: "consumerRegex", groupId, regex: former.topicRegex, resolved: null });
  if (regex !== "" && resolved !== undefined && !subscriptions.resolvedRegexes().has(regex))
    records.push({ type: "consumerRegex", groupId, regex, resolved });
  return records;
}

/** The epoch from now on: one more when the subscriptions have changed, or the topics that they are about. */
function raiseEpoch({ topicHashes }: GroupEnvironment, group: ConsumerGroup, isChanged: boolean, records: ConsumerRecord[]): number {
  const { groupId } = group;
  if (group.hasPartitionMetadata) records.push({ type: "consumerPartitionMetadata", groupId, value: null });
  if (!isChanged && !group.isMetadataStale) return group.epoch;
  const metadataHash = topicHashes.hashOf(group.subscriptions.topicNames());
  if (!isChanged && metadataHash === group.metadataHash) return group.epoch;
  const epoch = group.epoch + 1;
  records.push({ type: "consumerGroup", groupId, value: { epoch, metadataHash } });
  return epoch;
}

interface TargetOfMember {
  readonly epoch: number;
  readonly assignment: Assignment;
  readonly isToCompute: boolean;
}

interface Comer {
  readonly view: MemberView;
  readonly stored: ConsumerMember | undefined;
  /** Of the group, from now on. */
  readonly epoch: number;
}

function findTarget(environment: GroupEnvironment, group: ConsumerGroup, comer: Comer, records: ConsumerRecord[]): TargetOfMember {
  const { view, stored, epoch } = comer;
  const before = { epoch: group.targetEpoch, assignment: group.targetOf(stored ?? view), isToCompute: false };
  if (epoch <= group.targetEpoch || group.isComputing) return before;
  const { topics, clock, logger } = environment;
  const timestampMs = clock.now();
  if (!isDue(group, timestampMs, assignmentIntervalMs(environment, group))) return before;
  // What one member alone is to have is found quickly, whatever its size.
  const isAlone = group.members.size === (stored === undefined ? 0 : 1);
  if (!isAlone && sizeOfPlan(group, topics, group.members.size) > COMPUTED_AT_ONCE) return { ...before, isToCompute: true };
  const members = withMember(group, stored, view);
  const assignor = assignorOf(environment, group, members);
  const targets = finish(computeTargets({ group, assignor, topics, members }));
  records.push(...targetRecords(group, targets, members, { epoch, timestampMs }));
  logger.debug({ group: group.groupId, epoch, assignor: assignor.name, members: members.length }, "computed a group's target assignment");
  return { epoch, assignment: targets.get(view.memberId) ?? before.assignment, isToCompute: false };
}

/** All members in the order of the group, whoever speaks: what an assignor does for the first of them does not depend on that. */
function withMember(group: ConsumerGroup, stored: ConsumerMember | undefined, view: MemberView): MemberView[] {
  if (stored === undefined) return [...group.members.values(), view];
  return Array.from(group.members.values(), (member) => (member === stored ? view : member));
}
