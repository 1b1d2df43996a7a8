// Groups as an administrator handles them. Each question goes to the group's coordinator; lists are gathered from every broker.

import { Errors } from "../../../protocol/errors.ts";
import { offsetCommit } from "../../../protocol/messages/08-offset-commit.ts";
import { offsetFetch } from "../../../protocol/messages/09-offset-fetch.ts";
import { leaveGroup } from "../../../protocol/messages/13-leave-group.ts";
import { describeGroups } from "../../../protocol/messages/15-describe-groups.ts";
import { listGroups } from "../../../protocol/messages/16-list-groups.ts";
import { deleteGroups } from "../../../protocol/messages/42-delete-groups.ts";
import { offsetDelete } from "../../../protocol/messages/47-offset-delete.ts";
import { consumerGroupDescribe } from "../../../protocol/messages/69-consumer-group-describe.ts";
import type { DecodedMessage } from "../../../protocol/schema/message.ts";
import { decodeAssignment } from "../../../protocol/state/consumer-protocol.ts";
import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import { type Broker, type Brokers, isMoving, retried } from "../brokers.ts";
import { failOn, present, Refusal } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";

const NO_GENERATION = -1;
const CLASSIC_MEMBER = 0;
const CONSUMER_MEMBER = 1;

export interface ListedGroup {
  readonly id: string;
  /** "consumer" for groups of consumers, whatever their type. */
  readonly protocolType: string;
  readonly state: string;
  /** "classic", "consumer", "share", "streams"; "" from brokers before 3.8. */
  readonly type: string;
}

export interface GroupMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assigned: readonly TopicPartition[];
  readonly target: readonly TopicPartition[] | undefined;
  readonly epoch: number | undefined;
  /** The names that it has told, sorted, then its regular expression in slashes; empty where nobody says. */
  readonly subscribed: readonly string[];
  /** Of a member of a consumer group: whether it speaks the newer protocol; undefined: nobody says. */
  readonly isUpgraded: boolean | undefined;
  /** Of a member of a streams group: the names of its tasks. */
  readonly tasks?: { readonly active: readonly string[]; readonly standby: readonly string[]; readonly target: readonly string[] };
}

export interface DescribedGroup {
  readonly id: string;
  readonly coordinator: Broker;
  readonly type: "classic" | "consumer" | "streams";
  readonly protocolType: string;
  readonly assignor: string;
  readonly state: string;
  readonly epoch: number | undefined;
  readonly targetEpoch: number | undefined;
  readonly members: readonly GroupMember[];
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface GroupFilter {
  readonly states?: readonly string[];
  readonly types?: readonly string[];
}

/** Of all brokers. */
export async function listAllGroups(brokers: Brokers, { states = [], types = [] }: GroupFilter = {}): Promise<ListedGroup[]> {
  const found: ListedGroup[] = [];
  for (const { id } of await brokers.all()) {
    const connection = await brokers.byId(id);
    const { groups } = await retried(async () => {
      const answer = await connection.send(listGroups, 5, { statesFilter: [...states], typesFilter: [...types] });
      failOn(answer.errorCode, "groups");
      return answer;
    });
    for (const { groupId, protocolType, groupState, groupType } of groups)
      found.push({ id: groupId, protocolType, state: groupState, type: groupType });
  }
  return found;
}

/** As a consumer group, or a classic one if it is none. Raises a Refusal (GROUP_ID_NOT_FOUND). */
export async function describeGroup(brokers: Brokers, id: string): Promise<DescribedGroup> {
  const coordinator = await brokers.coordinatorBroker(id);
  const connection = await brokers.at(coordinator);
  if (connection.versions.has(consumerGroupDescribe.key)) {
    const group = await retried(async () => {
      const answer = await connection.send(consumerGroupDescribe, 1, { groupIds: [id], includeAuthorizedOperations: false });
      const described = present(answer.groups[0], `group ${id}`);
      if (isMoving(described.errorCode)) failOn(described.errorCode, `group ${id}`, described.errorMessage);
      return described;
    });
    if (group.errorCode === Errors.NONE) return consumerGroup(coordinator, group);
    const isOther = group.errorCode === Errors.GROUP_ID_NOT_FOUND || group.errorCode === Errors.UNSUPPORTED_VERSION;
    if (!isOther) failOn(group.errorCode, `group ${id}`, group.errorMessage);
  }
  return retried(async () => {
    const answer = await connection.send(describeGroups, 6, { groups: [id] });
    const group = present(answer.groups[0], `group ${id}`);
    failOn(group.errorCode, `group ${id}`, group.errorMessage);
    return classicGroup(coordinator, group);
  });
}

/** All that the group has committed, in order. */
export async function committedOffsets(brokers: Brokers, id: string): Promise<CommittedOffset[]> {
  const connection = await brokers.coordinatorOf(id);
  return retried(async () => {
    const answer = await connection.send(offsetFetch, 9, { groups: [{ groupId: id, topics: null }] });
    const group = present(answer.groups[0], `group ${id}`);
    failOn(group.errorCode, `group ${id}`);
    return group.topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ committedOffset }) => committedOffset >= 0)
        .map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata }) => ({
          topic: name,
          partition: partitionIndex,
          offset: committedOffset,
          leaderEpoch: committedLeaderEpoch,
          metadata,
        })),
    );
  });
}

