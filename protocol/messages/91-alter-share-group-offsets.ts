// AlterShareGroupOffsets (key 91): sets the start of share partitions of a group without members (KIP-932).
// There is only version 0, which is flexible.

import { array, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const alterShareGroupOffsetsRequestPartition = struct({
  partitionIndex: int32(),
  startOffset: int64(),
});

const alterShareGroupOffsetsRequestTopic = struct({
  topicName: string(),
  partitions: array(alterShareGroupOffsetsRequestPartition),
});

const alterShareGroupOffsetsResponsePartition = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const alterShareGroupOffsetsResponseTopic = struct({
  topicName: string(),
  topicId: uuid(),
  partitions: array(alterShareGroupOffsetsResponsePartition),
});

export const alterShareGroupOffsets = defineApi({
  key: 91,
  name: "AlterShareGroupOffsets",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(alterShareGroupOffsetsRequestTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    responses: array(alterShareGroupOffsetsResponseTopic),
  },
});
