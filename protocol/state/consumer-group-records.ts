// Records of KIP-848 consumer groups in __consumer_offsets: the group, its members, what each should have (target assignment) and has
// (current assignment), and the regular expressions of subscriptions. A group epoch is that of its metadata; an assignment epoch that of
// its target. Partition metadata (type 4) gave way to the hash in the group's record, and is only read.

import { array, bigInt64, bytes, int8, int32, int64, nested, string, struct, uuid } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

export const consumerGroupMetadataRecord = defineRecord({
  type: 3,
  name: "ConsumerGroupMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    epoch: int32(),
    /** Of names, ids, partition counts and racks of the subscribed topics: all 64 bits are used. */
    metadataHash: bigInt64("0+", 0n).tag(0),
  },
});

const partitionMetadata = struct({
  partition: int32(),
  racks: array(string()),
});

const topicMetadata = struct({
  topicId: uuid(),
  topicName: string(),
  numPartitions: int32(),
  partitionMetadata: array(partitionMetadata),
});

export const consumerGroupPartitionMetadataRecord = defineRecord({
  type: 4,
  name: "ConsumerGroupPartitionMetadata",
  key: {
    groupId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    topics: array(topicMetadata),
  },
});

const classicProtocol = struct({
  name: string(),
  metadata: bytes(),
});

const classicMemberMetadata = struct({
  sessionTimeoutMs: int32(),
  supportedProtocols: array(classicProtocol),
});

export const consumerGroupMemberMetadataRecord = defineRecord({
  type: 5,
  name: "ConsumerGroupMemberMetadata",
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
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string().nullable(),
    rebalanceTimeoutMs: int32("0+", -1),
    serverAssignor: string().nullable(),
    classicMemberMetadata: nested(classicMemberMetadata).nullable().tag(0),
  },
});

export const consumerGroupTargetAssignmentMetadataRecord = defineRecord({
  type: 6,
  name: "ConsumerGroupTargetAssignmentMetadata",
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

const targetPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
});

export const consumerGroupTargetAssignmentMemberRecord = defineRecord({
  type: 7,
  name: "ConsumerGroupTargetAssignmentMember",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    topicPartitions: array(targetPartitions),
  },
});

const currentPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32()).nullable().tag(0),
});

export const consumerGroupCurrentMemberAssignmentRecord = defineRecord({
  type: 8,
  name: "ConsumerGroupCurrentMemberAssignment",
  key: {
    groupId: string(),
    memberId: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    /** 0 stable, 1 has partitions to revoke, 2 waits for partitions that others hold, 127 unknown. */
    state: int8(),
    assignedPartitions: array(currentPartitions),
    partitionsPendingRevocation: array(currentPartitions),
  },
});

export const consumerGroupRegularExpressionRecord = defineRecord({
  type: 16,
  name: "ConsumerGroupRegularExpression",
  key: {
    groupId: string(),
    regularExpression: string(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    topics: array(string()),
    version: int64(),
    timestamp: int64(),
  },
});
