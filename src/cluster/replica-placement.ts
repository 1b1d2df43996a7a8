// Which brokers hold the replicas of a partition: as a client assigns them, or spread over all. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import { repeated } from "../base/repeated.ts";
import type { ClusterImage } from "./image.ts";
import type { PartitionImage } from "./partition-image.ts";
import type { Refusal } from "./refusal.ts";

/** The most partitions that one topic may have: beyond it, it is a slip of the keyboard. */
export const MAX_PARTITIONS = 100_000;

/** The first replica that is there leads. */
export function newPartition({ brokers }: ClusterImage, replicas: readonly number[]): PartitionImage {
  const inSyncReplicas = replicas.filter((id) => brokers.has(id));
  return { leader: inSyncReplicas[0] ?? -1, leaderEpoch: 0, replicas, inSyncReplicas };
}

/** Why replicas may not be assigned so. `factor` is how many other partitions of the topic have, if there are any. */
export function assignmentFault(image: ClusterImage, replicas: readonly number[], factor?: number): Refusal | undefined {
  const refuse = (message: string): Refusal => ({
    error: Errors.INVALID_REPLICA_ASSIGNMENT,
    message: `The manual partition assignment includes ${message}`,
  });
  if (replicas.length === 0) return refuse("an empty replica list.");
  const [duplicate] = repeated(replicas);
  if (duplicate !== undefined) return refuse(`the broker ${duplicate} more than once.`);
  const unknown = replicas.find((id) => !image.brokers.has(id) && !image.stoppedBrokers.has(id));
  if (unknown !== undefined) return refuse(`broker ${unknown}, but no such broker is registered.`);
  if (!replicas.some((id) => image.brokers.has(id))) {
    return {
      error: Errors.INVALID_REPLICA_ASSIGNMENT,
      message: "All brokers specified in the manual partition assignment are fenced or in controlled shutdown.",
    };
  }
  if (factor === undefined || replicas.length === factor) return undefined;
  return refuse(
    `a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${factor} replica(s).`,
  );
}

/** Leaders go round the brokers, beginning at the one that `first` falls on. */
export function spreadReplicas(
  image: ClusterImage,
  options: { readonly first: number; readonly partitionCount: number; readonly factor: number },
): number[][] | Refusal {
  const { first, partitionCount, factor } = options;
  const brokerIds = [...image.brokers.keys()].sort((a, b) => a - b);
  if (brokerIds.length === 0) {
    return {
      error: Errors.INVALID_REPLICATION_FACTOR,
      message: `Unable to replicate the partition ${factor} time(s): All brokers are currently fenced, or have all their log directories cordoned.`,
    };
  }
  if (factor > brokerIds.length) {
    return {
      error: Errors.INVALID_REPLICATION_FACTOR,
      message: `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be reached because only ${brokerIds.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
    };
  }
  return Array.from({ length: partitionCount }, (_, index) =>
    Array.from({ length: factor }, (_, replica) => brokerIds[(first + index + replica) % brokerIds.length] ?? -1),
  );
}
