// OffsetForLeaderEpoch (key 23): where a leader epoch ends in the log; clients and followers detect truncation by it.
// Version 1 adds the epoch to the answer; 2 the leader epoch that the client knows; 3 the replica id; 4 is flexible.

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const offsetForLeaderPartition = struct({
  partition: int32(),
  currentLeaderEpoch: int32("2+", -1).ignorable(),
  leaderEpoch: int32(),
});

const offsetForLeaderTopic = struct({
  topic: string(),
  partitions: array(offsetForLeaderPartition),
});

const epochEndOffset = struct({
  errorCode: int16(),
  partition: int32(),
  leaderEpoch: int32("1+", -1).ignorable(),
  endOffset: int64("0+", -1),
});

const offsetForLeaderTopicResult = struct({
  topic: string(),
  partitions: array(epochEndOffset),
});

export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: "OffsetForLeaderEpoch",
  versions: "0-4",
  flexible: "4+",
  request: {
    replicaId: int32("3+", -2).ignorable(),
    topics: array(offsetForLeaderTopic),
  },
  response: {
    throttleTimeMs: int32("2+", 0).ignorable(),
    topics: array(offsetForLeaderTopicResult),
  },
});
