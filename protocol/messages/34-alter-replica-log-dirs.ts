// AlterReplicaLogDirs (key 34): moves replicas between the log directories of one broker (KIP-113).
// Version 1 answers at once when throttled; 2 is flexible.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const alterReplicaLogDirTopic = struct({
  name: string(),
  partitions: array(int32()),
});

const alterReplicaLogDir = struct({
  path: string(),
  topics: array(alterReplicaLogDirTopic),
});

const alterReplicaLogDirPartitionResult = struct({
  partitionIndex: int32(),
  errorCode: int16(),
});

const alterReplicaLogDirTopicResult = struct({
  topicName: string(),
  partitions: array(alterReplicaLogDirPartitionResult),
});

export const alterReplicaLogDirs = defineApi({
  key: 34,
  name: "AlterReplicaLogDirs",
  versions: "0-2",
  flexible: "2+",
  request: {
    dirs: array(alterReplicaLogDir),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(alterReplicaLogDirTopicResult),
  },
});
