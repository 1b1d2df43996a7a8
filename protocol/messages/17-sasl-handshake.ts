// SaslHandshake (key 17): the client names a SASL mechanism, the broker lists those it has.
// After version 0 the tokens follow as bare frames, without any header; after version 1 they travel in SaslAuthenticate (key 36).
// Never flexible, so its response header is always version 0.

import { array, int16, string } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const saslHandshake = defineApi({
  key: 17,
  name: "SaslHandshake",
  versions: "0-1",
  flexible: "none",
  request: {
    mechanism: string(),
  },
  response: {
    errorCode: int16(),
    mechanisms: array(string()),
  },
});
