// ListTransactions (key 66): transactions that this broker coordinates, by state and producer; tools ask every broker (KIP-664).
// Version 1 adds a filter by duration (KIP-994); 2 one by a pattern of transactional ids (KIP-1152).

import { array, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const transactionState = struct({
  transactionalId: string(),
  producerId: int64(),
  transactionState: string(),
});

export const listTransactions = defineApi({
  key: 66,
  name: "ListTransactions",
  versions: "0-2",
  flexible: "0+",
  request: {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64("1+", -1),
    transactionalIdPattern: string("2+").nullable().default(null),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array(transactionState),
  },
});
