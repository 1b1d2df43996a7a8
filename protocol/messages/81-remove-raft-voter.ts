// RemoveRaftVoter (key 81): removes a controller from the voters of the metadata log (KIP-853).
// There is only version 0, which is flexible.

import { int16, int32, string, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const removeRaftVoter = defineApi({
  key: 81,
  name: "RemoveRaftVoter",
  versions: "0",
  flexible: "0+",
  request: {
    clusterId: string().nullable(),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null).ignorable(),
  },
});
