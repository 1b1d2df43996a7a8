// DescribeConfigs (key 32): settings of topics, brokers, loggers, client metrics subscriptions and groups.
// Version 1 replaces "is default" by the source, and adds synonyms; 3 adds type and documentation; 4 is flexible.
// Resource types: 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. Sources: 1 topic, 2 dynamic broker, 3 dynamic default
// of brokers, 4 static broker, 5 default, 6 broker logger, 7 client metrics, 8 group. Types: 1 boolean, 2 string, 3 int, 4 short, 5 long,
// 6 double, 7 list, 8 class, 9 password. Null keys ask for all settings. Values of passwords are null.

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
