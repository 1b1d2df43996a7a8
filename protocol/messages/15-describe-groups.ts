// DescribeGroups (key 15): state and members of classic groups. A group that does not exist is "Dead", and from version 6 on
// GROUP_ID_NOT_FOUND with a message. Version 3 adds authorized operations; 4 static members; 5 is flexible.

import { array, bool, bytes, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describedGroupMember = struct({
  memberId: string(),
  groupInstanceId: string("4+").nullable().default(null).ignorable(),
  clientId: string(),
  clientHost: string(),
  memberMetadata: bytes(),
  memberAssignment: bytes(),
});

const describedGroup = struct({
  errorCode: int16(),
  errorMessage: string("6+").nullable().default(null),
  groupId: string(),
  groupState: string(),
  protocolType: string(),
  protocolData: string(),
  members: array(describedGroupMember),
  authorizedOperations: int32("3+", -2147483648),
});

export const describeGroups = defineApi({
  key: 15,
  name: "DescribeGroups",
  versions: "0-6",
  flexible: "5+",
  request: {
    groups: array(string()),
    includeAuthorizedOperations: bool("3+", false),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    groups: array(describedGroup),
  },
});
