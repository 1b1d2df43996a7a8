// ListConfigResources (key 74): names of the resources that have settings.
// Version 0 knows client metrics subscriptions only, and was called ListClientMetricsResources; 1 adds a filter by type (KIP-1142).

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const configResource = struct({
  resourceName: string(),
  resourceType: int8("1+", 16).ignorable(),
});

export const listConfigResources = defineApi({
  key: 74,
  name: "ListConfigResources",
  versions: "0-1",
  flexible: "0+",
  request: {
    resourceTypes: array(int8(), "1+").optional(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    configResources: array(configResource),
  },
});
