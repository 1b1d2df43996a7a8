// RenewDelegationToken (key 39): extends the life of a delegation token (KIP-48).
// Version 1 answers at once when throttled; 2 is flexible. The throttle time comes last.

import { bytes, int16, int32, int64 } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const renewDelegationToken = defineApi({
  key: 39,
  name: "RenewDelegationToken",
  versions: "0-2",
  flexible: "2+",
  request: {
    hmac: bytes(),
    renewPeriodMs: int64(),
  },
  response: {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32("0+", 0),
  },
});
