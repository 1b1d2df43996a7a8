// AlterConfigs (key 33): replaces all settings of a resource; those not listed fall back to their defaults. IncrementalAlterConfigs
// (key 44) came after it, kafkajs has only this one. Version 1 answers at once when throttled; 2 is flexible.

import { array, bool, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const alterableConfig = struct({
  name: string(),
  value: string().nullable(),
});

const alterConfigsResource = struct({
  resourceType: int8(),
  resourceName: string(),
  configs: array(alterableConfig),
});

const alterConfigsResourceResponse = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  resourceType: int8(),
  resourceName: string(),
});

export const alterConfigs = defineApi({
  key: 33,
  name: "AlterConfigs",
  versions: "0-2",
  flexible: "2+",
  request: {
    resources: array(alterConfigsResource),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    responses: array(alterConfigsResourceResponse),
  },
});
