// FindCoordinator (key 10): which broker coordinates a group (key type 0), a transactional id (1), or a share partition (2).
// Version 1 adds the key type; 3 is flexible; 4 asks for several keys at once, `coordinatorKeys` and `coordinators` instead of the single
// fields; 5 may answer TRANSACTION_ABORTABLE; 6 knows share partitions, with "group:topic id:partition" as the key (KIP-932).

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const coordinator = struct({
  key: string(),
  nodeId: int32(),
  host: string(),
  port: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null).ignorable(),
});

export const findCoordinator = defineApi({
  key: 10,
  name: "FindCoordinator",
  versions: "0-6",
  flexible: "3+",
  request: {
    key: string("0-3", ""),
    keyType: int8("1+", 0),
    coordinatorKeys: array(string(), "4+").optional(),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16("0-3", 0),
    errorMessage: string("1-3").nullable().default(null).ignorable(),
    nodeId: int32("0-3", 0),
    host: string("0-3", ""),
    port: int32("0-3", 0),
    coordinators: array(coordinator, "4+").optional(),
  },
});
