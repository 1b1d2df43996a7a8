// How the records of streams groups lie in __consumer_offsets: as Kafka 4.3 writes them.

import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../../protocol/state/coordinator-record.ts";
import {
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTopologyRecord,
} from "../../../../protocol/state/streams-group-records.ts";
import { type MemberState, MemberStates, type StreamsIdentity, type StreamsProgress } from "./streams-member.ts";
import type { StreamsGroupValue, StreamsRecord } from "./streams-record.ts";
import { type HeldByRole, type HeldTasks, type TaskIds, type Tasks, type TasksByRole, tasksOf, toTaskIds } from "./tasks.ts";

const RECORD_TYPES = [
  streamsGroupMetadataRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupTopologyRecord,
] as const;

const VERSION = 0;

export function encodeStreamsRecord(record: StreamsRecord): { readonly key: Buffer; readonly value: Buffer | null } {
  const { groupId } = record;
  switch (record.type) {
    case "streamsGroup":
      return {
        key: encodeKey(streamsGroupMetadataRecord, { groupId }),
        value: record.value === null ? null : encodeGroup(record.value),
      };
    case "streamsMember":
      return {
        key: encodeKey(streamsGroupMemberMetadataRecord, { groupId, memberId: record.memberId }),
        value: record.identity === null ? null : encodeIdentity(record.identity),
      };
    case "streamsTarget":
      return {
        key: encodeKey(streamsGroupTargetAssignmentMetadataRecord, { groupId }),
        value:
          record.value === null
            ? null
            : encodeValue(streamsGroupTargetAssignmentMetadataRecord, VERSION, {
                assignmentEpoch: record.value.epoch,
                assignmentTimestamp: record.value.timestampMs,
              }),
      };
    case "streamsMemberTarget":
      return {
        key: encodeKey(streamsGroupTargetAssignmentMemberRecord, { groupId, memberId: record.memberId }),
        value: record.target === null ? null : encodeTarget(record.target),
      };
    case "streamsMemberProgress":
      return {
        key: encodeKey(streamsGroupCurrentMemberAssignmentRecord, { groupId, memberId: record.memberId }),
        value: record.progress === null ? null : encodeProgress(record.progress),
      };
    case "streamsTopology":
      return {
        key: encodeKey(streamsGroupTopologyRecord, { groupId }),
        value: record.topology === null ? null : encodeValue(streamsGroupTopologyRecord, VERSION, record.topology),
      };
  }
}

/** `undefined` for a record of another kind. Throws MalformedMessage. */
export function decodeStreamsRecord(key: Buffer, value: Buffer | null): StreamsRecord | undefined {
  const decoded = decodeKey(RECORD_TYPES, key);
  if (decoded === undefined) return undefined;
  const { groupId } = decoded.key;
  switch (decoded.name) {
    case "StreamsGroupMetadata":
      return { type: "streamsGroup", groupId, value: value === null ? null : decodeGroup(value) };
    case "StreamsGroupMemberMetadata":
      return { type: "streamsMember", groupId, memberId: decoded.key.memberId, identity: value === null ? null : decodeIdentity(value) };
    case "StreamsGroupTargetAssignmentMetadata": {
      if (value === null) return { type: "streamsTarget", groupId, value: null };
      const { assignmentEpoch: epoch, assignmentTimestamp: timestampMs } = decodeValue(streamsGroupTargetAssignmentMetadataRecord, value);
      return { type: "streamsTarget", groupId, value: { epoch, timestampMs } };
    }
    case "StreamsGroupTargetAssignmentMember":
      return {
        type: "streamsMemberTarget",
        groupId,
        memberId: decoded.key.memberId,
        target: value === null ? null : decodeTarget(value),
      };
    case "StreamsGroupCurrentMemberAssignment":
      return {
        type: "streamsMemberProgress",
        groupId,
        memberId: decoded.key.memberId,
        progress: value === null ? null : decodeProgress(value),
      };
    case "StreamsGroupTopology":
      return { type: "streamsTopology", groupId, topology: value === null ? null : decodeValue(streamsGroupTopologyRecord, value) };
  }
}

function encodeGroup({ epoch, metadataHash, validatedTopologyEpoch, assignmentSettings }: StreamsGroupValue): Buffer {
  const lastAssignmentConfigs = [...assignmentSettings].map(([key, value]) => ({ key, value }));
  return encodeValue(streamsGroupMetadataRecord, VERSION, { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs });
}

