// How the records of the consumer protocol lie in __consumer_offsets: in the versions that Kafka 4.3 writes.

import {
  consumerGroupCurrentMemberAssignmentRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupMetadataRecord,
  consumerGroupPartitionMetadataRecord,
  consumerGroupRegularExpressionRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupTargetAssignmentMetadataRecord,
} from "../../../../protocol/state/consumer-group-records.ts";
import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../../protocol/state/coordinator-record.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ConsumerRecord } from "../group-record.ts";
import { type HeldPartitions, type MemberIdentity, type MemberProgress, type MemberState, MemberStates } from "./consumer-member.ts";

const RECORD_TYPES = [
  consumerGroupMetadataRecord,
  consumerGroupPartitionMetadataRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupTargetAssignmentMetadataRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupCurrentMemberAssignmentRecord,
  consumerGroupRegularExpressionRecord,
] as const;

const VERSION = 0;

export function encodeConsumerRecord(record: ConsumerRecord): { readonly key: Buffer; readonly value: Buffer | null } {
  const { groupId } = record;
  switch (record.type) {
    case "consumerGroup":
      return {
        key: encodeKey(consumerGroupMetadataRecord, { groupId }),
        value: record.value === null ? null : encodeValue(consumerGroupMetadataRecord, VERSION, record.value),
      };
    case "consumerMember":
      return {
        key: encodeKey(consumerGroupMemberMetadataRecord, { groupId, memberId: record.memberId }),
        value: record.identity === null ? null : encodeIdentity(record.identity),
      };
    case "consumerTarget":
      return {
        key: encodeKey(consumerGroupTargetAssignmentMetadataRecord, { groupId }),
        value: record.value === null ? null : encodeTarget(record.value),
      };
    case "consumerMemberTarget":
      return {
        key: encodeKey(consumerGroupTargetAssignmentMemberRecord, { groupId, memberId: record.memberId }),
        value: record.target === null ? null : encodeMemberTarget(record.target),
      };
    case "consumerMemberProgress":
      return {
        key: encodeKey(consumerGroupCurrentMemberAssignmentRecord, { groupId, memberId: record.memberId }),
        value: record.progress === null ? null : encodeProgress(record.progress),
      };
    case "consumerRegex": {
      const { regex, resolved } = record;
      return {
        key: encodeKey(consumerGroupRegularExpressionRecord, { groupId, regularExpression: regex }),
        value:
          resolved === null
            ? null
            : encodeValue(consumerGroupRegularExpressionRecord, VERSION, { ...resolved, timestamp: resolved.timestampMs }),
      };
    }
    case "consumerPartitionMetadata":
      // Never written, but to be gone.
      return { key: encodeKey(consumerGroupPartitionMetadataRecord, { groupId }), value: null };
  }
}

/** `undefined` for a record of another kind. Throws MalformedMessage. */
export function decodeConsumerRecord(key: Buffer, value: Buffer | null): ConsumerRecord | undefined {
  const decoded = decodeKey(RECORD_TYPES, key);
  if (decoded === undefined) return undefined;
  const { groupId } = decoded.key;
  switch (decoded.name) {
    case "ConsumerGroupMetadata":
      return { type: "consumerGroup", groupId, value: value === null ? null : decodeValue(consumerGroupMetadataRecord, value) };
    case "ConsumerGroupPartitionMetadata":
      return { type: "consumerPartitionMetadata", groupId, value: value === null ? null : "there" };
    case "ConsumerGroupMemberMetadata":
      return { type: "consumerMember", groupId, memberId: decoded.key.memberId, identity: value === null ? null : decodeIdentity(value) };
    case "ConsumerGroupTargetAssignmentMetadata":
      return { type: "consumerTarget", groupId, value: value === null ? null : decodeTarget(value) };
    case "ConsumerGroupTargetAssignmentMember":
      return {
        type: "consumerMemberTarget",
        groupId,
        memberId: decoded.key.memberId,
        target: value === null ? null : decodeMemberTarget(value),
      };
    case "ConsumerGroupCurrentMemberAssignment":
      return {
        type: "consumerMemberProgress",
        groupId,
        memberId: decoded.key.memberId,
        progress: value === null ? null : decodeProgress(value),
      };
    case "ConsumerGroupRegularExpression": {
      const regex = decoded.key.regularExpression;
      if (value === null) return { type: "consumerRegex", groupId, regex, resolved: null };
      const { topics, version, timestamp } = decodeValue(consumerGroupRegularExpressionRecord, value);
      return { type: "consumerRegex", groupId, regex, resolved: { topics, version, timestampMs: timestamp } };
    }
  }
}

