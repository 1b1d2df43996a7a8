// ShareGroupHeartbeat (key 76): membership of a share group (KIP-932). Member epoch 0 joins, -1 leaves.
// Version 0 was an early preview and is not served by Kafka 4; 1 is the same on the wire.

import { array, int16, int32, nested, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
});

const assignment = struct({
  topicPartitions: array(topicPartitions),
});

export const shareGroupHeartbeat = defineApi({
  key: 76,
  name: "ShareGroupHeartbeat",
  versions: "0-1",
  flexible: "0+",
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string().nullable().default(null),
    subscribedTopicNames: array(string()).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    memberId: string().nullable().default(null),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: nested(assignment).nullable().default(null),
  },
});
