// DescribeConfigs (key 32): settings of topics, brokers, loggers, client metrics subscriptions and groups.
// Version 1 replaces "is default" by the source, and adds synonyms; 3 adds type and documentation; 4 is flexible.

import { array, bool, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describeConfigsResource = struct({
  resourceType: int8(),
  resourceName: string(),
  configurationKeys: array(string()).nullable(),
});

const describeConfigsSynonym = struct({
  name: string(),
  value: string().nullable(),
  source: int8(),
});

const describeConfigsResourceResult = struct({
  name: string(),
  value: string().nullable(),
  readOnly: bool(),
  isDefault: bool("0", false),
  configSource: int8("1+", -1).ignorable(),
  isSensitive: bool(),
  synonyms: array(describeConfigsSynonym, "1+").optional().ignorable(),
  configType: int8("3+", 0).ignorable(),
  documentation: string("3+", "").nullable().ignorable(),
});

const describeConfigsResult = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  resourceType: int8(),
  resourceName: string(),
  configs: array(describeConfigsResourceResult),
});

export const describeConfigs = defineApi({
  key: 32,
  name: "DescribeConfigs",
  versions: "0-4",
  flexible: "4+",
  request: {
    resources: array(describeConfigsResource),
    includeSynonyms: bool("1+", false),
    includeDocumentation: bool("3+", false),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(describeConfigsResult),
  },
});
