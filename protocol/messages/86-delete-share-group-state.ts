// DeleteShareGroupState (key 86): the group coordinator removes the state of share partitions (KIP-932).
// There is only version 0, which is flexible.

import { array, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const partitionData = struct({
  partition: int32(),
});

const deleteStateData = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const partitionResult = struct({
  partition: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const deleteStateResult = struct({
  topicId: uuid(),
  partitions: array(partitionResult),
});

export const deleteShareGroupState = defineApi({
  key: 86,
  name: "DeleteShareGroupState",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(deleteStateData),
  },
  response: {
    results: array(deleteStateResult),
  },
});
