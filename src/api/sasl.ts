// SaslHandshake and SaslAuthenticate (keys 17 and 36) on a PLAINTEXT listener, the only kind that there is: Kafka lists both in
// ApiVersions all the same, and refuses them as out of place. The log says it in a way that helps. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import { saslAuthenticate as saslAuthenticateApi, saslHandshake as saslHandshakeApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";

const errorCode = Errors.ILLEGAL_SASL_STATE;
const ADVICE =
  "the client wants to authenticate with SASL, and this listener is PLAINTEXT; take sasl (security.protocol) out of the client's settings";

export const saslHandshake = serve(saslHandshakeApi, "0-1", (_, __, { connection }) => {
  connection.remark(ADVICE);
  return { errorCode, mechanisms: [] };
});

export const saslAuthenticate = serve(saslAuthenticateApi, "0-2", (_, __, { connection }) => {
  connection.remark(ADVICE);
  return {
    errorCode,
    errorMessage: "SaslAuthenticate request received after successful authentication",
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0,
  };
});
