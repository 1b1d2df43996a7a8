// CreateDelegationToken (key 38): a token by which others may act as the principal that asks for it (KIP-48).
// Version 1 answers at once when throttled; 2 is flexible; 3 lets a principal ask on behalf of another, the owner (KIP-373).
// The throttle time comes last.

import { array, bytes, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const creatableRenewers = struct({
  principalType: string(),
  principalName: string(),
});

export const createDelegationToken = defineApi({
  key: 38,
  name: "CreateDelegationToken",
  versions: "0-3",
  flexible: "2+",
  request: {
    ownerPrincipalType: string("3+", "").nullable(),
    ownerPrincipalName: string("3+", "").nullable(),
    renewers: array(creatableRenewers),
    maxLifetimeMs: int64(),
  },
  response: {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string("3+", ""),
    tokenRequesterPrincipalName: string("3+", ""),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32("0+", 0),
  },
});
