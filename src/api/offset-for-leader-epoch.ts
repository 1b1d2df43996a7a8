// OffsetForLeaderEpoch (key 23). Where a leader epoch ended (KIP-101, KIP-320): consumers check with it whether their position
// still exists.

import { Errors } from "../../protocol/errors.ts";
import { offsetForLeaderEpoch as offsetForLeaderEpochApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";
import { partitionFault } from "./partition-fault.ts";

export const offsetForLeaderEpoch = serve(offsetForLeaderEpochApi, "0-4", ["DESCRIBE TOPIC"], (services, request) => ({
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((wanted) => {
      const fault = partitionFault(services, topic, wanted.partition, wanted.currentLeaderEpoch);
      const partition = services.partitions.get(topic, wanted.partition);
      if (fault !== undefined || partition === undefined) {
        return { partition: wanted.partition, errorCode: fault ?? Errors.NOT_LEADER_OR_FOLLOWER };
      }
      const { leaderEpoch, endOffset } = partition.log.endOffsetForEpoch(wanted.leaderEpoch);
      return { partition: wanted.partition, errorCode: Errors.NONE, leaderEpoch, endOffset };
    }),
  })),
}));
