// GetTelemetrySubscriptions (key 71): which metrics a client should push, how often and how compressed (KIP-714).
// There is only version 0, which is flexible.
// Compression types: 1 gzip, 2 snappy, 3 lz4, 4 zstd. No metric names: none are wanted; "*": all.

import { array, bool, int8, int16, int32, string, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

export const getTelemetrySubscriptions = defineApi({
  key: 71,
  name: "GetTelemetrySubscriptions",
  versions: "0",
  flexible: "0+",
  request: {
    clientInstanceId: uuid(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
});
