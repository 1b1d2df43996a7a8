// How group records lie in __consumer_offsets: as Kafka 4.3 writes them, so that its tools and third-party readers understand them.
// Offsets: value version 4 (with the topic's id), or 1 for one with an expiry time of its own. Classic groups: version 3. Records of the
// consumer protocol are in consumer/consumer-record-codec.ts, of share groups in share/share-record-codec.ts, of streams groups in
// streams/streams-record-codec.ts.

import { ZERO_UUID } from "../../../protocol/schema/support.ts";
import { groupMetadataRecord } from "../../../protocol/state/classic-group-records.ts";
import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../protocol/state/coordinator-record.ts";
import { legacyOffsetCommitRecord, offsetCommitRecord } from "../../../protocol/state/offset-records.ts";
import type { RecordCodec } from "../coordinator-state.ts";
import { decodeConsumerRecord, encodeConsumerRecord } from "./consumer/consumer-record-codec.ts";
import type { ClassicGroupSnapshot, CommittedOffset, GroupRecord } from "./group-record.ts";
import { decodeShareRecord, encodeShareRecord } from "./share/share-record-codec.ts";
import { decodeStreamsRecord, encodeStreamsRecord } from "./streams/streams-record-codec.ts";

const RECORD_TYPES = [offsetCommitRecord, groupMetadataRecord, legacyOffsetCommitRecord] as const;
const NO_LEADER_EPOCH = -1;
const NO_EXPIRE_TIMESTAMP = -1;
const OFFSET_VERSION = 4;
const OFFSET_VERSION_WITH_EXPIRY = 1;
const GROUP_VERSION = 3;

export const groupRecordCodec: RecordCodec<GroupRecord> = {
  encode(record) {
    switch (record.type) {
      case "offset": {
        const { groupId: group, topic, partition, committed } = record;
        return {
          key: encodeKey(offsetCommitRecord, { group, topic, partition }),
          value: committed === null ? null : encodeOffset(committed),
        };
      }
      case "classicGroup":
        return {
          key: encodeKey(groupMetadataRecord, { group: record.groupId }),
          value: record.snapshot === null ? null : encodeClassicGroup(record.snapshot),
        };
      case "shareGroup":
      case "shareMember":
      case "shareTarget":
      case "shareMemberTarget":
      case "shareMemberProgress":
      case "sharePartitions":
        return encodeShareRecord(record);
      case "streamsGroup":
      case "streamsMember":
      case "streamsTarget":
      case "streamsMemberTarget":
      case "streamsMemberProgress":
      case "streamsTopology":
        return encodeStreamsRecord(record);
      default:
        return encodeConsumerRecord(record);
    }
  },

  decode(key, value) {
    const decoded = decodeKey(RECORD_TYPES, key);
    if (decoded === undefined) return decodeConsumerRecord(key, value) ?? decodeStreamsRecord(key, value) ?? decodeShareRecord(key, value);
    switch (decoded.name) {
      case "OffsetCommit":
      case "LegacyOffsetCommit": {
        const { group, topic, partition } = decoded.key;
        const decodeCommitted = decoded.name === "OffsetCommit" ? decodeOffset : decodeLegacyOffset;
        return { type: "offset", groupId: group, topic, partition, committed: value === null ? null : decodeCommitted(value) };
      }
      case "GroupMetadata":
        return { type: "classicGroup", groupId: decoded.key.group, snapshot: value === null ? null : decodeClassicGroup(value) };
    }
  },
};

function encodeOffset(committed: CommittedOffset): Buffer {
  const { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs, topicId } = committed;
  if (expireTimestampMs === undefined) {
    return encodeValue(offsetCommitRecord, OFFSET_VERSION, { offset, leaderEpoch, metadata, commitTimestamp, topicId });
  }
  const expireTimestamp = expireTimestampMs;
  return encodeValue(offsetCommitRecord, OFFSET_VERSION_WITH_EXPIRY, { offset, metadata, commitTimestamp, expireTimestamp });
}

function decodeOffset(buffer: Buffer): CommittedOffset {
  const value = decodeValue(offsetCommitRecord, buffer);
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp === NO_EXPIRE_TIMESTAMP ? undefined : value.expireTimestamp,
    topicId: value.topicId,
  };
}

function decodeLegacyOffset(buffer: Buffer): CommittedOffset {
  const { offset, metadata, commitTimestamp } = decodeValue(legacyOffsetCommitRecord, buffer);
  const unknown = { leaderEpoch: NO_LEADER_EPOCH, expireTimestampMs: undefined, topicId: ZERO_UUID };
  return { offset, metadata, commitTimestampMs: commitTimestamp, ...unknown };
}

function encodeClassicGroup(snapshot: ClassicGroupSnapshot): Buffer {
  return encodeValue(groupMetadataRecord, GROUP_VERSION, {
    protocolType: snapshot.protocolType ?? "",
    generation: snapshot.generation,
    protocol: snapshot.protocolName,
    leader: snapshot.leader,
    currentStateTimestamp: snapshot.stateTimestampMs,
    members: snapshot.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.subscription,
      assignment: member.assignment,
    })),
  });
}

function decodeClassicGroup(buffer: Buffer): ClassicGroupSnapshot {
  const value = decodeValue(groupMetadataRecord, buffer);
  return {
    protocolType: value.protocolType === "" ? null : value.protocolType,
    generation: value.generation,
    protocolName: value.protocol,
    leader: value.leader,
    stateTimestampMs: value.currentStateTimestamp,
    members: value.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeout > 0 ? member.rebalanceTimeout : member.sessionTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      // Views of the log's buffers until here; members outlive those.
      subscription: Buffer.from(member.subscription),
      assignment: Buffer.from(member.assignment),
    })),
  };
}
