// AddOffsetsToTxn (key 25): takes the offsets of a group into a transaction, ahead of TxnOffsetCommit.
// Version 2 may answer PRODUCER_FENCED; 3 is flexible; 4 may answer TRANSACTION_ABORTABLE.

import { int16, int32, int64, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const addOffsetsToTxn = defineApi({
  key: 25,
  name: "AddOffsetsToTxn",
  versions: "0-4",
  flexible: "3+",
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
  },
});
