// CreateTopics (key 19). From version 4 on -1 partitions or replicas mean the broker's default; 5 is flexible and answers with the
// configuration that resulted; 6 may answer THROTTLING_QUOTA_EXCEEDED; 7 answers with the topic id.

import { array, bool, int8, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const creatableReplicaAssignment = struct({
  partitionIndex: int32(),
  brokerIds: array(int32()),
});

const creatableTopicConfig = struct({
  name: string(),
  value: string().nullable(),
});

const creatableTopic = struct({
  name: string(),
  numPartitions: int32(),
  replicationFactor: int16(),
  assignments: array(creatableReplicaAssignment),
  configs: array(creatableTopicConfig),
});

const creatableTopicConfigs = struct({
  name: string(),
  value: string().nullable(),
  readOnly: bool(),
  configSource: int8("0+", -1).ignorable(),
  isSensitive: bool(),
});

const creatableTopicResult = struct({
  name: string(),
  topicId: uuid("7+").ignorable(),
  errorCode: int16(),
  errorMessage: string("1+").nullable().default(null).ignorable(),
  topicConfigErrorCode: int16("5+").tag(0).ignorable(),
  numPartitions: int32("5+", -1).ignorable(),
  replicationFactor: int16("5+", -1).ignorable(),
  configs: array(creatableTopicConfigs, "5+").nullable().optional().ignorable(),
});

export const createTopics = defineApi({
  key: 19,
  name: "CreateTopics",
  versions: "0-7",
  flexible: "5+",
  request: {
    topics: array(creatableTopic),
    timeoutMs: int32("0+", 60000),
    validateOnly: bool("1+", false),
  },
  response: {
    throttleTimeMs: int32("2+", 0).ignorable(),
    topics: array(creatableTopicResult),
  },
});
