// Decides moves of partitions to other replicas (KIP-455). Brokers of a cluster share the storage, so that a move copies nothing: it is
// done when it is decided, and none is ever going on. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import type { ClusterImage } from "./image.ts";
import type { PartitionChange } from "./leader-election.ts";
import type { PartitionImage } from "./partition-image.ts";
import type { Refusal } from "./refusal.ts";
import { assignmentFault } from "./replica-placement.ts";

export interface ReassignmentWish {
  readonly topic: string;
  readonly partition: number;
  /** null: end the move that is going on. */
  readonly replicas: readonly number[] | null;
  readonly mayChangeFactor: boolean;
}

/** `undefined`: it is so already. */
export function decideReassignment(image: ClusterImage, wish: ReassignmentWish): PartitionChange | Refusal | undefined {
  const { topic: name, partition: index, replicas } = wish;
  const topic = image.topicsByName.get(name);
  if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: `Unable to find a topic named ${name}.` };
  const partition = topic.partitions[index];
  if (partition === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: `Unable to find partition ${name}:${index}.` };
  if (replicas === null) return { error: Errors.NO_REASSIGNMENT_IN_PROGRESS, message: "" };
  const fault = assignmentFault(image, replicas);
  if (fault !== undefined) return fault;
  if (!wish.mayChangeFactor && replicas.length !== partition.replicas.length) {
    const message = `The replication factor is changed from ${partition.replicas.length} to ${replicas.length}`;
    return { error: Errors.INVALID_REPLICATION_FACTOR, message };
  }
  if (replicas.length === partition.replicas.length && replicas.every((id, at) => id === partition.replicas[at])) return undefined;
  return { type: "partition", id: topic.id, index, partition: moved(image, partition, replicas) };
}

/** The leader stays where it is if it may. Who is there has the data, as all do. */
function moved({ brokers }: ClusterImage, partition: PartitionImage, replicas: readonly number[]): PartitionImage {
  const { leader, leaderEpoch } = partition;
  const inSyncReplicas = replicas.filter((id) => brokers.has(id));
  const stays = inSyncReplicas.includes(leader);
  return {
    leader: stays ? leader : (inSyncReplicas[0] ?? -1),
    leaderEpoch: stays ? leaderEpoch : leaderEpoch + 1,
    replicas,
    inSyncReplicas,
  };
}
