// Records of share groups in __consumer_offsets: membership and assignments as in consumer groups, and which share partitions have state.
// That state itself is in __share_group_state (KIP-932).

import { array, bigInt64, int8, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

export const shareGroupMemberMetadataRecord = defineRecord({
  type: 10,
  name: "ShareGroupMemberMetadata",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    rackId: string().nullable(),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
});

export const shareGroupMetadataRecord = defineRecord({
  type: 11,
  name: "ShareGroupMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    epoch: int32(),
    metadataHash: bigInt64(),
  },
});

export const shareGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 12,
  name: "ShareGroupTargetAssignmentMetadata",
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

const assignedPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
});

export const shareGroupTargetAssignmentMemberRecord = defineRecord({
  type: 13,
  name: "ShareGroupTargetAssignmentMember",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    topicPartitions: array(assignedPartitions),
  },
});

export const shareGroupCurrentMemberAssignmentRecord = defineRecord({
  type: 14,
  name: "ShareGroupCurrentMemberAssignment",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    /** 0 stable, 127 unknown. */
    state: int8(),
    assignedPartitions: array(assignedPartitions),
  },
});

const topicWithPartitions = struct({
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
});

const topicWithoutPartitions = struct({
  topicId: uuid(),
  topicName: string(),
});

export const shareGroupStatePartitionMetadataRecord = defineRecord({
  type: 15,
  name: "ShareGroupStatePartitionMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    initializingTopics: array(topicWithPartitions),
    initializedTopics: array(topicWithPartitions),
    deletingTopics: array(topicWithoutPartitions),
  },
});
