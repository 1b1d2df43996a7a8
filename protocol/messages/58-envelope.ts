// Envelope (key 58, KIP-590): a request of a client that one broker passes on to another, with who the client is, and its response. Kafka's brokers pass
// such to their controller; here they pass them to whichever broker has to answer, and without a principal what clients of the schema registry change
// (src/registry/passed-on.ts). Brokers alone are served.

import { bytes, int16 } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const envelope = defineApi({
  key: 58,
  name: "Envelope",
  versions: "0",
  flexible: "0+",
  request: {
    /** Header and body, without a size. */
    requestData: bytes(),
    requestPrincipal: bytes().nullable(),
    clientHostAddress: bytes(),
  },
  response: {
    /** The same of the response. */
    responseData: bytes().nullable().default(null),
    errorCode: int16(),
  },
});
