// AddPartitionsToTxn (key 24): takes partitions into a transaction, all or none.
// Up to version 3 one transaction, in the fields whose names begin with `v3AndBelow`; from 4 on a list of them, each answered apart. The
// list was made for brokers, which verify by it (`verifyOnly`), but clients that choose the highest version send it too (KIP-890).
// Version 2 may answer PRODUCER_FENCED; 3 is flexible; 5 may answer TRANSACTION_ABORTABLE.

import { array, bool, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const addPartitionsToTxnTopic = struct({
  name: string(),
  partitions: array(int32()),
});

const addPartitionsToTxnTransaction = struct({
  transactionalId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  verifyOnly: bool("0+", false),
  topics: array(addPartitionsToTxnTopic),
});

const addPartitionsToTxnPartitionResult = struct({
  partitionIndex: int32(),
  partitionErrorCode: int16(),
});

const addPartitionsToTxnTopicResult = struct({
  name: string(),
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
});

const addPartitionsToTxnResult = struct({
  transactionalId: string(),
  topicResults: array(addPartitionsToTxnTopicResult),
});

export const addPartitionsToTxn = defineApi({
  key: 24,
  name: "AddPartitionsToTxn",
  versions: "0-5",
  flexible: "3+",
  request: {
    transactions: array(addPartitionsToTxnTransaction, "4+").optional(),
    v3AndBelowTransactionalId: string("0-3", ""),
    v3AndBelowProducerId: int64("0-3", 0),
    v3AndBelowProducerEpoch: int16("0-3", 0),
    v3AndBelowTopics: array(addPartitionsToTxnTopic, "0-3").optional(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16("4+").ignorable(),
    resultsByTransaction: array(addPartitionsToTxnResult, "4+").optional(),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult, "0-3").optional(),
  },
});
