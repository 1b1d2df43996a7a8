// ConsumerGroupHeartbeat (key 68): joining, leaving, reporting and learning assignments, all in one request (KIP-848).
// Member epoch 0 joins, -1 leaves, -2 leaves for a while (static members). Null means "unchanged since the last heartbeat", in both
// directions. Version 1 adds subscription by regular expression, and the client makes its member id.

import { array, int16, int32, nested, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
});

const assignment = struct({
  topicPartitions: array(topicPartitions),
});

export const consumerGroupHeartbeat = defineApi({
  key: 68,
  name: "ConsumerGroupHeartbeat",
  versions: "0-1",
  flexible: "0+",
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string().nullable().default(null),
    rackId: string().nullable().default(null),
    rebalanceTimeoutMs: int32("0+", -1),
    subscribedTopicNames: array(string()).nullable().default(null),
    subscribedTopicRegex: string("1+").nullable().default(null),
    serverAssignor: string().nullable().default(null),
    topicPartitions: array(topicPartitions).nullable().default(null),
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
