// ConsumerGroupDescribe (key 69): KIP-848 groups with their members, current and target assignments.
// Version 1 tells members of the classic protocol from those of the consumer protocol (KIP-1099).
// Member types: 0 classic, 1 consumer, -1 unknown.

import { array, bool, int8, int16, int32, nested, string, struct, uuid } from "../schema/field.ts";
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
  instanceId: string().nullable().default(null),
  rackId: string().nullable().default(null),
  memberEpoch: int32(),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  subscribedTopicRegex: string().nullable().default(null),
  assignment: nested(assignment),
  targetAssignment: nested(assignment),
  memberType: int8("1+", -1).ignorable(),
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

export const consumerGroupDescribe = defineApi({
  key: 69,
  name: "ConsumerGroupDescribe",
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
