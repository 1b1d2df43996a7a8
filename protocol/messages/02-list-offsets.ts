// ListOffsets (key 2): finds the offset of a timestamp, or of a special one: -1 latest, -2 earliest, -3 largest timestamp (version 7),
// -4 earliest on local disk (8), -5 latest in remote storage (9), -6 earliest not yet uploaded (11).
// Version 1 answers one offset with its timestamp instead of a list; 2 adds the isolation level; 4 leader epochs; 6 is flexible;
// 10 adds a time limit for lookups in remote storage.

import { array, int8, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const listOffsetsPartition = struct({
  partitionIndex: int32(),
  currentLeaderEpoch: int32("4+", -1).ignorable(),
  timestamp: int64(),
  maxNumOffsets: int32("0", 1),
});

const listOffsetsTopic = struct({
  name: string(),
  partitions: array(listOffsetsPartition),
});

const listOffsetsPartitionResponse = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  oldStyleOffsets: array(int64(), "0").optional(),
  timestamp: int64("1+", -1),
  offset: int64("1+", -1),
  leaderEpoch: int32("4+", -1),
});

const listOffsetsTopicResponse = struct({
  name: string(),
  partitions: array(listOffsetsPartitionResponse),
});

export const listOffsets = defineApi({
  key: 2,
  name: "ListOffsets",
  versions: "0-11",
  flexible: "6+",
  request: {
    replicaId: int32(),
    isolationLevel: int8("2+", 0),
    topics: array(listOffsetsTopic),
    timeoutMs: int32("10+", 0).ignorable(),
  },
  response: {
    throttleTimeMs: int32("2+", 0).ignorable(),
    topics: array(listOffsetsTopicResponse),
  },
});
