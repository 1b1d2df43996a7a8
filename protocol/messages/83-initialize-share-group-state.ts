// InitializeShareGroupState (key 83): the group coordinator creates the state of share partitions at their state coordinator (KIP-932).
// There is only version 0, which is flexible.

import { array, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const partitionData = struct({
  partition: int32(),
  stateEpoch: int32(),
  startOffset: int64(),
});

const initializeStateData = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const partitionResult = struct({
  partition: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const initializeStateResult = struct({
  topicId: uuid(),
  partitions: array(partitionResult),
});

export const initializeShareGroupState = defineApi({
  key: 83,
  name: "InitializeShareGroupState",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(initializeStateData),
  },
  response: {
    results: array(initializeStateResult),
  },
});
