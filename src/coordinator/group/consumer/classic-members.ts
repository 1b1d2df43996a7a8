// Members of the classic protocol in a group of the consumer protocol (KIP-848). They join, sync and heartbeat as ever; their generation is
// their member epoch, and what they are told to own comes from the coordinator instead of a leader:
//
//   Heartbeat   says REBALANCE_IN_PROGRESS when there is something to revoke, or something new to have
//   JoinGroup   tells what the member owns, and takes it a step towards its target
//   SyncGroup   tells what it has
//
// All say the same about their subscription with each of their protocols; the first one speaks for the others.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { answer, type Decision } from "../../decision.ts";
import { type JoinAnswer, joinRefused, type SyncAnswer, synced, syncRefused } from "../classic/answers.ts";
import type { Join } from "../classic/join-decision.ts";
import type { LeavingMember } from "../classic/leave.ts";
import type { Sync } from "../classic/sync.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../consumer-subscription.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { TopicsView } from "../topics-view.ts";
import { decideBeat, type Found } from "./beat.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, isEqualIdentity, type MemberIdentity, MemberStates, NEW_MEMBER, NO_PROGRESS } from "./consumer-member.ts";
import { depart, downgrade } from "./departure.ts";
import type { GroupWork } from "./group-work.ts";
import { type EmbeddedSubscription, embeddedAssignment, isDowngraded, migrationPolicy, partitionsOf, subscriptionOf } from "./migration.ts";
import type { OwnedPartitions } from "./reconcile.ts";

/** From this version on a client knows MEMBER_ID_REQUIRED (KIP-394). */
const MEMBER_ID_REQUIRED_VERSION = 4;

/** Where operations on a group find what they need. */
export interface Place {
  readonly environment: GroupEnvironment;
  readonly work: GroupWork;
  readonly group: ConsumerGroup;
  readonly context: GroupRequestContext;
}

export function joinClassicMember(place: Place, join: Join): Decision<GroupRecord, JoinAnswer> {
  const { environment, group, context } = place;
  const refuse = (error: ErrorCode, memberId = join.memberId) => answer(joinRefused(error, memberId));
  const { settings } = environment;
  if (migrationPolicy(environment) === "disabled") return refuse(Errors.INCONSISTENT_GROUP_PROTOCOL);
  const memberId = join.memberId === "" ? environment.random.uuid() : join.memberId;
  if (group.members.size >= settings["group.consumer.max.size"] && !group.members.has(memberId))
    return refuse(Errors.GROUP_MAX_SIZE_REACHED, "");
  const { protocols } = join.terms;
  if (!supports(group, join)) return refuse(Errors.INCONSISTENT_GROUP_PROTOCOL, "");
  if (join.memberId === "" && join.instanceId === null && context.apiVersion >= MEMBER_ID_REQUIRED_VERSION)
    return refuse(Errors.MEMBER_ID_REQUIRED, memberId);
  const found = findMember(group, join, memberId);
  if (typeof found === "number") return refuse(found);
  const subscribed = subscriptionOf(protocols[0]);
  if (subscribed === undefined) return refuse(Errors.UNKNOWN_SERVER_ERROR, "");
  const identity = identified(found.member.identity, { join, context, subscribed });
  const others = [...group.members.values()].filter((member) => member !== found.stored);
  const isLastOfOthers = found.stored !== undefined && found.stored !== found.member && found.stored.identity.classic === null;
  if (isLastOfOthers && isDowngraded(environment, group, [found.stored], 1))
    return joinDowngraded(place, found, { memberId, identity, others });
  return joinConsumerGroup(place, found, { memberId, identity, owned: ownedPartitions(environment.topics, subscribed) });
}

