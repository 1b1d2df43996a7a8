// SaslAuthenticate (key 36): one step of the SASL exchange that SaslHandshake version 1 has begun.
// Version 1 tells how long the session lives, after which the client must authenticate again (KIP-368); 2 is flexible. Never throttled.

import { bytes, int16, int64, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const saslAuthenticate = defineApi({
  key: 36,
  name: "SaslAuthenticate",
  versions: "0-2",
  flexible: "2+",
  request: {
    authBytes: bytes(),
  },
  response: {
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    authBytes: bytes(),
    sessionLifetimeMs: int64("1+", 0).ignorable(),
  },
});
