// Groups that go over from the classic protocol to the consumer protocol and back, while their members go on (KIP-848,
// `group.consumer.migration.policy`).
//
//   up    a member of the consumer protocol joins a classic group: everybody's assignment is taken over as it is, and is what each is to have;
//         members keep their ids, and their generation becomes their epoch
//   down  the last member of the consumer protocol goes: what each was to have is the assignment of a generation, and a rebalance begins

import { Errors } from "../../../../protocol/errors.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment } from "../../../../protocol/state/consumer-protocol.ts";
import { MalformedMessage } from "../../../../protocol/wire/malformed-message.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import type { ClassicMember } from "../classic/classic-member.ts";
import { chooseProtocol } from "../classic/protocol-vote.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../consumer-subscription.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicMemberSnapshot, ConsumerRecord, GroupRecord } from "../group-record.ts";
import type { TopicsView } from "../topics-view.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  type ClassicProtocol,
  type HeldPartitions,
  type MemberIdentity,
  MemberStates,
  type MemberView,
  NEW_MEMBER,
} from "./consumer-member.ts";

const UPGRADING: ReadonlySet<string> = new Set(["upgrade", "bidirectional"]);
const DOWNGRADING: ReadonlySet<string> = new Set(["downgrade", "bidirectional"]);

/** The records of a group of the consumer protocol in the place of the classic one, or why there cannot be one. */
export function upgraded(environment: GroupEnvironment, group: ClassicGroup): readonly GroupRecord[] | Refusal {
  const { groupId, generation: epoch } = group;
  const fault = upgradeFault(environment, group);
  if (fault !== undefined) return notUpgraded(groupId, fault);
  const members: MemberView[] = [];
  for (const member of group.members.values()) {
    const view = memberUpgraded(environment.topics, group, member);
    if (typeof view === "string") return notUpgraded(groupId, view);
    members.push(view);
  }
  const topicNames = new Set(members.flatMap(({ identity }) => identity.topicNames));
  const metadataHash = environment.topicHashes.hashOf([...topicNames].sort());
  const records: ConsumerRecord[] = members.map(({ memberId, identity }) => ({ type: "consumerMember", groupId, memberId, identity }));
  records.push({ type: "consumerGroup", groupId, value: { epoch, metadataHash } });
  for (const { memberId, progress } of members)
    records.push({ type: "consumerMemberTarget", groupId, memberId, target: partitionsOf(progress.assigned) });
  records.push({ type: "consumerTarget", groupId, value: { epoch, timestampMs: 0 } });
  for (const { memberId, progress } of members) records.push({ type: "consumerMemberProgress", groupId, memberId, progress });
  return [...group.tombstones(), ...records];
}

/** In whatever case it was given. */
export function migrationPolicy({ settings }: GroupEnvironment): string {
  return settings["group.consumer.migration.policy"].toLowerCase();
}

function upgradeFault(environment: GroupEnvironment, group: ClassicGroup): string | undefined {
  if (!UPGRADING.has(migrationPolicy(environment))) return "online upgrade is disabled";
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return "the group does not use the consumer embedded protocol";
  const isTooLarge = group.members.size > environment.settings["group.consumer.max.size"];
  return isTooLarge ? "the group size exceeds the consumer group maximum size" : undefined;
}

function notUpgraded(groupId: string, why: string): Refusal {
  return { error: Errors.GROUP_ID_NOT_FOUND, message: `Cannot upgrade classic group ${groupId} to consumer group because ${why}.` };
}

function memberUpgraded(topics: TopicsView, group: ClassicGroup, member: ClassicMember): MemberView | string {
  const { memberId, instanceId, clientId, clientHost, terms, assignment } = member;
  const assigned = assignedPartitions(topics, assignment, group.generation);
  if (typeof assigned === "string") return assigned;
  const metadata = terms.protocols.find(({ name }) => name === group.protocolName) ?? terms.protocols[0];
  const subscribed = subscriptionOf(metadata);
  if (subscribed === undefined) return MALFORMED;
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = terms;
  const identity: MemberIdentity = {
    ...NEW_MEMBER,
    instanceId,
    rackId: subscribed.rackId,
    clientId,
    clientHost,
    topicNames: subscribed.topicNames,
    rebalanceTimeoutMs,
    classic: { sessionTimeoutMs, protocols },
  };
  const { generation: epoch } = group;
  const progress = { epoch, previousEpoch: epoch, state: MemberStates.STABLE, assigned, pendingRevocation: new Map() };
  return { memberId, identity, progress };
}

const MALFORMED = "the embedded consumer protocol is malformed";
const CUSTOM_ASSIGNOR =
  "an unsupported custom assignor is in use. " +
  "Please refer to the documentation or switch to a default assignor before re-attempting the upgrade";

