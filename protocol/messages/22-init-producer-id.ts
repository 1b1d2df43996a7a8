// InitProducerId (key 22): gives an idempotent producer its id, and begins the next epoch of a transactional one, ending what its
// predecessor left open. Version 2 is flexible; 3 lets a producer raise its own epoch (KIP-360); 4 may answer PRODUCER_FENCED; 6 is
// about two-phase commit (KIP-939), and not stable in Kafka.

import { bool, int16, int32, int64, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const initProducerId = defineApi({
  key: 22,
  name: "InitProducerId",
  versions: "0-6",
  flexible: "2+",
  request: {
    transactionalId: string().nullable(),
    transactionTimeoutMs: int32(),
    producerId: int64("3+", -1),
    producerEpoch: int16("3+", -1),
    enable2Pc: bool("6+", false),
    keepPreparedTxn: bool("6+", false),
  },
  response: {
    throttleTimeMs: int32("0+", 0).ignorable(),
    errorCode: int16(),
    producerId: int64("0+", -1),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64("6+", -1),
    ongoingTxnProducerEpoch: int16("6+", -1),
  },
});
