// DescribeDelegationToken (key 41): the delegation tokens of some owners, of all when the list is null (KIP-48).
// Version 1 answers at once when throttled; 2 is flexible; 3 tells who asked for a token (KIP-373). The throttle time comes last.

import { array, bytes, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describeDelegationTokenOwner = struct({
  principalType: string(),
  principalName: string(),
});

const describedDelegationTokenRenewer = struct({
  principalType: string(),
  principalName: string(),
});

const describedDelegationToken = struct({
  principalType: string(),
  principalName: string(),
  tokenRequesterPrincipalType: string("3+", ""),
  tokenRequesterPrincipalName: string("3+", ""),
  issueTimestamp: int64(),
  expiryTimestamp: int64(),
  maxTimestamp: int64(),
  tokenId: string(),
  hmac: bytes(),
  renewers: array(describedDelegationTokenRenewer),
});

export const describeDelegationToken = defineApi({
  key: 41,
  name: "DescribeDelegationToken",
  versions: "0-3",
  flexible: "2+",
  request: {
    owners: array(describeDelegationTokenOwner).nullable(),
  },
  response: {
    errorCode: int16(),
    tokens: array(describedDelegationToken),
    throttleTimeMs: int32("0+", 0),
  },
});
