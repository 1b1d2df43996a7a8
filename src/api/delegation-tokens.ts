// Delegation tokens (keys 38 to 41, KIP-48). They may be asked for by authenticated clients only, and no listener authenticates: what
// Kafka answers then, which comes before the question whether tokens are enabled.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";

const NO_TIME = -1;
/** The principal of a client that did not authenticate. */
const REQUESTER = { type: "User", name: "ANONYMOUS" } as const;
const errorCode = Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;

export const createDelegationToken = serve(
  messages.createDelegationToken,
  "0-3",
  ["CREATE_TOKENS USER"],
  (_, { ownerPrincipalType, ownerPrincipalName }, { apiVersion }) => {
    const isForAnother = (ownerPrincipalName ?? "") !== "";
    return {
      errorCode,
      principalType: isForAnother ? (ownerPrincipalType ?? "") : REQUESTER.type,
      principalName: isForAnother ? (ownerPrincipalName ?? "") : REQUESTER.name,
      ...(apiVersion >= 3 ? { tokenRequesterPrincipalType: REQUESTER.type, tokenRequesterPrincipalName: REQUESTER.name } : {}),
      issueTimestampMs: NO_TIME,
      expiryTimestampMs: NO_TIME,
      maxTimestampMs: NO_TIME,
      tokenId: "",
      hmac: Buffer.alloc(0),
    };
  },
);
export const renewDelegationToken = serve(messages.renewDelegationToken, "0-2", [], () => ({ errorCode, expiryTimestampMs: NO_TIME }));
export const expireDelegationToken = serve(messages.expireDelegationToken, "0-2", [], () => ({ errorCode, expiryTimestampMs: NO_TIME }));
export const describeDelegationToken = serve(
  messages.describeDelegationToken,
  "0-3",
  ["DESCRIBE DELEGATION_TOKEN", "DESCRIBE_TOKENS USER"],
  () => ({ errorCode, tokens: [] }),
);
