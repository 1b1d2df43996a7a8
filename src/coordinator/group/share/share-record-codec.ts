// How the records of share groups lie in __consumer_offsets: in the versions that Kafka 4.3 writes.

import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../../protocol/state/coordinator-record.ts";
import {
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupMemberMetadataRecord,
  shareGroupMetadataRecord,
  shareGroupStatePartitionMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupTargetAssignmentMetadataRecord,
} from "../../../../protocol/state/share-group-records.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ShareRecord } from "../group-record.ts";
import type { ShareIdentity, ShareProgress } from "./share-member.ts";
import type { SharedPartitions, TopicsShared } from "./shared-partitions.ts";

const RECORD_TYPES = [
  shareGroupMetadataRecord,
  shareGroupMemberMetadataRecord,
  shareGroupTargetAssignmentMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupStatePartitionMetadataRecord,
] as const;

const VERSION = 0;
/** The only state of a member. */
const STABLE = 0;

export function encodeShareRecord(record: ShareRecord): { readonly key: Buffer; readonly value: Buffer | null } {
  const { groupId } = record;
  switch (record.type) {
    case "shareGroup":
      return {
        key: encodeKey(shareGroupMetadataRecord, { groupId }),
        value: record.value === null ? null : encodeValue(shareGroupMetadataRecord, VERSION, record.value),
      };
    case "shareMember":
      return {
        key: encodeKey(shareGroupMemberMetadataRecord, { groupId, memberId: record.memberId }),
        value: record.identity === null ? null : encodeIdentity(record.identity),
      };
    case "shareTarget":
      return {
        key: encodeKey(shareGroupTargetAssignmentMetadataRecord, { groupId }),
        value: record.value === null ? null : encodeTarget(record.value),
      };
    case "shareMemberTarget":
      return {
        key: encodeKey(shareGroupTargetAssignmentMemberRecord, { groupId, memberId: record.memberId }),
        value: record.target === null ? null : encodeMemberTarget(record.target),
      };
    case "shareMemberProgress":
      return {
        key: encodeKey(shareGroupCurrentMemberAssignmentRecord, { groupId, memberId: record.memberId }),
        value: record.progress === null ? null : encodeProgress(record.progress),
      };
    case "sharePartitions":
      return {
        key: encodeKey(shareGroupStatePartitionMetadataRecord, { groupId }),
        value: record.partitions === null ? null : encodePartitions(record.partitions),
      };
  }
}

/** `undefined` for a record of another kind. Throws MalformedMessage. */
export function decodeShareRecord(key: Buffer, value: Buffer | null): ShareRecord | undefined {
  const decoded = decodeKey(RECORD_TYPES, key);
  if (decoded === undefined) return undefined;
  const { groupId } = decoded.key;
  switch (decoded.name) {
    case "ShareGroupMetadata":
      return { type: "shareGroup", groupId, value: value === null ? null : decodeValue(shareGroupMetadataRecord, value) };
    case "ShareGroupMemberMetadata":
      return { type: "shareMember", groupId, memberId: decoded.key.memberId, identity: value === null ? null : decodeIdentity(value) };
    case "ShareGroupTargetAssignmentMetadata":
      return { type: "shareTarget", groupId, value: value === null ? null : decodeTarget(value) };
    case "ShareGroupTargetAssignmentMember":
      return {
        type: "shareMemberTarget",
        groupId,
        memberId: decoded.key.memberId,
        target: value === null ? null : toAssignment(decodeValue(shareGroupTargetAssignmentMemberRecord, value).topicPartitions),
      };
    case "ShareGroupCurrentMemberAssignment":
      return {
        type: "shareMemberProgress",
        groupId,
        memberId: decoded.key.memberId,
        progress: value === null ? null : decodeProgress(value),
      };
    case "ShareGroupStatePartitionMetadata":
      return { type: "sharePartitions", groupId, partitions: value === null ? null : decodePartitions(value) };
  }
}

function encodeIdentity({ topicNames, ...rest }: ShareIdentity): Buffer {
  return encodeValue(shareGroupMemberMetadataRecord, VERSION, { ...rest, subscribedTopicNames: topicNames });
}

function decodeIdentity(buffer: Buffer): ShareIdentity {
  const { rackId, clientId, clientHost, subscribedTopicNames } = decodeValue(shareGroupMemberMetadataRecord, buffer);
  return { rackId, clientId, clientHost, topicNames: subscribedTopicNames };
}

function encodeTarget({ epoch, timestampMs }: { readonly epoch: number; readonly timestampMs: number }): Buffer {
  const value = { assignmentEpoch: epoch, assignmentTimestamp: timestampMs };
  return encodeValue(shareGroupTargetAssignmentMetadataRecord, VERSION, value);
}

function decodeTarget(buffer: Buffer): { readonly epoch: number; readonly timestampMs: number } {
  const { assignmentEpoch: epoch, assignmentTimestamp: timestampMs } = decodeValue(shareGroupTargetAssignmentMetadataRecord, buffer);
  return { epoch, timestampMs };
}

function encodeMemberTarget(target: Assignment): Buffer {
  return encodeValue(shareGroupTargetAssignmentMemberRecord, VERSION, { topicPartitions: toTopicPartitions(target) });
}

function encodeProgress({ epoch, previousEpoch, assigned }: ShareProgress): Buffer {
  return encodeValue(shareGroupCurrentMemberAssignmentRecord, VERSION, {
    memberEpoch: epoch,
    previousMemberEpoch: previousEpoch,
    state: STABLE,
    assignedPartitions: toTopicPartitions(assigned),
  });
}

function decodeProgress(buffer: Buffer): ShareProgress {
  const value = decodeValue(shareGroupCurrentMemberAssignmentRecord, buffer);
  return { epoch: value.memberEpoch, previousEpoch: value.previousMemberEpoch, assigned: toAssignment(value.assignedPartitions) };
}

interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

function toTopicPartitions(assignment: Assignment): TopicPartitions[] {
  return [...assignment].map(([topicId, partitions]) => ({ topicId, partitions }));
}

function toAssignment(stored: readonly TopicPartitions[]): Assignment {
  return new Map(stored.map(({ topicId, partitions }) => [topicId, partitions.toSorted((a, b) => a - b)]));
}

function encodePartitions({ initializing, initialized, deleting }: SharedPartitions): Buffer {
  return encodeValue(shareGroupStatePartitionMetadataRecord, VERSION, {
    initializingTopics: toTopics(initializing),
    initializedTopics: toTopics(initialized),
    deletingTopics: [...deleting].map(([topicId, topicName]) => ({ topicId, topicName })),
  });
}

function toTopics(topics: TopicsShared) {
  return [...topics].map(([topicId, { name: topicName, partitions }]) => ({ topicId, topicName, partitions }));
}

function decodePartitions(buffer: Buffer): SharedPartitions {
  const value = decodeValue(shareGroupStatePartitionMetadataRecord, buffer);
  return {
    initializing: fromTopics(value.initializingTopics),
    initialized: fromTopics(value.initializedTopics),
    deleting: new Map(value.deletingTopics.map(({ topicId, topicName }) => [topicId, topicName])),
  };
}

/** Kafka lists a topic now and then without partitions. */
function fromTopics(topics: readonly (TopicPartitions & { readonly topicName: string })[]): TopicsShared {
  return new Map(
    topics.flatMap(({ topicId, topicName, partitions }) =>
      partitions.length === 0 ? [] : [[topicId, { name: topicName, partitions: partitions.toSorted((a, b) => a - b) }] as const],
    ),
  );
}
