// CreatePartitions (key 37): raises the number of partitions of topics; the count is the new total.
// Version 1 answers at once when throttled; 2 is flexible; 3 may answer THROTTLING_QUOTA_EXCEEDED (KIP-599).

import { array, bool, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const createPartitionsAssignment = struct({
  brokerIds: array(int32()),
});

const createPartitionsTopic = struct({
  name: string(),
  count: int32(),
  assignments: array(createPartitionsAssignment).nullable(),
});

const createPartitionsTopicResult = struct({
  name: string(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const createPartitions = defineApi({
  key: 37,
  name: "CreatePartitions",
  versions: "0-3",
  flexible: "2+",
  request: {
    topics: array(createPartitionsTopic),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(createPartitionsTopicResult),
  },
});
