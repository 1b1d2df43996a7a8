// Decides which partitions a topic gets when its number of partitions is raised (KIP-195). Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import type { Change, ClusterImage } from "./image.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal } from "./refusal.ts";
import { assignmentFault, MAX_PARTITIONS, newPartition, spreadReplicas } from "./replica-placement.ts";

export interface PartitionsWish {
  readonly name: string;
  /** The new total. */
  readonly count: number;
  /** Replicas of each new partition; null leaves them to us. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

export type PartitionsChange = Extract<Change, { type: "partitionsAdded" }>;

export function decidePartitions(image: ClusterImage, { name, count, assignments }: PartitionsWish): PartitionsChange | Refusal {
  const topic = image.topicsByName.get(name);
  if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "" };
  const currentCount = topic.partitions.length;
  if (count === currentCount) return { error: Errors.INVALID_PARTITIONS, message: `Topic already has ${count} partition(s).` };
  if (count < currentCount) {
    return {
      error: Errors.INVALID_PARTITIONS,
      message: `The topic ${name} currently has ${currentCount} partition(s); ${count} would not be an increase.`,
    };
  }
  if (count > MAX_PARTITIONS) {
    return { error: Errors.INVALID_PARTITIONS, message: `A topic may have at most ${MAX_PARTITIONS} partitions; ${count} were asked for.` };
  }
  const addedCount = count - currentCount;
  const factor = topic.partitions[0]?.replicas.length ?? 1;
  if (assignments === null) {
    const replicas = spreadReplicas(image, { first: currentCount, partitionCount: addedCount, factor });
    return isRefusal(replicas)
      ? replicas
      : { type: "partitionsAdded", id: topic.id, partitions: replicas.map((ids) => newPartition(image, ids)) };
  }
  if (assignments.length !== addedCount) {
    const message = `Attempted to add ${addedCount} additional partition(s), but only ${assignments.length} assignment(s) were specified.`;
    return { error: Errors.INVALID_REPLICA_ASSIGNMENT, message };
  }
  for (const { brokerIds } of assignments) {
    const fault = assignmentFault(image, brokerIds, factor);
    if (fault !== undefined) return fault;
  }
  return { type: "partitionsAdded", id: topic.id, partitions: assignments.map(({ brokerIds }) => newPartition(image, brokerIds)) };
}
