// DeleteRecords (key 21): moves the log start offset up; offset -1 means the high watermark. Goes to the leader of each partition.
// Version 1 answers at once when throttled, and leaves the waiting to the client; 2 is flexible.

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const deleteRecordsPartition = struct({
  partitionIndex: int32(),
  offset: int64(),
});

const deleteRecordsTopic = struct({
  name: string(),
  partitions: array(deleteRecordsPartition),
});

const deleteRecordsPartitionResult = struct({
  partitionIndex: int32(),
  lowWatermark: int64(),
  errorCode: int16(),
});

const deleteRecordsTopicResult = struct({
  name: string(),
  partitions: array(deleteRecordsPartitionResult),
});

export const deleteRecords = defineApi({
  key: 21,
  name: "DeleteRecords",
  versions: "0-2",
  flexible: "2+",
  request: {
    topics: array(deleteRecordsTopic),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    topics: array(deleteRecordsTopicResult),
  },
});
