// Records of committed offsets in __consumer_offsets, for groups of every kind.
// Kafka writes version 3 of the value, or 4 where it knows the topic id, and 1 for an offset with an expiry time of its own (OffsetCommit
// versions 2 to 4). Type 0 is the key of very old brokers; only its type differs from type 1.

import { int32, int64, string, uuid } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

export const legacyOffsetCommitRecord = defineRecord({
  type: 0,
  name: "LegacyOffsetCommit",
  key: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
  versions: "0",
  flexible: "none",
  value: {
    offset: int64(),
    metadata: string(),
    commitTimestamp: int64(),
  },
});

export const offsetCommitRecord = defineRecord({
  type: 1,
  name: "OffsetCommit",
  key: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
  versions: "0-4",
  flexible: "4+",
  value: {
    offset: int64(),
    leaderEpoch: int32("3+", -1).ignorable(),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64("1", -1).ignorable(),
    topicId: uuid("4+").tag(0).ignorable(),
  },
});
