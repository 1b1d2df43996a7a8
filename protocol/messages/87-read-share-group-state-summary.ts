// ReadShareGroupStateSummary (key 87): where share partitions start, without the states of single records (KIP-932).
// Version 1 adds the number of records whose delivery is complete, from which the lag follows (KIP-1226).

import { array, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const partitionData = struct({
  partition: int32(),
  leaderEpoch: int32(),
});

const readStateSummaryData = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const partitionResult = struct({
  partition: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  stateEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32("1+", -1).ignorable(),
});

const readStateSummaryResult = struct({
  topicId: uuid(),
  partitions: array(partitionResult),
});

export const readShareGroupStateSummary = defineApi({
  key: 87,
  name: "ReadShareGroupStateSummary",
  versions: "0-1",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(readStateSummaryData),
  },
  response: {
    results: array(readStateSummaryResult),
  },
});
