// What stands in the way of asking this broker about a partition.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Services } from "./services.ts";

/** `currentLeaderEpoch` is what the client believes, -1 when it does not say (KIP-320). */
export function partitionFault(services: Services, topic: string, index: number, currentLeaderEpoch: number): ErrorCode | undefined {
  if (services.cluster.image.topicsByName.get(topic)?.partitions[index] === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION;
  const partition = services.partitions.get(topic, index);
  if (partition === undefined) return services.partitions.whyAbsent(topic, index);
  if (currentLeaderEpoch === -1 || currentLeaderEpoch === partition.leaderEpoch) return undefined;
  return currentLeaderEpoch < partition.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
}
