// IncrementalAlterConfigs (key 44): changes single settings of a resource (KIP-339). Operations: 0 set, 1 delete, 2 append to a list,
// 3 subtract from a list. Version 1 is flexible.

import { array, bool, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const alterableConfig = struct({
  name: string(),
  configOperation: int8(),
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

export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: "IncrementalAlterConfigs",
  versions: "0-1",
  flexible: "1+",
  request: {
    resources: array(alterConfigsResource),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    responses: array(alterConfigsResourceResponse),
  },
});