function assignedPartitions(topics: TopicsView, assignment: Buffer, epoch: number): HeldPartitions | string {
  const held = new Map<string, Map<number, number>>();
  if (assignment.length === 0) return held;
  try {
    const { assignedPartitions: assigned, userData } = decodeAssignment(assignment).assignment;
    if (userData !== null && userData.length > 0) return CUSTOM_ASSIGNOR;
    for (const { topic, partitions } of assigned) {
      const topicId = topics.idOf(topic);
      if (topicId !== undefined && partitions.length > 0) held.set(topicId, new Map(partitions.map((partition) => [partition, epoch])));
    }
    return held;
  } catch (error) {
    if (error instanceof MalformedMessage) return MALFORMED;
    throw error;
  }
}

export interface EmbeddedSubscription {
  /** Sorted, each once. */
  readonly topicNames: readonly string[];
  readonly rackId: string | null;
  readonly owned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** What a classic member of type "consumer" says with a protocol; `undefined` when it cannot be read. */
export function subscriptionOf(protocol: ClassicProtocol | undefined): EmbeddedSubscription | undefined {
  if (protocol === undefined) return undefined;
  try {
    const { topics, ownedPartitions = [], rackId } = decodeSubscription(protocol.metadata).subscription;
    return { topicNames: [...new Set(topics)].sort(), rackId, owned: ownedPartitions };
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

/** As a classic member is told it, in the version in which it speaks. */
export function embeddedAssignment(topics: TopicsView, assignment: Assignment, protocol: ClassicProtocol | undefined): Buffer {
  const assigned = [...assignment].flatMap(([topicId, partitions]) => {
    const topic = topics.nameOf(topicId);
    return topic === undefined ? [] : [{ topic, partitions: partitions.toSorted((a, b) => a - b) }];
  });
  const version = protocol === undefined ? 0 : Math.min(protocol.metadata.readInt16BE(0), HIGHEST_EMBEDDED_VERSION);
  return encodeAssignment(version, { assignedPartitions: assigned, userData: null });
}

const HIGHEST_EMBEDDED_VERSION = 3;

export function partitionsOf(held: HeldPartitions): Assignment {
  return new Map([...held].map(([topicId, partitions]) => [topicId, [...partitions.keys()].sort((a, b) => a - b)]));
}

export function isConsumerRecord(record: GroupRecord): record is ConsumerRecord {
  return record.type !== "offset" && record.type !== "classicGroup";
}

/** Whether the group goes back to the classic protocol when these are gone, or have come in another's place as classic members. */
export function isDowngraded(environment: GroupEnvironment, group: ConsumerGroup, leaving: readonly MemberView[], joining = 0): boolean {
  const remaining = group.members.size - leaving.length + joining;
  const classicLeaving = leaving.filter(({ identity }) => identity.classic !== null).length;
  return (
    remaining > 0 &&
    group.classicCount - classicLeaving + joining === remaining &&
    DOWNGRADING.has(migrationPolicy(environment)) &&
    remaining <= environment.settings["group.max.size"]
  );
}

/** The records of a classic group of these members, in the place of the other one. */
export function downgraded(
  { topics, clock }: GroupEnvironment,
  group: ConsumerGroup,
  members: readonly MemberView[],
): readonly GroupRecord[] {
  const { groupId, epoch: generation } = group;
  const lists = members.map(({ identity }) => identity.classic?.protocols ?? []);
  const isCommon = (name: string) => lists.every((protocols) => protocols.some((each) => each.name === name));
  const protocolName = chooseProtocol(lists, isCommon) ?? null;
  const snapshots = members.map((member): ClassicMemberSnapshot => {
    const { memberId, identity } = member;
    const { protocols = [], sessionTimeoutMs = 0 } = identity.classic ?? {};
    const protocol = protocols.find(({ name }) => name === protocolName);
    return {
      memberId,
      instanceId: identity.instanceId,
      clientId: identity.clientId,
      clientHost: identity.clientHost,
      rebalanceTimeoutMs: identity.rebalanceTimeoutMs,
      sessionTimeoutMs,
      subscription: protocol?.metadata ?? Buffer.alloc(0),
      assignment: embeddedAssignment(topics, group.targetOf(member), protocol),
    };
  });
  const leader = members[0]?.memberId ?? null;
  const stateTimestampMs = clock.now();
  const snapshot = { protocolType: CONSUMER_PROTOCOL_TYPE, generation, protocolName, leader, stateTimestampMs, members: snapshots };
  return [...group.tombstones(), { type: "classicGroup", groupId, snapshot }];
}
