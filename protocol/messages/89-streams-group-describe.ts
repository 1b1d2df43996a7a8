// StreamsGroupDescribe (key 89): streams groups with their topology, members and tasks (KIP-1071).
// There is only version 0, which is flexible.

import { array, bool, int16, int32, int64, nested, string, struct, uint16 } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const keyValue = struct({
  key: string(),
  value: string(),
});

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
});

const subtopology = struct({
  subtopologyId: string(),
  sourceTopics: array(string()),
  repartitionSinkTopics: array(string()),
  stateChangelogTopics: array(topicInfo),
  repartitionSourceTopics: array(topicInfo),
});

const topology = struct({
  epoch: int32(),
  subtopologies: array(subtopology).nullable().default(null),
});

const endpoint = struct({
  host: string(),
  port: uint16(),
});

const taskOffset = struct({
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
});

const taskIds = struct({
  subtopologyId: string(),
  partitions: array(int32()),
});

const assignment = struct({
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
});

const member = struct({
  memberId: string(),
  memberEpoch: int32(),
  instanceId: string().nullable().default(null),
  rackId: string().nullable().default(null),
  clientId: string(),
  clientHost: string(),
  topologyEpoch: int32(),
  processId: string(),
  userEndpoint: nested(endpoint).nullable().default(null),
  clientTags: array(keyValue),
  taskOffsets: array(taskOffset),
  taskEndOffsets: array(taskOffset),
  assignment: nested(assignment),
  targetAssignment: nested(assignment),
  isClassic: bool(),
});

const describedGroup = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  groupId: string(),
  groupState: string(),
  groupEpoch: int32(),
  assignmentEpoch: int32(),
  topology: nested(topology).nullable().default(null),
  members: array(member),
  authorizedOperations: int32("0+", -2147483648),
});

export const streamsGroupDescribe = defineApi({
  key: 89,
  name: "StreamsGroupDescribe",
  versions: "0",
  flexible: "0+",
  request: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    groups: array(describedGroup),
  },
});
