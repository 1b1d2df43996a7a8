// OffsetDelete (key 47): removes committed offsets of a group for topics to which no member subscribes (KIP-496).
// There is only version 0, which is not flexible. The throttle time comes after the error.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const offsetDeleteRequestPartition = struct({
  partitionIndex: int32(),
});

const offsetDeleteRequestTopic = struct({
  name: string(),
  partitions: array(offsetDeleteRequestPartition),
});

const offsetDeleteResponsePartition = struct({
  partitionIndex: int32(),
  errorCode: int16(),
});

const offsetDeleteResponseTopic = struct({
  name: string(),
  partitions: array(offsetDeleteResponsePartition),
});

export const offsetDelete = defineApi({
  key: 47,
  name: "OffsetDelete",
  versions: "0",
  flexible: "none",
  request: {
    groupId: string(),
    topics: array(offsetDeleteRequestTopic),
  },
  response: {
    errorCode: int16(),
    throttleTimeMs: int32("0+", 0).ignorable(),
    topics: array(offsetDeleteResponseTopic),
  },
});
