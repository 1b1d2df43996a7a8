// AddRaftVoter (key 80): adds a controller to the voters of the metadata log (KIP-853).
// Version 1 can answer before the change is committed.

import { array, bool, int16, int32, string, struct, uint16, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const listener = struct({
  name: string(),
  host: string(),
  port: uint16(),
});

export const addRaftVoter = defineApi({
  key: 80,
  name: "AddRaftVoter",
  versions: "0-1",
  flexible: "0+",
  request: {
    clusterId: string().nullable(),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(listener),
    ackWhenCommitted: bool("1+", true),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null).ignorable(),
  },
});
