// LeaveGroup (key 13): removes members from a classic group.
// Up to version 2 exactly one, the member itself; from 3 on a list, also of static members by their instance id (KIP-345); 4 is flexible;
// 5 adds reasons.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const memberIdentity = struct({
  memberId: string(),
  groupInstanceId: string().nullable().default(null),
  reason: string("5+").nullable().default(null).ignorable(),
});

const memberResponse = struct({
  memberId: string(),
  groupInstanceId: string().nullable(),
  errorCode: int16(),
});

export const leaveGroup = defineApi({
  key: 13,
  name: "LeaveGroup",
  versions: "0-5",
  flexible: "4+",
  request: {
    groupId: string(),
    memberId: string("0-2", ""),
    members: array(memberIdentity, "3+").optional(),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16(),
    members: array(memberResponse, "3+").optional(),
  },
});
