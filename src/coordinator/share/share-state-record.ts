// The records of a share partition in __share_group_state, in Kafka's format: a snapshot, which replaces all that came before it, and updates,
// which change it. A snapshot without a value removes the share partition.

import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../../protocol/state/coordinator-record.ts";
import { shareGroupStateRecords, shareSnapshotRecord, shareUpdateRecord } from "../../../protocol/state/share-group-state.ts";
import type { RecordCodec } from "../coordinator-state.ts";
import type { SharePartitionKey, StateBatch } from "./share-state-persister.ts";

/** What is different since the newest snapshot. */
export interface Update {
  /** Of that snapshot. */
  readonly snapshotEpoch: number;
  readonly leaderEpoch: number;
  /** -1 when it is not known; in an update: as it was. */
  readonly startOffset: number;
  /** -1 when it is not known. */
  readonly deliveryCompleteCount: number;
  readonly batches: readonly StateBatch[];
}

/** All that is known of a share partition. */
export interface Snapshot extends Update {
  readonly stateEpoch: number;
  /** When the state that it tells came to be, and when it was written: later, for what nobody has changed for long. */
  readonly createTimestampMs: number;
  readonly writeTimestampMs: number;
}

export type ShareStateRecord =
  | { readonly type: "snapshot"; readonly key: SharePartitionKey; readonly value: Snapshot | null }
  | { readonly type: "update"; readonly key: SharePartitionKey; readonly value: Update };

const VALUE_VERSION = 0;

export const shareStateRecordCodec: RecordCodec<ShareStateRecord> = {
  encode(record) {
    if (record.type === "update") {
      return { key: encodeKey(shareUpdateRecord, record.key), value: encodeUpdate(record.value) };
    }
    return { key: encodeKey(shareSnapshotRecord, record.key), value: record.value === null ? null : encodeSnapshot(record.value) };
  },

  decode(key, value) {
    const decoded = decodeKey(shareGroupStateRecords, key);
    switch (decoded?.name) {
      case undefined:
        return undefined;
      case "ShareSnapshot":
        return { type: "snapshot", key: decoded.key, value: value === null ? null : decodeSnapshot(value) };
      case "ShareUpdate":
        // A tombstone is one of snapshots; nobody writes another.
        return value === null ? undefined : { type: "update", key: decoded.key, value: decodeUpdate(value) };
    }
  },
};

function encodeSnapshot({ createTimestampMs, writeTimestampMs, batches, ...others }: Snapshot): Buffer {
  const times = { createTimestamp: createTimestampMs, writeTimestamp: writeTimestampMs };
  return encodeValue(shareSnapshotRecord, VALUE_VERSION, { ...others, ...times, stateBatches: batches });
}

function decodeSnapshot(buffer: Buffer): Snapshot {
  const { createTimestamp, writeTimestamp, stateBatches, ...others } = decodeValue(shareSnapshotRecord, buffer);
  return { ...others, createTimestampMs: createTimestamp, writeTimestampMs: writeTimestamp, batches: stateBatches };
}

function encodeUpdate({ batches, ...others }: Update): Buffer {
  return encodeValue(shareUpdateRecord, VALUE_VERSION, { ...others, stateBatches: batches });
}

function decodeUpdate(buffer: Buffer): Update {
  const { stateBatches, ...others } = decodeValue(shareUpdateRecord, buffer);
  return { ...others, batches: stateBatches };
}
