// ListPartitionReassignments (key 46): the moves of partitions that are going on, of all when topics are null (KIP-455).
// There is only version 0, which is flexible.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const listPartitionReassignmentsTopics = struct({
  name: string(),
  partitionIndexes: array(int32()),
});

const ongoingPartitionReassignment = struct({
  partitionIndex: int32(),
  replicas: array(int32()),
  addingReplicas: array(int32()),
  removingReplicas: array(int32()),
});

const ongoingTopicReassignment = struct({
  name: string(),
  partitions: array(ongoingPartitionReassignment),
});

export const listPartitionReassignments = defineApi({
  key: 46,
  name: "ListPartitionReassignments",
  versions: "0",
  flexible: "0+",
  request: {
    timeoutMs: int32("0+", 60000),
    topics: array(listPartitionReassignmentsTopics).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    topics: array(ongoingTopicReassignment),
  },
});
