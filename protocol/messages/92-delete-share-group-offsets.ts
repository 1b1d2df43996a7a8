// DeleteShareGroupOffsets (key 92): removes the state of whole topics from a share group without members (KIP-932).
// There is only version 0, which is flexible.

import { array, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const deleteShareGroupOffsetsRequestTopic = struct({
  topicName: string(),
});

const deleteShareGroupOffsetsResponseTopic = struct({
  topicName: string(),
  topicId: uuid(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const deleteShareGroupOffsets = defineApi({
  key: 92,
  name: "DeleteShareGroupOffsets",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(deleteShareGroupOffsetsRequestTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    responses: array(deleteShareGroupOffsetsResponseTopic),
  },
});
