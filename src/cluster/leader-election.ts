// Decides elections that clients ask for (KIP-460): the preferred leader is the first replica. An unclean election looks for any leader
// of a partition without one. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import type { Change, ClusterImage } from "./image.ts";
import type { PartitionImage } from "./partition-image.ts";
import type { Refusal } from "./refusal.ts";

/** Codes on the wire. */
export const ElectionTypes = { PREFERRED: 0, UNCLEAN: 1 } as const;

export type PartitionChange = Extract<Change, { type: "partition" }>;

export interface ElectionWish {
  readonly topic: string;
  readonly partition: number;
  /** One of ElectionTypes, if it is known. */
  readonly electionType: number;
}

export function decideElection(
  image: ClusterImage,
  { topic: name, partition: index, electionType }: ElectionWish,
): PartitionChange | Refusal {
  if (electionType !== ElectionTypes.PREFERRED && electionType !== ElectionTypes.UNCLEAN) {
    return { error: Errors.INVALID_REQUEST, message: `Unknown election type ${electionType}` };
  }
  const topic = image.topicsByName.get(name);
  if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: `No such topic as ${name}` };
  const partition = topic.partitions[index];
  if (partition === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: `No such partition as ${name}-${index}` };
  const isNeeded = electionType === ElectionTypes.UNCLEAN ? partition.leader === -1 : partition.leader !== partition.replicas[0];
  if (!isNeeded) return { error: Errors.ELECTION_NOT_NEEDED, message: "Leader election not needed for topic partition." };
  const leader = electionType === ElectionTypes.UNCLEAN ? anyLeader(image, partition) : preferredLeader(image, partition);
  if (leader === undefined) {
    return electionType === ElectionTypes.UNCLEAN
      ? { error: Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE, message: "Eligible topic partition leaders are not available." }
      : { error: Errors.PREFERRED_LEADER_NOT_AVAILABLE, message: "The preferred leader was not available." };
  }
  // A leader that was not in sync is the only one that is.
  const inSyncReplicas = partition.inSyncReplicas.includes(leader) ? partition.inSyncReplicas : [leader];
  const elected: PartitionImage = { ...partition, leader, leaderEpoch: partition.leaderEpoch + 1, inSyncReplicas };
  return { type: "partition", id: topic.id, index, partition: elected };
}

function preferredLeader(image: ClusterImage, { replicas, inSyncReplicas }: PartitionImage): number | undefined {
  const preferred = replicas[0];
  return preferred !== undefined && inSyncReplicas.includes(preferred) && image.brokers.has(preferred) ? preferred : undefined;
}

function anyLeader(image: ClusterImage, { replicas, inSyncReplicas }: PartitionImage): number | undefined {
  return [...inSyncReplicas, ...replicas].find((replica) => image.brokers.has(replica));
}
