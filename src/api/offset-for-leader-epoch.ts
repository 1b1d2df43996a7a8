// OffsetForLeaderEpoch (key 23). Where a leader epoch ended (KIP-101, KIP-320): consumers check with it whether their position
// still exists.

import { Errors } from "../../protocol/errors.ts";
import { offsetForLeaderEpoch as offsetForLeaderEpochApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { serve } from "./handler.ts";
import { partitionFault } from "./partition-fault.ts";
import type { Services } from "./services.ts";

type PartitionRequest = DecodedMessage<typeof offsetForLeaderEpochApi.request>["topics"][number]["partitions"][number];
type PartitionResponse = EncodableMessage<typeof offsetForLeaderEpochApi.response>["topics"][number]["partitions"][number];

export const offsetForLeaderEpoch = serve(
  offsetForLeaderEpochApi,
  "0-4",
  ["DESCRIBE TOPIC", "CLUSTER_ACTION CLUSTER"],
  (services, request, { access }) => ({
    topics: request.topics.map(({ topic, partitions }) => {
      const mayAsk = access.permitsOnClusterQuietly("CLUSTER_ACTION CLUSTER") || access.permits("DESCRIBE TOPIC", topic);
      return { topic, partitions: partitions.map((wanted) => endOf(services, topic, wanted, mayAsk)) };
    }),
  }),
);

function endOf(services: Services, topic: string, wanted: PartitionRequest, mayAsk: boolean): PartitionResponse {
  const fault = mayAsk ? partitionFault(services, topic, wanted.partition, wanted.currentLeaderEpoch) : Errors.TOPIC_AUTHORIZATION_FAILED;
  const partition = services.partitions.get(topic, wanted.partition);
  if (fault !== undefined || partition === undefined)
    return { partition: wanted.partition, errorCode: fault ?? Errors.NOT_LEADER_OR_FOLLOWER };
  const { leaderEpoch, endOffset } = partition.log.endOffsetForEpoch(wanted.leaderEpoch);
  return { partition: wanted.partition, errorCode: Errors.NONE, leaderEpoch, endOffset };
}