function joinConsumerGroup(
  { environment, work, group, context }: Place,
  found: Found,
  { memberId, identity, owned }: { readonly memberId: string; readonly identity: MemberIdentity; readonly owned: OwnedPartitions },
): Decision<GroupRecord, JoinAnswer> {
  const decided = decideBeat(environment, group, found, { identity, owned });
  return {
    records: decided.records,
    tellsStored: true,
    applied: () => {
      const now = work.groupNow(group.groupId);
      const member = now?.members.get(memberId);
      if (now === undefined || member === undefined) return joinRefused(Errors.UNKNOWN_SERVER_ERROR, memberId);
      now.isMetadataStale = false;
      if (decided.isToCompute) work.computeTargets(group.groupId);
      heard(member, context);
      // It has as long to sync as it has to join.
      member.watch.rebalance.set(identity.rebalanceTimeoutMs);
      work.watchDisconnected(group.groupId);
      return joined(memberId, decided.member.progress.epoch, identity);
    },
  };
}

/** A static member comes back with the classic protocol, and was the last one of the other. */
function joinDowngraded(
  { environment, work, group, context }: Place,
  { member, stored }: Found,
  {
    memberId,
    identity,
    others,
  }: { readonly memberId: string; readonly identity: MemberIdentity; readonly others: readonly ConsumerMember[] },
): Decision<GroupRecord, JoinAnswer> {
  const mustRebalance = member.identity.topicNames.join() !== identity.topicNames.join() || member.identity.topicRegex !== "";
  const members = [...others, { memberId, identity, progress: stored?.progress ?? member.progress }];
  const departure = downgrade(environment, work, group, { members, mustRebalance });
  return {
    records: departure.records,
    applied: () => {
      work.classicGroupNow(group.groupId)?.members.get(memberId)?.link.bind(context.connection);
      departure.applied();
      return joined(memberId, group.epoch, identity);
    },
  };
}

function joined(memberId: string, generation: number, { classic }: MemberIdentity): JoinAnswer {
  return {
    error: Errors.NONE,
    memberId,
    generation,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: classic?.protocols[0]?.name ?? null,
    leader: "",
    skipAssignment: false,
    members: [],
  };
}

/** It has one protocol at least in common with all classic members. */
function supports(group: ConsumerGroup, { protocolType, terms }: Join): boolean {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return false;
  const classic = [...group.members.values()].flatMap(({ identity }) => identity.classic ?? []);
  return terms.protocols.some(({ name }) => classic.every(({ protocols }) => protocols.some((each) => each.name === name)));
}

function findMember(group: ConsumerGroup, { memberId: said, instanceId }: Join, memberId: string): Found | ErrorCode {
  const known = group.members.get(memberId);
  const asNew: Found = { member: known ?? { memberId, identity: NEW_MEMBER, progress: NO_PROGRESS }, stored: known };
  if (instanceId === null) return asNew;
  const current = group.staticMember(instanceId);
  if (said !== "") {
    if (current === undefined) return Errors.UNKNOWN_MEMBER_ID;
    return current.memberId === said ? { member: current, stored: current } : Errors.FENCED_INSTANCE_ID;
  }
  if (current === undefined) return asNew;
  return {
    member: { memberId, identity: current.identity, progress: { ...current.progress, epoch: 0, previousEpoch: 0 } },
    stored: current,
  };
}

interface Joining {
  readonly join: Join;
  readonly context: GroupRequestContext;
  readonly subscribed: EmbeddedSubscription;
}

function identified(known: MemberIdentity, { join, context, subscribed }: Joining): MemberIdentity {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = join.terms;
  const identity: MemberIdentity = {
    instanceId: join.instanceId ?? known.instanceId,
    rackId: subscribed.rackId ?? known.rackId,
    clientId: context.clientId,
    clientHost: context.clientHost,
    topicNames: subscribed.topicNames,
    topicRegex: "",
    rebalanceTimeoutMs,
    serverAssignor: known.serverAssignor,
    classic: { sessionTimeoutMs, protocols },
  };
  return isEqualIdentity(known, identity) ? known : identity;
}

function ownedPartitions(topics: TopicsView, { owned }: EmbeddedSubscription): OwnedPartitions {
  return owned.flatMap(({ topic, partitions }) => {
    const topicId = topics.idOf(topic);
    return topicId === undefined ? [] : [{ topicId, partitions }];
  });
}

// ---- heartbeats and syncs

