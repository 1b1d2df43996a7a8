// Envelope (key 58): a request of a client that one broker passes on to another. Kafka's brokers pass such to their controller; here they pass what
// clients of the schema registry change to the leader of its topic, which alone writes (src/registry/passed-on.ts). Brokers alone are served.

import { bytes, int16 } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const envelope = defineApi({
  key: 58,
  name: "Envelope",
  versions: "0",
  flexible: "0+",
  request: {
    requestData: bytes(),
    requestPrincipal: bytes().nullable(),
    clientHostAddress: bytes(),
  },
  response: {
    responseData: bytes().nullable().default(null),
    errorCode: int16(),
  },
});
