// JoinGroup (key 11): joins a classic group, and is answered when the round of all members is complete.
// Version 1 adds the rebalance timeout; from 4 on a member without an id is sent back once with the id to use (MEMBER_ID_REQUIRED);
// 5 adds static members (KIP-345); 6 is flexible; 7 repeats the protocol type, and lets the protocol name be null; 8 adds the reason;
// 9 tells a leader that returns not to assign again (KIP-814).

import { array, bool, bytes, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const joinGroupRequestProtocol = struct({
  name: string(),
  metadata: bytes(),
});

const joinGroupResponseMember = struct({
  memberId: string(),
  groupInstanceId: string("5+").nullable().default(null).ignorable(),
  metadata: bytes(),
});

export const joinGroup = defineApi({
  key: 11,
  name: "JoinGroup",
  versions: "0-9",
  flexible: "6+",
  request: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32("1+", -1).ignorable(),
    memberId: string(),
    groupInstanceId: string("5+").nullable().default(null),
    protocolType: string(),
    protocols: array(joinGroupRequestProtocol),
    reason: string("8+").nullable().default(null).ignorable(),
  },
  response: {
    throttleTimeMs: int32("2+", 0).ignorable(),
    errorCode: int16(),
    generationId: int32("0+", -1),
    protocolType: string("7+").nullable().default(null).ignorable(),
    protocolName: string().nullable("7+"),
    leader: string(),
    skipAssignment: bool("9+", false),
    memberId: string(),
    members: array(joinGroupResponseMember),
  },
});