/** Changes nothing that is stored. */
export function heartbeatOfClassicMember(
  { group, context }: Place,
  said: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
): ErrorCode {
  const member = classicMember(group, said);
  if (typeof member === "number") return member;
  heard(member, context);
  if (!mustJoin(group, member)) return Errors.NONE;
  if (!member.watch.rebalance.isSet) member.watch.rebalance.set(member.identity.rebalanceTimeoutMs);
  return Errors.REBALANCE_IN_PROGRESS;
}

export function syncClassicMember({ environment, group, context }: Place, sync: Sync): Decision<GroupRecord, SyncAnswer> {
  const member = classicMember(group, sync);
  if (typeof member === "number") return answer(syncRefused(member));
  const protocol = member.identity.classic?.protocols[0];
  const differs = (given: string | null, own: string | undefined) => given !== null && given !== own;
  if (differs(sync.protocolType, CONSUMER_PROTOCOL_TYPE) || differs(sync.protocolName, protocol?.name))
    return answer(syncRefused(Errors.INCONSISTENT_GROUP_PROTOCOL));
  const { progress, watch } = member;
  if (group.epoch > progress.epoch && progress.state !== MemberStates.UNREVOKED_PARTITIONS) {
    if (!watch.rebalance.isSet) watch.rebalance.set(member.identity.rebalanceTimeoutMs);
    return answer(syncRefused(Errors.REBALANCE_IN_PROGRESS));
  }
  watch.rebalance.clear();
  heard(member, context);
  const assignment = embeddedAssignment(environment.topics, partitionsOf(progress.assigned), protocol);
  return { ...answer(synced(CONSUMER_PROTOCOL_TYPE, protocol?.name ?? null, assignment)), tellsStored: true };
}

function classicMember(
  group: ConsumerGroup,
  { memberId, instanceId, generation }: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
): ConsumerMember | ErrorCode {
  const member = instanceId === null ? group.members.get(memberId) : group.staticMember(instanceId);
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
  if (member.memberId !== memberId) return Errors.FENCED_INSTANCE_ID;
  if (member.identity.classic === null) return Errors.UNKNOWN_MEMBER_ID;
  return generation === member.progress.epoch ? member : Errors.ILLEGAL_GENERATION;
}

/** The group has moved on, it has to give up partitions, or what it waits for is free. */
function mustJoin(group: ConsumerGroup, member: ConsumerMember): boolean {
  const { progress } = member;
  if (progress.epoch < group.epoch || progress.state === MemberStates.UNREVOKED_PARTITIONS) return true;
  return progress.state === MemberStates.UNRELEASED_PARTITIONS && !isWaiting(group, member);
}

function isWaiting(group: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.targetOf(member)) {
    const assigned = member.progress.assigned.get(topicId);
    if (partitions.some((partition) => assigned?.has(partition) !== true && group.holders.isHeld(topicId, partition))) return true;
  }
  return false;
}

function heard({ watch, identity }: ConsumerMember, { connection }: GroupRequestContext): void {
  if (identity.classic !== null) watch.session.set(identity.classic.sessionTimeoutMs);
  watch.link.bind(connection);
}

// ---- leaving

/** One error code for each member of the request. An administrator names static members by their instance id alone. */
export function leaveClassicMembers(
  { environment, work, group }: Omit<Place, "context">,
  requested: readonly LeavingMember[],
): Decision<GroupRecord, readonly ErrorCode[]> {
  const leaving = new Set<ConsumerMember>();
  const errors = requested.map(({ memberId, instanceId, reason }): ErrorCode => {
    const member = instanceId === null ? group.members.get(memberId) : group.staticMember(instanceId);
    if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;
    if (instanceId !== null && memberId !== "" && member.memberId !== memberId) return Errors.FENCED_INSTANCE_ID;
    leaving.add(member);
    environment.logger.info({ group: group.groupId, member: member.memberId, reason: reason ?? "not given" }, "member leaves the group");
    return Errors.NONE;
  });
  if (leaving.size === 0) return answer(errors);
  const departure = depart(environment, work, group, [...leaving]);
  return {
    records: departure.records,
    applied: () => {
      departure.applied();
      return errors;
    },
  };
}
