// Topics as an administrator handles them.

import { Errors } from "../../../protocol/errors.ts";
import { metadata } from "../../../protocol/messages/03-metadata.ts";
import { createTopics } from "../../../protocol/messages/19-create-topics.ts";
import { deleteTopics } from "../../../protocol/messages/20-delete-topics.ts";
import { createPartitions } from "../../../protocol/messages/37-create-partitions.ts";
import { describeTopicPartitions } from "../../../protocol/messages/75-describe-topic-partitions.ts";
import type { Brokers } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";

const TIMEOUT_MS = 30_000;
const NO_BROKER = -1;

export interface ListedTopic {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly ListedPartition[];
}

export interface ListedPartition {
  readonly index: number;
  /** -1: none at the moment. */
  readonly leaderId: number;
}

export interface DescribedTopic {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly DescribedPartition[];
}

export interface DescribedPartition extends ListedPartition {
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  /** undefined: the broker does not say. */
  readonly eligible: readonly number[] | undefined;
  readonly lastKnownEligible: readonly number[] | undefined;
}

export interface NewTopicOrder {
  readonly name: string;
  /** -1 in both: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** By partition; partitions and replication factor follow from it. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs: ReadonlyMap<string, string>;
}

/** All topics, in the order of their names. */
export async function listTopics(brokers: Brokers): Promise<ListedTopic[]> {
  const { topics } = await brokers.ask(metadata, 12, { topics: null, allowAutoTopicCreation: false });
  const listed = topics.flatMap(({ errorCode, name, topicId, isInternal, partitions }) =>
    errorCode === Errors.NONE && name !== null
      ? [
          {
            name,
            id: topicId,
            isInternal,
            partitions: partitions.map(({ partitionIndex, leaderId }) => ({ index: partitionIndex, leaderId })).sort(byIndex),
          },
        ]
      : [],
  );
  return listed.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** One of them, as the broker has it; UNKNOWN_TOPIC_OR_PARTITION is raised. */
export async function findTopic(brokers: Brokers, name: string): Promise<ListedTopic> {
  const answer = await brokers.ask(metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  const topic = present(answer.topics[0], `topic ${name}`);
  failOn(topic.errorCode, `topic ${name}`);
  const partitions = topic.partitions.map(({ partitionIndex, leaderId }) => ({ index: partitionIndex, leaderId })).sort(byIndex);
  return { name, id: topic.topicId, isInternal: topic.isInternal, partitions };
}

/** In the order of the names given, however many answers the broker needs for it. */
export async function describeTopics(brokers: Brokers, names: readonly string[], partitionLimit = 2000): Promise<DescribedTopic[]> {
  const found = new Map<string, DescribedTopic & { partitions: DescribedPartition[] }>();
  let cursor: { topicName: string; partitionIndex: number } | null = null;
  do {
    const sought: string[] = cursor === null ? [...names] : names.filter((name) => cursor !== null && name >= cursor.topicName);
    const answer: { topics: readonly AnsweredTopic[]; nextCursor: { topicName: string; partitionIndex: number } | null } =
      await brokers.ask(describeTopicPartitions, 0, {
        topics: sought.map((name) => ({ name })),
        responsePartitionLimit: partitionLimit,
        cursor,
      });
    for (const topic of answer.topics) {
      failOn(topic.errorCode, `topic ${topic.name}`);
      const name = topic.name ?? "";
      const known = found.get(name) ?? { name, id: topic.topicId, isInternal: topic.isInternal, partitions: [] };
      known.partitions.push(...topic.partitions.map(describedPartition));
      found.set(name, known);
    }
    cursor = answer.nextCursor;
  } while (cursor !== null);
  return names.flatMap((name) => found.get(name) ?? []);
}

export async function createTopic(
  brokers: Brokers,
  { name, partitions, replicationFactor, assignments, configs }: NewTopicOrder,
): Promise<void> {
  const topic = {
    name,
    numPartitions: assignments === undefined ? partitions : -1,
    replicationFactor: assignments === undefined ? replicationFactor : -1,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] })),
    configs: [...configs].map(([key, value]) => ({ name: key, value })),
  };
  const controller = await brokers.controller();
  const answer = await controller.send(createTopics, 7, { topics: [topic], timeoutMs: TIMEOUT_MS });
  const result = present(answer.topics[0], `topic ${name}`);
  failOn(result.errorCode, `topic ${name}`, result.errorMessage);
}

export async function deleteTopic(brokers: Brokers, name: string): Promise<void> {
  const controller = await brokers.controller();
  const answer = await controller.send(deleteTopics, 5, { topicNames: [name], timeoutMs: TIMEOUT_MS });
  const result = present(answer.responses[0], `topic ${name}`);
  failOn(result.errorCode, `topic ${name}`, result.errorMessage);
}

/** Raises the number of partitions to `count`; `assignments` are the replicas of the new ones only. */
export async function addPartitions(
  brokers: Brokers,
  name: string,
  { count, assignments }: { readonly count: number; readonly assignments?: readonly (readonly number[])[] },
): Promise<void> {
  const controller = await brokers.controller();
  const given = assignments?.map((brokerIds) => ({ brokerIds: [...brokerIds] })) ?? null;
  const answer = await controller.send(createPartitions, 3, {
    topics: [{ name, count, assignments: given }],
    timeoutMs: TIMEOUT_MS,
    validateOnly: false,
  });
  const result = present(answer.results[0], `topic ${name}`);
  failOn(result.errorCode, `topic ${name}`, result.errorMessage);
}

export function hasLeader({ leaderId }: ListedPartition): boolean {
  return leaderId !== NO_BROKER;
}

interface AnsweredTopic {
  readonly errorCode: number;
  readonly name: string | null;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly AnsweredPartition[];
}

interface AnsweredPartition {
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly eligibleLeaderReplicas: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

function describedPartition(partition: AnsweredPartition): DescribedPartition {
  return {
    index: partition.partitionIndex,
    leaderId: partition.leaderId,
    replicas: partition.replicaNodes,
    inSync: partition.isrNodes,
    eligible: partition.eligibleLeaderReplicas ?? undefined,
    lastKnownEligible: partition.lastKnownElr ?? undefined,
  };
}

function byIndex(one: ListedPartition, other: ListedPartition): number {
  return one.index - other.index;
}
