// SyncGroup (key 14): the leader of a classic group hands in the assignment, every member receives its part.
// Version 1 adds the throttle time; 3 static members; 4 is flexible; 5 requires protocol type and name to match the group's.

import { array, bytes, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const syncGroupRequestAssignment = struct({
  memberId: string(),
  assignment: bytes(),
});

export const syncGroup = defineApi({
  key: 14,
  name: "SyncGroup",
  versions: "0-5",
  flexible: "4+",
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string("3+").nullable().default(null),
    protocolType: string("5+").nullable().default(null).ignorable(),
    protocolName: string("5+").nullable().default(null).ignorable(),
    assignments: array(syncGroupRequestAssignment),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16(),
    protocolType: string("5+").nullable().default(null).ignorable(),
    protocolName: string("5+").nullable().default(null).ignorable(),
    assignment: bytes(),
  },
});
