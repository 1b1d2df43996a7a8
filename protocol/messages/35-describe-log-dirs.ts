// DescribeLogDirs (key 35): log directories of this broker, with the sizes of the partitions in them. Null topics ask for all of them.
// Version 2 is flexible; 3 adds an error for the whole answer; 4 total and usable bytes (KIP-827); 5 cordoned directories (KIP-1066).

import { array, bool, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describableLogDirTopic = struct({
  topic: string(),
  partitions: array(int32()),
});

const describeLogDirsPartition = struct({
  partitionIndex: int32(),
  partitionSize: int64(),
  offsetLag: int64(),
  isFutureKey: bool(),
});

const describeLogDirsTopic = struct({
  name: string(),
  partitions: array(describeLogDirsPartition),
});

const describeLogDirsResult = struct({
  errorCode: int16(),
  logDir: string(),
  topics: array(describeLogDirsTopic),
  totalBytes: int64("4+", -1).ignorable(),
  usableBytes: int64("4+", -1).ignorable(),
  isCordoned: bool("5+", false).ignorable(),
});

export const describeLogDirs = defineApi({
  key: 35,
  name: "DescribeLogDirs",
  versions: "0-5",
  flexible: "2+",
  request: {
    topics: array(describableLogDirTopic).nullable(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16("3+").ignorable(),
    results: array(describeLogDirsResult),
  },
});
