// Share groups as an administrator handles them (KIP-932). Each question goes to the group's coordinator.

import { Errors } from "../../../protocol/errors.ts";
import { shareGroupDescribe } from "../../../protocol/messages/77-share-group-describe.ts";
import { describeShareGroupOffsets } from "../../../protocol/messages/90-describe-share-group-offsets.ts";
import { alterShareGroupOffsets } from "../../../protocol/messages/91-alter-share-group-offsets.ts";
import { deleteShareGroupOffsets } from "../../../protocol/messages/92-delete-share-group-offsets.ts";
import { type Broker, type Brokers, retried } from "../brokers.ts";
import { failOn, present, Refusal } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";

export interface ShareGroupMember {
  readonly id: string;
  readonly clientId: string;
  readonly host: string;
  readonly epoch: number;
  readonly subscribed: readonly string[];
  readonly assigned: readonly TopicPartition[];
}

export interface DescribedShareGroup {
  readonly id: string;
  readonly coordinator: Broker;
  readonly state: string;
  readonly epoch: number;
  readonly targetEpoch: number;
  readonly members: readonly ShareGroupMember[];
}

export interface ShareOffset extends TopicPartition {
  /** The first that the group is not done with; `undefined` when no leader has decided it yet. */
  readonly start: number | undefined;
  readonly leaderEpoch: number;
  /** Records that are still to be done; `undefined` where it is not known. */
  readonly lag: number | undefined;
}

/** Raises a Refusal (GROUP_ID_NOT_FOUND) also for a group of another kind. */
export async function describeShareGroup(brokers: Brokers, id: string): Promise<DescribedShareGroup> {
  const coordinator = await brokers.coordinatorBroker(id);
  const connection = await brokers.at(coordinator);
  return retried(async () => {
    const answer = await connection.send(shareGroupDescribe, 1, { groupIds: [id], includeAuthorizedOperations: false });
    const group = present(answer.groups[0], `group ${id}`);
    failOn(group.errorCode, `group ${id}`, group.errorMessage);
    return {
      id,
      coordinator,
      state: group.groupState,
      epoch: group.groupEpoch,
      targetEpoch: group.assignmentEpoch,
      members: group.members.map(({ memberId, clientId, clientHost, memberEpoch, subscribedTopicNames, assignment }) => ({
        id: memberId,
        clientId,
        host: clientHost,
        epoch: memberEpoch,
        subscribed: subscribedTopicNames.toSorted(),
        assigned: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      })),
    };
  });
}

/** Of all partitions that the group has state of; none of a group that is not there. */
export async function shareOffsets(brokers: Brokers, id: string): Promise<ShareOffset[]> {
  const connection = await brokers.coordinatorOf(id);
  return retried(async () => {
    const answer = await connection.send(describeShareGroupOffsets, 1, { groups: [{ groupId: id, topics: null }] });
    const group = present(answer.groups[0], `group ${id}`);
    failOn(group.errorCode, `group ${id}`, group.errorMessage);
    return group.topics.flatMap(({ topicName: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, startOffset, leaderEpoch, lag, errorCode, errorMessage }) => {
        failOn(errorCode, nameOf({ topic, partition }), errorMessage);
        return { topic, partition, start: atLeast0(startOffset), leaderEpoch, lag: startOffset < 0 || lag === -1 ? undefined : lag };
      }),
    );
  });
}

function atLeast0(offset: number): number | undefined {
  return offset < 0 ? undefined : offset;
}

/** Refused while the group has members. */
export async function alterShareOffsets(
  brokers: Brokers,
  id: string,
  offsets: readonly (TopicPartition & { readonly offset: number })[],
): Promise<void> {
  const connection = await brokers.coordinatorOf(id);
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topicName, list]) => ({
    topicName,
    partitions: list.map(({ partition, offset }) => ({ partitionIndex: partition, startOffset: offset })),
  }));
  await retried(async () => {
    const answer = await connection.send(alterShareGroupOffsets, 0, { groupId: id, topics });
    failOn(answer.errorCode, `group ${id}`, answer.errorMessage);
    for (const { topicName: topic, partitions } of answer.responses)
      for (const { partitionIndex: partition, errorCode, errorMessage } of partitions)
        failOn(errorCode, nameOf({ topic, partition }), errorMessage);
  });
}

/** By topic: null, or why it was not deleted. Raises what is wrong with the group as a whole. */
export async function deleteShareOffsets(brokers: Brokers, id: string, topics: readonly string[]): Promise<Map<string, Refusal | null>> {
  const connection = await brokers.coordinatorOf(id);
  const answer = await retried(async () => {
    const deleted = await connection.send(deleteShareGroupOffsets, 0, { groupId: id, topics: topics.map((topicName) => ({ topicName })) });
    failOn(deleted.errorCode, `group ${id}`, deleted.errorMessage);
    return deleted;
  });
  return new Map(
    answer.responses.map(({ topicName, errorCode, errorMessage }) => [
      topicName,
      errorCode === Errors.NONE ? null : new Refusal(errorCode, topicName, errorMessage),
    ]),
  );
}
