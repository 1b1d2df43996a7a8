// Heartbeat (key 12): a member of a classic group says that it is alive, and learns whether it must rejoin.
// Version 1 adds the throttle time; 3 static members (KIP-345); 4 is flexible.

import { int16, int32, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const heartbeat = defineApi({
  key: 12,
  name: "Heartbeat",
  versions: "0-4",
  flexible: "4+",
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string("3+").nullable().default(null),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16(),
  },
});
