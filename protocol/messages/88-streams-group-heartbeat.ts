// StreamsGroupHeartbeat (key 88): membership of a Kafka Streams application, whose tasks the broker assigns (KIP-1071).
// Member epoch 0 joins, -1 leaves, -2 leaves for a while. Null means "unchanged since the last heartbeat", in both directions.
// There is only version 0, which is flexible.
// Status codes: 0 stale topology, 1 missing source topics, 2 wrongly partitioned topics, 3 missing internal topics, 4 application shuts
// down, 5 assignment delayed.

import { array, bool, int8, int16, int32, int64, nested, string, struct, uint16 } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const keyValue = struct({
  key: string(),
  value: string(),
});

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
});

const copartitionGroup = struct({
  sourceTopics: array(int16()),
  sourceTopicRegex: array(int16()),
  repartitionSourceTopics: array(int16()),
});

const subtopology = struct({
  subtopologyId: string(),
  sourceTopics: array(string()),
  sourceTopicRegex: array(string()),
  stateChangelogTopics: array(topicInfo),
  repartitionSinkTopics: array(string()),
  repartitionSourceTopics: array(topicInfo),
  copartitionGroups: array(copartitionGroup),
});

const topology = struct({
  epoch: int32(),
  subtopologies: array(subtopology),
});

const taskIds = struct({
  subtopologyId: string(),
  partitions: array(int32()),
});

const endpoint = struct({
  host: string(),
  port: uint16(),
});

const taskOffset = struct({
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
});

const status = struct({
  statusCode: int8(),
  statusDetail: string(),
});

const topicPartition = struct({
  topic: string(),
  partitions: array(int32()),
});

const endpointToPartitions = struct({
  userEndpoint: nested(endpoint),
  activePartitions: array(topicPartition),
  standbyPartitions: array(topicPartition),
});

export const streamsGroupHeartbeat = defineApi({
  key: 88,
  name: "StreamsGroupHeartbeat",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: string().nullable().default(null),
    rackId: string().nullable().default(null),
    rebalanceTimeoutMs: int32("0+", -1),
    topology: nested(topology).nullable().default(null),
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    processId: string().nullable().default(null),
    userEndpoint: nested(endpoint).nullable().default(null),
    clientTags: array(keyValue).nullable().default(null),
    taskOffsets: array(taskOffset).nullable().default(null),
    taskEndOffsets: array(taskOffset).nullable().default(null),
    shutdownApplication: bool("0+", false),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLag: int32(),
    taskOffsetIntervalMs: int32(),
    status: array(status).nullable(),
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(endpointToPartitions).nullable().default(null),
  },
});
