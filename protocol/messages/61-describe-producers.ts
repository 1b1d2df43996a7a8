// DescribeProducers (key 61): producers known to the leader of a partition, with their last sequence and open transaction (KIP-664).
// There is only version 0, which is flexible.

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicRequest = struct({
  name: string(),
  partitionIndexes: array(int32()),
});

const producerState = struct({
  producerId: int64(),
  producerEpoch: int32(),
  lastSequence: int32("0+", -1),
  lastTimestamp: int64("0+", -1),
  coordinatorEpoch: int32(),
  currentTxnStartOffset: int64("0+", -1),
});

const partitionResponse = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  activeProducers: array(producerState),
});

const topicResponse = struct({
  name: string(),
  partitions: array(partitionResponse),
});

export const describeProducers = defineApi({
  key: 61,
  name: "DescribeProducers",
  versions: "0",
  flexible: "0+",
  request: {
    topics: array(topicRequest),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    topics: array(topicResponse),
  },
});
