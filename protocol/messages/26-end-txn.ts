// EndTxn (key 26): commits or aborts a transaction. The answer comes once the decision is durable; markers are written afterwards.
// Version 2 may answer PRODUCER_FENCED; 3 is flexible; 4 may answer TRANSACTION_ABORTABLE; 5 answers with the producer id and the epoch to
// go on with (KIP-890).

import { bool, int16, int32, int64, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const endTxn = defineApi({
  key: 26,
  name: "EndTxn",
  versions: "0-5",
  flexible: "3+",
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    producerId: int64("5+", -1).ignorable(),
    producerEpoch: int16("5+", -1).ignorable(),
  },
});
