// AlterPartitionReassignments (key 45): moves partitions to other replicas; null replicas cancel a move that is going on (KIP-455).
// Version 1 can refuse a change of the replication factor.

import { array, bool, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const reassignablePartition = struct({
  partitionIndex: int32(),
  replicas: array(int32()).nullable().default(null),
});

const reassignableTopic = struct({
  name: string(),
  partitions: array(reassignablePartition),
});

const reassignablePartitionResponse = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const reassignableTopicResponse = struct({
  name: string(),
  partitions: array(reassignablePartitionResponse),
});

export const alterPartitionReassignments = defineApi({
  key: 45,
  name: "AlterPartitionReassignments",
  versions: "0-1",
  flexible: "0+",
  request: {
    timeoutMs: int32("0+", 60000),
    allowReplicationFactorChange: bool("1+", true),
    topics: array(reassignableTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    allowReplicationFactorChange: bool("1+", true).ignorable(),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    responses: array(reassignableTopicResponse),
  },
});
