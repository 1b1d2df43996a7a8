// TxnOffsetCommit (key 28): offsets that a group has read become pending, and are committed when the transaction is.
// Goes to the coordinator of the group. Version 2 adds leader epochs; 3 is flexible and adds the member, by which zombies are fenced
// (KIP-447); 4 may answer TRANSACTION_ABORTABLE; 5 needs no AddOffsetsToTxn before it (KIP-890).

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const txnOffsetCommitRequestPartition = struct({
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32("2+", -1).ignorable(),
  committedMetadata: string().nullable(),
});

const txnOffsetCommitRequestTopic = struct({
  name: string(),
  partitions: array(txnOffsetCommitRequestPartition),
});

const txnOffsetCommitResponsePartition = struct({
  partitionIndex: int32(),
  errorCode: int16(),
});

const txnOffsetCommitResponseTopic = struct({
  name: string(),
  partitions: array(txnOffsetCommitResponsePartition),
});

export const txnOffsetCommit = defineApi({
  key: 28,
  name: "TxnOffsetCommit",
  versions: "0-5",
  flexible: "3+",
  request: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32("3+", -1),
    memberId: string("3+", ""),
    groupInstanceId: string("3+").nullable().default(null),
    topics: array(txnOffsetCommitRequestTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    topics: array(txnOffsetCommitResponseTopic),
  },
});
