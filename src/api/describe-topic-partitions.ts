// DescribeTopicPartitions (key 75, KIP-966). Topics in order of their names, cut after a number of partitions; the cursor says where
// the next request goes on.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { describeTopicPartitions as describeTopicPartitionsApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import type { ClusterImage, TopicImage } from "../cluster/image.ts";
import { isInternalTopic, topicNameFault } from "../cluster/topic-name.ts";
import { OPERATIONS_NOT_ASKED } from "./authorized-operations.ts";
import { serve } from "./handler.ts";

type Response = EncodableMessage<typeof describeTopicPartitionsApi.response>;
type TopicResponse = Response["topics"][number];

export const describeTopicPartitions = serve(
  describeTopicPartitionsApi,
  "0",
  ["DESCRIBE TOPIC"],
  (services, request, { access }): Response => {
    const { cursor } = request;
    const { topicsByName } = services.cluster.image;
    if (cursor !== null && cursor.partitionIndex < 0) {
      return {
        topics: request.topics.map(({ name }) => unknown(name, Errors.INVALID_REQUEST)),
      };
    }
    const isOfAll = request.topics.length === 0;
    const asked = isOfAll ? [...topicsByName.keys()] : request.topics.map(({ name }) => name);
    const names = [...new Set(asked)].sort().filter((name) => cursor === null || name >= cursor.topicName);
    const isShown = (name: string) => (isOfAll ? access.permitsQuietly("DESCRIBE TOPIC", name) : access.permits("DESCRIBE TOPIC", name));
    const hidden = names.filter((name) => !isShown(name));
    const refused = isOfAll ? [] : hidden.map((name) => unknown(name, Errors.TOPIC_AUTHORIZATION_FAILED));
    let left = Math.max(1, Math.min(request.responsePartitionLimit, services.config["max.request.partition.size.limit"]));
    const topics: TopicResponse[] = [];
    for (const name of names.filter(isShown)) {
      const topic = topicsByName.get(name);
      const topicAuthorizedOperations = access.operationsOn("TOPIC", name);
      if (topic === undefined) {
        topics.push({ ...unknown(name), topicAuthorizedOperations });
        continue;
      }
      const first = cursor !== null && cursor.topicName === name ? cursor.partitionIndex : 0;
      if (left <= 0) return { topics: [...topics, ...refused], nextCursor: { topicName: name, partitionIndex: first } };
      const end = Math.min(topic.partitions.length, first + left);
      topics.push({ ...described(services.cluster.image, topic, first, end), topicAuthorizedOperations });
      left -= end - first;
      if (end < topic.partitions.length) return { topics: [...topics, ...refused], nextCursor: { topicName: name, partitionIndex: end } };
    }
    return { topics: [...topics, ...refused] };
  },
);

function described({ brokers }: ClusterImage, topic: TopicImage, first: number, end: number): TopicResponse {
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.slice(first, end).map((partition, index) => ({
      errorCode: partition.leader === -1 ? Errors.LEADER_NOT_AVAILABLE : Errors.NONE,
      partitionIndex: first + index,
      leaderId: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: partition.replicas,
      isrNodes: partition.inSyncReplicas,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: partition.replicas.filter((id) => !brokers.has(id)),
    })),
  };
}

function unknown(name: string, errorCode = unknownNameError(name)): TopicResponse {
  return { errorCode, name, topicId: ZERO_UUID, partitions: [], topicAuthorizedOperations: OPERATIONS_NOT_ASKED };
}

function unknownNameError(name: string): ErrorCode {
  return topicNameFault(name) === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
}
