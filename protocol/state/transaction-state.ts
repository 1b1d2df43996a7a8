// Records of __transaction_state: one per transactional id, written at every change of its state.
// Version 1 of the value is flexible, and carries what the newer transaction protocol needs (KIP-890) in tagged fields.
// Status: 0 Empty, 1 Ongoing, 2 PrepareCommit, 3 PrepareAbort, 4 CompleteCommit, 5 CompleteAbort, 6 Dead, 7 PrepareEpochFence.

import { array, int8, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

const transactionTopic = struct({
  topic: string(),
  partitionIds: array(int32()),
});

export const transactionLogRecord = defineRecord({
  type: 0,
  name: "TransactionLog",
  key: {
    transactionalId: string(),
  },
  versions: "0-1",
  flexible: "1+",
  value: {
    producerId: int64(),
    previousProducerId: int64("1+", -1).tag(0),
    nextProducerId: int64("1+", -1).tag(1),
    producerEpoch: int16(),
    nextProducerEpoch: int16("1+", -1).tag(3),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(transactionTopic).nullable(),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16("1+", 0).tag(2),
  },
});

/** For `decodeKey`. */
export const transactionStateRecords = [transactionLogRecord] as const;
