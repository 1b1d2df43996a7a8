// DescribeTopicPartitions (key 75): Metadata in pages, for clusters of very many partitions (KIP-966). An empty list asks for all topics;
// `nextCursor` says where the next page begins.

import { array, bool, int16, int32, nested, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicRequest = struct({
  name: string(),
});

const cursor = struct({
  topicName: string(),
  partitionIndex: int32(),
});

const describeTopicPartitionsResponsePartition = struct({
  errorCode: int16(),
  partitionIndex: int32(),
  leaderId: int32(),
  leaderEpoch: int32("0+", -1).ignorable(),
  replicaNodes: array(int32()),
  isrNodes: array(int32()),
  eligibleLeaderReplicas: array(int32()).nullable().default(null),
  lastKnownElr: array(int32()).nullable().default(null),
  offlineReplicas: array(int32()).ignorable(),
});

const describeTopicPartitionsResponseTopic = struct({
  errorCode: int16(),
  name: string().nullable(),
  topicId: uuid().ignorable(),
  isInternal: bool("0+", false).ignorable(),
  partitions: array(describeTopicPartitionsResponsePartition),
  topicAuthorizedOperations: int32("0+", -2147483648),
});

export const describeTopicPartitions = defineApi({
  key: 75,
  name: "DescribeTopicPartitions",
  versions: "0",
  flexible: "0+",
  request: {
    topics: array(topicRequest),
    responsePartitionLimit: int32("0+", 2000),
    cursor: nested(cursor).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32("0+", 0).ignorable(),
    topics: array(describeTopicPartitionsResponseTopic),
    nextCursor: nested(cursor).nullable().default(null),
  },
});
