// UnregisterBroker (key 64): removes a broker that is gone from the cluster (KIP-631).
// There is only version 0, which is flexible.

import { int16, int32, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const unregisterBroker = defineApi({
  key: 64,
  name: "UnregisterBroker",
  versions: "0",
  flexible: "0+",
  request: {
    brokerId: int32(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
  },
});