/** Refused while the group has members. */
export async function commitOffsets(
  brokers: Brokers,
  id: string,
  offsets: readonly (TopicPartition & { readonly offset: number })[],
): Promise<void> {
  const connection = await brokers.coordinatorOf(id);
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
  const topics = [...byTopic].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset, committedMetadata: "" })),
  }));
  await retried(async () => {
    const answer = await connection.send(offsetCommit, 9, { groupId: id, generationIdOrMemberEpoch: NO_GENERATION, topics });
    for (const { name, partitions } of answer.topics)
      for (const { partitionIndex, errorCode } of partitions) failOn(errorCode, nameOf({ topic: name, partition: partitionIndex }));
  });
}

export async function deleteGroup(brokers: Brokers, id: string): Promise<void> {
  const connection = await brokers.coordinatorOf(id);
  await retried(async () => {
    const answer = await connection.send(deleteGroups, 2, { groupsNames: [id] });
    failOn(present(answer.results[0], `group ${id}`).errorCode, `group ${id}`);
  });
}

/** By member id or instance id: null, or why it is still there. Raises what is wrong with the group as a whole. */
export async function removeMembers(
  brokers: Brokers,
  id: string,
  members: readonly Pick<GroupMember, "id" | "instanceId">[],
): Promise<Map<string, Refusal | null>> {
  const connection = await brokers.coordinatorOf(id);
  // A static member goes by its instance id alone, whichever member has it.
  const identities = members.map((member) => ({
    memberId: member.instanceId === null ? member.id : "",
    groupInstanceId: member.instanceId,
    reason: "removed by an administrator",
  }));
  const answer = await retried(async () => {
    const left = await connection.send(leaveGroup, 5, { groupId: id, members: identities });
    failOn(left.errorCode, `group ${id}`);
    return left;
  });
  return new Map(
    answer.members.map(({ memberId, groupInstanceId, errorCode }) => {
      const name = groupInstanceId ?? memberId;
      return [name, errorCode === Errors.NONE ? null : new Refusal(errorCode, `member ${name}`, null)] as const;
    }),
  );
}

/** By partition: null, or why it was not deleted. Raises what is wrong with the group as a whole. */
export async function deleteOffsets(
  brokers: Brokers,
  id: string,
  partitions: readonly TopicPartition[],
): Promise<Map<string, Refusal | null>> {
  const connection = await brokers.coordinatorOf(id);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const topics = [...byTopic].map(([name, list]) => ({ name, partitions: list.map(({ partition }) => ({ partitionIndex: partition })) }));
  const answer = await connection.send(offsetDelete, 0, { groupId: id, topics });
  failOn(answer.errorCode, `group ${id}`);
  return new Map(
    answer.topics.flatMap(({ name, partitions: answered }) =>
      answered.map(({ partitionIndex, errorCode }) => {
        const partition = nameOf({ topic: name, partition: partitionIndex });
        return [partition, errorCode === Errors.NONE ? null : new Refusal(errorCode, partition, null)] as const;
      }),
    ),
  );
}

type AnsweredConsumerGroup = DecodedMessage<typeof consumerGroupDescribe.response>["groups"][number];
type AnsweredClassicGroup = DecodedMessage<typeof describeGroups.response>["groups"][number];

function consumerGroup(coordinator: Broker, group: AnsweredConsumerGroup): DescribedGroup {
  return {
    id: group.groupId,
    coordinator,
    type: "consumer",
    protocolType: "consumer",
    assignor: group.assignorName,
    state: group.groupState,
    epoch: group.groupEpoch,
    targetEpoch: group.assignmentEpoch,
    members: group.members.map((member) => ({
      id: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assigned: flattened(member.assignment.topicPartitions),
      target: flattened(member.targetAssignment.topicPartitions),
      epoch: member.memberEpoch,
      subscribed: subscribedTopics(member),
      isUpgraded: MEMBER_TYPES.get(member.memberType),
    })),
  };
}

function classicGroup(coordinator: Broker, group: AnsweredClassicGroup): DescribedGroup {
  return {
    id: group.groupId,
    coordinator,
    type: "classic",
    protocolType: group.protocolType,
    assignor: group.protocolData,
    state: group.groupState,
    epoch: undefined,
    targetEpoch: undefined,
    members: group.members.map((member) => ({
      id: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assigned: assignedPartitions(member.memberAssignment),
      target: undefined,
      epoch: undefined,
      subscribed: [],
      isUpgraded: undefined,
    })),
  };
}

const MEMBER_TYPES: ReadonlyMap<number, boolean> = new Map([
  [CLASSIC_MEMBER, false],
  [CONSUMER_MEMBER, true],
]);

function subscribedTopics({
  subscribedTopicNames,
  subscribedTopicRegex,
}: Pick<AnsweredConsumerGroup["members"][number], "subscribedTopicNames" | "subscribedTopicRegex">): string[] {
  const regex = subscribedTopicRegex === null || subscribedTopicRegex === "" ? [] : [`/${subscribedTopicRegex}/`];
  return [...subscribedTopicNames.toSorted(), ...regex];
}

/** Other protocols than consumers' put there what they like. */
function assignedPartitions(assignment: Buffer): TopicPartition[] {
  if (assignment.length === 0) return [];
  try {
    return decodeAssignment(assignment).assignment.assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  } catch (error) {
    if (error instanceof MalformedMessage) return [];
    throw error;
  }
}

function flattened(topics: readonly { readonly topicName: string; readonly partitions: readonly number[] }[]): TopicPartition[] {
  return topics.flatMap(({ topicName, partitions }) => partitions.map((partition) => ({ topic: topicName, partition })));
}
