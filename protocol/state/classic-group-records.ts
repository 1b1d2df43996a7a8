// The record of a classic group in __consumer_offsets: one for the whole group, written when a generation is complete.
// Kafka writes version 3 of the value. Version 1 adds rebalance timeouts; 2 the time of the last change; 3 static members; 4 is flexible.

import { array, bytes, int32, int64, string, struct } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

const memberMetadata = struct({
  memberId: string(),
  groupInstanceId: string("3+").nullable().default(null).ignorable(),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32("1+", -1).ignorable(),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
});

export const groupMetadataRecord = defineRecord({
  type: 2,
  name: "GroupMetadata",
  key: {
    group: string(),
  },
  versions: "0-4",
  flexible: "4+",
  value: {
    protocolType: string(),
    generation: int32(),
    protocol: string().nullable(),
    leader: string().nullable(),
    currentStateTimestamp: int64("2+", -1).ignorable(),
    members: array(memberMetadata),
  },
});
