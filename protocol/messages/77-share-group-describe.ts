// ShareGroupDescribe (key 77): share groups with their members and assignments (KIP-932).
// Version 0 was an early preview and is not served by Kafka 4; 1 is the same on the wire.

import { array, bool, int16, int32, nested, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicPartitions = struct({
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
});

const assignment = struct({
  topicPartitions: array(topicPartitions),
});

const member = struct({
  memberId: string(),
  rackId: string().nullable().default(null),
  memberEpoch: int32(),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  assignment: nested(assignment),
});

const describedGroup = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  groupId: string(),
  groupState: string(),
  groupEpoch: int32(),
  assignmentEpoch: int32(),
  assignorName: string(),
  members: array(member),
  authorizedOperations: int32("0+", -2147483648),
});

export const shareGroupDescribe = defineApi({
  key: 77,
  name: "ShareGroupDescribe",
  versions: "0-1",
  flexible: "0+",
  request: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    groups: array(describedGroup),
  },
});