function decodeGroup(buffer: Buffer): StreamsGroupValue {
  const { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs } = decodeValue(streamsGroupMetadataRecord, buffer);
  const assignmentSettings = new Map((lastAssignmentConfigs ?? []).map(({ key, value }) => [key, value]));
  return { epoch, metadataHash, validatedTopologyEpoch, assignmentSettings };
}

function encodeIdentity({ endpoint, clientTags, ...identity }: StreamsIdentity): Buffer {
  return encodeValue(streamsGroupMemberMetadataRecord, VERSION, {
    ...identity,
    userEndpoint: endpoint,
    clientTags: [...clientTags].map(([key, value]) => ({ key, value })),
  });
}

function decodeIdentity(buffer: Buffer): StreamsIdentity {
  const { userEndpoint, clientTags, ...identity } = decodeValue(streamsGroupMemberMetadataRecord, buffer);
  return { ...identity, endpoint: userEndpoint, clientTags: new Map(clientTags.map(({ key, value }) => [key, value])) };
}

function encodeTarget({ active, standby, warmup }: TasksByRole): Buffer {
  return encodeValue(streamsGroupTargetAssignmentMemberRecord, VERSION, {
    activeTasks: toTaskIds(active),
    standbyTasks: toTaskIds(standby),
    warmupTasks: toTaskIds(warmup),
  });
}

function decodeTarget(buffer: Buffer): TasksByRole {
  const { activeTasks, standbyTasks, warmupTasks } = decodeValue(streamsGroupTargetAssignmentMemberRecord, buffer);
  return { active: tasksOf(activeTasks), standby: tasksOf(standbyTasks), warmup: tasksOf(warmupTasks) };
}

function encodeProgress({ epoch, previousEpoch, state, assigned, pendingRevocation }: StreamsProgress): Buffer {
  return encodeValue(streamsGroupCurrentMemberAssignmentRecord, VERSION, {
    memberEpoch: epoch,
    previousMemberEpoch: previousEpoch,
    state,
    activeTasks: encodeHeld(assigned.active),
    standbyTasks: encodeTasks(assigned.standby),
    warmupTasks: encodeTasks(assigned.warmup),
    activeTasksPendingRevocation: encodeHeld(pendingRevocation.active),
    standbyTasksPendingRevocation: encodeTasks(pendingRevocation.standby),
    warmupTasksPendingRevocation: encodeTasks(pendingRevocation.warmup),
  });
}

function encodeHeld(held: HeldTasks) {
  return [...held].map(([subtopologyId, epochs]) => {
    const inOrder = [...epochs].sort(([a], [b]) => a - b);
    return {
      subtopologyId,
      partitions: inOrder.map(([partition]) => partition),
      assignmentEpochs: inOrder.map(([, epoch]) => epoch),
    };
  });
}

function encodeTasks(tasks: Tasks) {
  return toTaskIds(tasks).map((ids) => ({ ...ids, assignmentEpochs: null }));
}

function decodeProgress(buffer: Buffer): StreamsProgress {
  const value = decodeValue(streamsGroupCurrentMemberAssignmentRecord, buffer);
  const held = (active: readonly StoredTasks[], standby: readonly TaskIds[], warmup: readonly TaskIds[]): HeldByRole => ({
    active: decodeHeld(active, value.memberEpoch),
    standby: tasksOf(standby),
    warmup: tasksOf(warmup),
  });
  return {
    epoch: value.memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: STATES.get(value.state) ?? MemberStates.UNKNOWN,
    assigned: held(value.activeTasks, value.standbyTasks, value.warmupTasks),
    pendingRevocation: held(value.activeTasksPendingRevocation, value.standbyTasksPendingRevocation, value.warmupTasksPendingRevocation),
  };
}

interface StoredTasks extends TaskIds {
  readonly assignmentEpochs: readonly number[] | null;
}

/** Versions before 4.2 did not store at which epoch tasks were given: the member's own is on the safe side. */
function decodeHeld(stored: readonly StoredTasks[], memberEpoch: number): HeldTasks {
  return new Map(
    stored.map(({ subtopologyId, partitions, assignmentEpochs }) => [
      subtopologyId,
      new Map(partitions.map((partition, index) => [partition, assignmentEpochs?.[index] ?? memberEpoch])),
    ]),
  );
}

const STATES: ReadonlyMap<number, MemberState> = new Map(Object.values(MemberStates).map((state) => [state, state]));
