// OffsetCommit (key 8): stores how far a group has read, per partition.
// Version 1 adds generation and member, and had a timestamp per partition; 2 to 4 carry a retention time; 6 adds the leader epoch of the
// offset; 7 static members; 8 is flexible; 9 serves members of KIP-848 groups, whose epoch takes the generation's place; 10 names topics by
// id. A commit outside of any membership has generation -1 and an empty member id.

import { array, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";

const offsetCommitRequestPartition = struct({
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32("6+", -1).ignorable(),
  commitTimestamp: int64("1", -1),
  committedMetadata: string().nullable(),
});

const offsetCommitRequestTopic = struct({
  name: string("0-9", "").ignorable(),
  topicId: uuid("10+", ZERO_UUID).ignorable(),
  partitions: array(offsetCommitRequestPartition),
});

const offsetCommitResponsePartition = struct({
  partitionIndex: int32(),
  errorCode: int16(),
});

const offsetCommitResponseTopic = struct({
  name: string("0-9").ignorable(),
  topicId: uuid("10+").ignorable(),
  partitions: array(offsetCommitResponsePartition),
});

export const offsetCommit = defineApi({
  key: 8,
  name: "OffsetCommit",
  versions: "0-10",
  flexible: "8+",
  request: {
    groupId: string(),
    generationIdOrMemberEpoch: int32("1+", -1).ignorable(),
    memberId: string("1+", "").ignorable(),
    groupInstanceId: string("7+").nullable().default(null),
    retentionTimeMs: int64("2-4", -1).ignorable(),
    topics: array(offsetCommitRequestTopic),
  },
  response: {
    throttleTimeMs: int32("3+", 0).ignorable(),
    topics: array(offsetCommitResponseTopic),
  },
});
