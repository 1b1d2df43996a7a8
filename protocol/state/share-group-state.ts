// Records of __share_group_state: per share partition a snapshot, and updates since then that replace parts of it (KIP-932).
// Delivery states of batches: 0 available, 2 acknowledged, 4 archived.

import { array, int8, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineRecord } from "./coordinator-record.ts";

const stateBatch = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
});

export const shareSnapshotRecord = defineRecord({
  type: 0,
  name: "ShareSnapshot",
  key: {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32("0+", -1).tag(0),
    createTimestamp: int64(),
    writeTimestamp: int64(),
    stateBatches: array(stateBatch),
  },
});

export const shareUpdateRecord = defineRecord({
  type: 1,
  name: "ShareUpdate",
  key: {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
  versions: "0",
  flexible: "0+",
  value: {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32("0+", -1).tag(0),
    stateBatches: array(stateBatch),
  },
});

/** For `decodeKey`. */
export const shareGroupStateRecords = [shareSnapshotRecord, shareUpdateRecord] as const;