function encodeIdentity(identity: MemberIdentity): Buffer {
  const { topicNames, topicRegex, classic, ...rest } = identity;
  return encodeValue(consumerGroupMemberMetadataRecord, VERSION, {
    ...rest,
    subscribedTopicNames: topicNames,
    subscribedTopicRegex: topicRegex,
    classicMemberMetadata: classic === null ? null : { sessionTimeoutMs: classic.sessionTimeoutMs, supportedProtocols: classic.protocols },
  });
}

function decodeIdentity(buffer: Buffer): MemberIdentity {
  const value = decodeValue(consumerGroupMemberMetadataRecord, buffer);
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, serverAssignor, classicMemberMetadata: classic } = value;
  return {
    instanceId,
    rackId,
    clientId,
    clientHost,
    topicNames: value.subscribedTopicNames,
    topicRegex: value.subscribedTopicRegex ?? "",
    rebalanceTimeoutMs,
    serverAssignor,
    classic:
      classic === null
        ? null
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            // Views of the log's buffers until here; members outlive those.
            protocols: classic.supportedProtocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
          },
  };
}

function encodeTarget({ epoch, timestampMs }: { readonly epoch: number; readonly timestampMs: number }): Buffer {
  const value = { assignmentEpoch: epoch, assignmentTimestamp: timestampMs };
  return encodeValue(consumerGroupTargetAssignmentMetadataRecord, VERSION, value);
}

function decodeTarget(buffer: Buffer): { readonly epoch: number; readonly timestampMs: number } {
  const { assignmentEpoch: epoch, assignmentTimestamp: timestampMs } = decodeValue(consumerGroupTargetAssignmentMetadataRecord, buffer);
  return { epoch, timestampMs };
}

function encodeMemberTarget(target: Assignment): Buffer {
  const topicPartitions = [...target].map(([topicId, partitions]) => ({ topicId, partitions }));
  return encodeValue(consumerGroupTargetAssignmentMemberRecord, VERSION, { topicPartitions });
}

function decodeMemberTarget(buffer: Buffer): Assignment {
  const { topicPartitions } = decodeValue(consumerGroupTargetAssignmentMemberRecord, buffer);
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, partitions.toSorted((a, b) => a - b)]));
}

function encodeProgress(progress: MemberProgress): Buffer {
  return encodeValue(consumerGroupCurrentMemberAssignmentRecord, VERSION, {
    memberEpoch: progress.epoch,
    previousMemberEpoch: progress.previousEpoch,
    state: progress.state,
    assignedPartitions: encodeHeld(progress.assigned),
    partitionsPendingRevocation: encodeHeld(progress.pendingRevocation),
  });
}

function encodeHeld(held: HeldPartitions) {
  return [...held].map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()],
    assignmentEpochs: [...partitions.values()],
  }));
}

function decodeProgress(buffer: Buffer): MemberProgress {
  const value = decodeValue(consumerGroupCurrentMemberAssignmentRecord, buffer);
  return {
    epoch: value.memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: STATES.get(value.state) ?? MemberStates.UNKNOWN,
    assigned: decodeHeld(value.assignedPartitions, value.memberEpoch),
    pendingRevocation: decodeHeld(value.partitionsPendingRevocation, value.memberEpoch),
  };
}

interface StoredPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
  readonly assignmentEpochs: readonly number[] | null;
}

/** Versions before KIP-1251 did not store at which epoch partitions were given: the member's own is on the safe side. */
function decodeHeld(stored: readonly StoredPartitions[], memberEpoch: number): HeldPartitions {
  return new Map(
    stored.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(partitions.map((partition, index) => [partition, assignmentEpochs?.[index] ?? memberEpoch])),
    ]),
  );
}

const STATES: ReadonlyMap<number, MemberState> = new Map(Object.values(MemberStates).map((state) => [state, state]));
