// Leaders of partitions, and where replicas are to be.

import { Errors } from "../../../protocol/errors.ts";
import { electLeaders } from "../../../protocol/messages/43-elect-leaders.ts";
import { alterPartitionReassignments } from "../../../protocol/messages/45-alter-partition-reassignments.ts";
import { listPartitionReassignments } from "../../../protocol/messages/46-list-partition-reassignments.ts";
import type { Brokers } from "../brokers.ts";
import { failOn, Refusal } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";

const TIMEOUT_MS = 60_000;

export const Election = { PREFERRED: 0, UNCLEAN: 1 } as const;
export type Election = (typeof Election)[keyof typeof Election];

/** null: of all partitions. Gives each partition that needed one, or was asked for: null when it was held. */
export async function elect(
  brokers: Brokers,
  election: Election,
  partitions: readonly TopicPartition[] | null,
): Promise<Map<string, Refusal | null>> {
  const controller = await brokers.controller();
  const byTopic = partitions === null ? null : Map.groupBy(partitions, ({ topic }) => topic);
  const answer = await controller.send(electLeaders, 2, {
    electionType: election,
    topicPartitions:
      byTopic === null ? null : [...byTopic].map(([topic, list]) => ({ topic, partitions: list.map(({ partition }) => partition) })),
    timeoutMs: TIMEOUT_MS,
  });
  failOn(answer.errorCode, "the election");
  return resultsOf(
    answer.replicaElectionResults.map(({ topic, partitionResult }) => ({
      topic,
      partitions: partitionResult.map(({ partitionId, ...rest }) => ({ partition: partitionId, ...rest })),
    })),
  );
}

export interface Reassignment extends TopicPartition {
  /** null cancels one that goes on. */
  readonly replicas: readonly number[] | null;
}

export async function reassign(
  brokers: Brokers,
  wanted: readonly Reassignment[],
  { isFactorFixed = false } = {},
): Promise<Map<string, Refusal | null>> {
  const controller = await brokers.controller();
  const byTopic = Map.groupBy(wanted, ({ topic }) => topic);
  const answer = await controller.send(alterPartitionReassignments, 1, {
    timeoutMs: TIMEOUT_MS,
    allowReplicationFactorChange: !isFactorFixed,
    topics: [...byTopic].map(([name, list]) => ({
      name,
      partitions: list.map(({ partition, replicas }) => ({
        partitionIndex: partition,
        replicas: replicas === null ? null : [...replicas],
      })),
    })),
  });
  failOn(answer.errorCode, "the reassignment", answer.errorMessage);
  return resultsOf(
    answer.responses.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map(({ partitionIndex, ...rest }) => ({ partition: partitionIndex, ...rest })),
    })),
  );
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
}

export async function ongoingReassignments(brokers: Brokers): Promise<OngoingReassignment[]> {
  const controller = await brokers.controller();
  const answer = await controller.send(listPartitionReassignments, 0, { timeoutMs: TIMEOUT_MS, topics: null });
  failOn(answer.errorCode, "reassignments", answer.errorMessage);
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
      topic: name,
      partition: partitionIndex,
      replicas,
      adding: addingReplicas,
      removing: removingReplicas,
    })),
  );
}

interface AnsweredTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly errorMessage: string | null }[];
}

function resultsOf(topics: readonly AnsweredTopic[]): Map<string, Refusal | null> {
  return new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode, errorMessage }) => {
        const name = nameOf({ topic, partition });
        return [name, errorCode === Errors.NONE ? null : new Refusal(errorCode, name, errorMessage)] as const;
      }),
    ),
  );
}
