// What the share coordinator knows of a share partition. Each record gives the next one; nothing is changed in place.

import type { SharePartitionKey } from "./share-state-persister.ts";
import type { Snapshot, Update } from "./share-state-record.ts";
import { combineBatches } from "./state-batches.ts";

export interface SharePartition {
  readonly key: SharePartitionKey;
  readonly state: Snapshot;
  /** The highest that was ever stored: leaders of earlier epochs are fenced, also where the state has begun anew since. */
  readonly leaderEpoch: number;
  /** Updates since the count began anew, which it does with a snapshot that was due. */
  readonly updateCount: number;
  /** Of its newest snapshot: it needs nothing of the log below. */
  readonly snapshotOffset: number;
}

/** How many updates there are to a snapshot at most (`share.coordinator.snapshot.update.records.per.snapshot`). */
export function isSnapshotDue({ updateCount }: Pick<SharePartition, "updateCount">, updatesPerSnapshot: number): boolean {
  return updateCount >= updatesPerSnapshot;
}

export function afterSnapshot(
  known: SharePartition | undefined,
  { key, value: state }: { readonly key: SharePartitionKey; readonly value: Snapshot },
  { offset, updatesPerSnapshot }: { readonly offset: number; readonly updatesPerSnapshot: number },
): SharePartition {
  const updateCount = known === undefined || isSnapshotDue(known, updatesPerSnapshot) ? 0 : known.updateCount;
  return { key, state, leaderEpoch: Math.max(known?.leaderEpoch ?? 0, state.leaderEpoch), updateCount, snapshotOffset: offset };
}

export function afterUpdate(
  known: SharePartition | undefined,
  { key, value }: { readonly key: SharePartitionKey; readonly value: Update },
  offset: number,
): SharePartition {
  // Of which the snapshot is missing: it says as much as is known.
  const before: SharePartition = known ?? { key, state: UNKNOWN, leaderEpoch: 0, updateCount: 0, snapshotOffset: offset };
  const { state } = before;
  const startOffset = value.startOffset === -1 ? state.startOffset : value.startOffset;
  const leaderEpoch = value.leaderEpoch === -1 ? state.leaderEpoch : value.leaderEpoch;
  return {
    ...before,
    state: {
      ...state,
      leaderEpoch,
      startOffset,
      deliveryCompleteCount: value.deliveryCompleteCount,
      batches: combineBatches(state.batches, value.batches, startOffset),
    },
    leaderEpoch: Math.max(before.leaderEpoch, leaderEpoch),
    updateCount: before.updateCount + 1,
  };
}

const UNKNOWN: Snapshot = {
  snapshotEpoch: 0,
  stateEpoch: 0,
  leaderEpoch: 0,
  startOffset: -1,
  deliveryCompleteCount: -1,
  createTimestampMs: 0,
  writeTimestampMs: 0,
  batches: [],
};
