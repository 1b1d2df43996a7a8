// PushTelemetry (key 72): metrics of a client in OTLP, which the broker passes on (KIP-714).
// There is only version 0, which is flexible.

import { bool, bytes, int8, int16, int32, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const pushTelemetry = defineApi({
  key: 72,
  name: "PushTelemetry",
  versions: "0",
  flexible: "0+",
  request: {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
  },
});
