// DescribeShareGroupOffsets (key 90): where share partitions start; null topics ask for all of them (KIP-932).
// Version 1 adds the lag (KIP-1226).

import { array, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describeShareGroupOffsetsRequestTopic = struct({
  topicName: string(),
  partitions: array(int32()),
});

const describeShareGroupOffsetsRequestGroup = struct({
  groupId: string(),
  topics: array(describeShareGroupOffsetsRequestTopic).nullable(),
});

const describeShareGroupOffsetsResponsePartition = struct({
  partitionIndex: int32(),
  startOffset: int64(),
  leaderEpoch: int32(),
  lag: int64("1+", -1).ignorable(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const describeShareGroupOffsetsResponseTopic = struct({
  topicName: string(),
  topicId: uuid(),
  partitions: array(describeShareGroupOffsetsResponsePartition),
});

const describeShareGroupOffsetsResponseGroup = struct({
  groupId: string(),
  topics: array(describeShareGroupOffsetsResponseTopic),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const describeShareGroupOffsets = defineApi({
  key: 90,
  name: "DescribeShareGroupOffsets",
  versions: "0-1",
  flexible: "0+",
  request: {
    groups: array(describeShareGroupOffsetsRequestGroup),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    groups: array(describeShareGroupOffsetsResponseGroup),
  },
});
