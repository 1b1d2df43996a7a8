// OffsetFetch (key 9): the offsets that a group has committed; -1 where there is none.
// From version 2 on null topics ask for all of them, and there is an error for the whole group; 5 adds leader epochs; 6 is flexible; 7 can
// refuse offsets of transactions still open (KIP-447); 8 asks for several groups at once, in `groups` instead of the fields before it;
// 9 adds the member and its epoch (KIP-848); 10 names topics by id.

import { array, bool, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";

const offsetFetchRequestTopic = struct({
  name: string(),
  partitionIndexes: array(int32()),
});

const offsetFetchRequestTopics = struct({
  name: string("8-9", "").ignorable(),
  topicId: uuid("10+", ZERO_UUID).ignorable(),
  partitionIndexes: array(int32()),
});

const offsetFetchRequestGroup = struct({
  groupId: string(),
  memberId: string("9+").nullable().default(null).ignorable(),
  memberEpoch: int32("9+", -1).ignorable(),
  topics: array(offsetFetchRequestTopics).nullable(),
});

const offsetFetchResponsePartition = struct({
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32("5-7", -1).ignorable(),
  metadata: string().nullable(),
  errorCode: int16(),
});

const offsetFetchResponseTopic = struct({
  name: string(),
  partitions: array(offsetFetchResponsePartition),
});

const offsetFetchResponsePartitions = struct({
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32("0+", -1).ignorable(),
  metadata: string().nullable(),
  errorCode: int16(),
});

const offsetFetchResponseTopics = struct({
  name: string("8-9").ignorable(),
  topicId: uuid("10+").ignorable(),
  partitions: array(offsetFetchResponsePartitions),
});

const offsetFetchResponseGroup = struct({
  groupId: string(),
  topics: array(offsetFetchResponseTopics),
  errorCode: int16(),
});

export const offsetFetch = defineApi({
  key: 9,
  name: "OffsetFetch",
  versions: "0-10",
  flexible: "6+",
  request: {
    groupId: string("0-7", ""),
    topics: array(offsetFetchRequestTopic, "0-7").nullable("2-7").optional(),
    groups: array(offsetFetchRequestGroup, "8+").optional(),
    requireStable: bool("7+", false),
  },
  response: {
    throttleTimeMs: int32("3+", 0).ignorable(),
    topics: array(offsetFetchResponseTopic, "0-7").optional(),
    errorCode: int16("2-7", 0).ignorable(),
    groups: array(offsetFetchResponseGroup, "8+").optional(),
  },
});
