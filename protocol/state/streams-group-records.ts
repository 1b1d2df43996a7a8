// Records of streams groups in __consumer_offsets (KIP-1071): membership, target and current assignments of tasks, and the topology
// that the members agree on.

import { array, bigInt64, int8, int16, int32, int64, nested, string, struct, uint16 } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

const lastAssignmentConfig = struct({
  key: string(),
  value: string(),
});

export const streamsGroupMetadataRecord = defineRecord({
  type: 17,
  name: "StreamsGroupMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    epoch: int32(),
    metadataHash: bigInt64(),
    validatedTopologyEpoch: int32("0+", -1).tag(0),
    lastAssignmentConfigs: array(lastAssignmentConfig).nullable().tag(1),
  },
});

const endpoint = struct({
  host: string(),
  port: uint16(),
});

const keyValue = struct({
  key: string(),
  value: string(),
});

export const streamsGroupMemberMetadataRecord = defineRecord({
  type: 19,
  name: "StreamsGroupMemberMetadata",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    instanceId: string().nullable(),
    rackId: string().nullable(),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32("0+", -1),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: nested(endpoint).nullable().default(null),
    clientTags: array(keyValue),
  },
});

export const streamsGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 20,
  name: "StreamsGroupTargetAssignmentMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64("0+", 0).tag(0).ignorable(),
  },
});

const taskIds = struct({
  subtopologyId: string(),
  partitions: array(int32()),
});

export const streamsGroupTargetAssignmentMemberRecord = defineRecord({
  type: 21,
  name: "StreamsGroupTargetAssignmentMember",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
});

const currentTaskIds = struct({
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32()).nullable().tag(0),
});

export const streamsGroupCurrentMemberAssignmentRecord = defineRecord({
  type: 22,
  name: "StreamsGroupCurrentMemberAssignment",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    /** 1 stable, 2 has tasks to revoke, 3 waits for tasks that others hold, 127 unknown. */
    state: int8(),
    activeTasks: array(currentTaskIds),
    standbyTasks: array(currentTaskIds),
    warmupTasks: array(currentTaskIds),
    activeTasksPendingRevocation: array(currentTaskIds),
    standbyTasksPendingRevocation: array(currentTaskIds),
    warmupTasksPendingRevocation: array(currentTaskIds),
  },
});

const topicConfig = struct({
  key: string(),
  value: string(),
});

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(topicConfig),
});

const copartitionGroup = struct({
  sourceTopics: array(int16()),
  sourceTopicRegex: array(int16()),
  repartitionSourceTopics: array(int16()),
});

const subtopology = struct({
  subtopologyId: string(),
  sourceTopics: array(string()),
  sourceTopicRegex: array(string()),
  stateChangelogTopics: array(topicInfo),
  repartitionSinkTopics: array(string()),
  repartitionSourceTopics: array(topicInfo),
  copartitionGroups: array(copartitionGroup),
});

export const streamsGroupTopologyRecord = defineRecord({
  type: 23,
  name: "StreamsGroupTopology",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    epoch: int32(),
    subtopologies: array(subtopology),
  },
});
