// DescribeTransactions (key 65): state, producer and partitions of transactional ids, from their coordinator (KIP-664).
// There is only version 0, which is flexible.

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicData = struct({
  topic: string(),
  partitions: array(int32()),
});

const transactionState = struct({
  errorCode: int16(),
  transactionalId: string(),
  transactionState: string(),
  transactionTimeoutMs: int32(),
  transactionStartTimeMs: int64(),
  producerId: int64(),
  producerEpoch: int16(),
  topics: array(topicData),
});

export const describeTransactions = defineApi({
  key: 65,
  name: "DescribeTransactions",
  versions: "0",
  flexible: "0+",
  request: {
    transactionalIds: array(string()),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    transactionStates: array(transactionState),
  },
});
