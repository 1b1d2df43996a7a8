// What is decided about a share partition: the records that make it so, or why not. In Kafka's order of checks, and in its words.

import { Errors } from "../../../protocol/errors.ts";
import type { Refusal } from "../../cluster/refusal.ts";
import { isSnapshotDue, type SharePartition } from "./share-partition.ts";
import type { InitialState, SharePartitionKey, StateChange, StoredState } from "./share-state-persister.ts";
import type { ShareStateRecord, Snapshot } from "./share-state-record.ts";
import { combineBatches } from "./state-batches.ts";

export interface DecisionContext {
  readonly nowMs: number;
  readonly updatesPerSnapshot: number;
  /** The topic is there, with that partition. */
  readonly isPartitionThere: boolean;
}

const NEGATIVE_PARTITION: Refusal = { error: Errors.INVALID_REQUEST, message: "The partition id cannot be a negative number." };
const FENCED_LEADER: Refusal = {
  error: Errors.FENCED_LEADER_EPOCH,
  message: "The leader epoch in the request is older than the epoch on the broker.",
};
const FENCED_STATE: Refusal = {
  error: Errors.FENCED_STATE_EPOCH,
  message: "The share coordinator rejected the request because the share-group state epoch did not match.",
};
const NO_PARTITION: Refusal = {
  error: Errors.UNKNOWN_TOPIC_OR_PARTITION,
  message: "This server does not host this topic-partition.",
};
const NOT_GIVEN = -1;

/** Begins anew, whatever is known. */
export function decideInitialize(
  known: SharePartition | undefined,
  key: SharePartitionKey,
  { stateEpoch, startOffset }: InitialState,
  { nowMs, isPartitionThere }: DecisionContext,
): ShareStateRecord | Refusal {
  if (key.partition < 0) return NEGATIVE_PARTITION;
  if (stateEpoch !== NOT_GIVEN && known !== undefined && known.state.stateEpoch > stateEpoch) return FENCED_STATE;
  if (!isPartitionThere) return NO_PARTITION;
  const value: Snapshot = {
    snapshotEpoch: known === undefined ? 0 : known.state.snapshotEpoch + 1,
    stateEpoch,
    leaderEpoch: 0,
    startOffset,
    // Nobody can tell for a start that nobody has decided.
    deliveryCompleteCount: startOffset === -1 ? -1 : 0,
    createTimestampMs: nowMs,
    writeTimestampMs: nowMs,
    batches: [],
  };
  return { type: "snapshot", key, value };
}

/** What is told of it, and the record that fences the leaders before, where that is news. */
export function decideRead(
  known: SharePartition | undefined,
  key: SharePartitionKey,
  leaderEpoch: number,
  context: DecisionContext,
): { readonly told: StoredState; readonly records: readonly ShareStateRecord[] } | Refusal {
  if (key.partition < 0) return NEGATIVE_PARTITION;
  if (known === undefined) return uninitialized("Read");
  if (leaderEpoch !== NOT_GIVEN && known.leaderEpoch > leaderEpoch) return FENCED_LEADER;
  if (!context.isPartitionThere) return NO_PARTITION;
  const { stateEpoch, startOffset, deliveryCompleteCount, batches } = known.state;
  const told = { stateEpoch, startOffset, batches };
  if (leaderEpoch === NOT_GIVEN || leaderEpoch === known.leaderEpoch) return { told, records: [] };
  return { told, records: [nextRecord(known, { leaderEpoch, startOffset, deliveryCompleteCount, batches: [] }, context)] };
}

/** A newer leader epoch, or state epoch, than is known passes, and only reading stores it. */
export function decideWrite(
  known: SharePartition | undefined,
  key: SharePartitionKey,
  { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, batches }: StateChange,
  context: DecisionContext,
): ShareStateRecord | Refusal {
  if (key.partition < 0) return NEGATIVE_PARTITION;
  if (known === undefined) return uninitialized("Write");
  if (leaderEpoch !== NOT_GIVEN && known.leaderEpoch > leaderEpoch) return FENCED_LEADER;
  if (stateEpoch !== NOT_GIVEN && known.state.stateEpoch > stateEpoch) return FENCED_STATE;
  if (!context.isPartitionThere) return NO_PARTITION;
  return nextRecord(known, { leaderEpoch: known.state.leaderEpoch, startOffset, deliveryCompleteCount, batches }, context);
}

/** `undefined`: there is nothing to remove. */
export function decideDelete(
  known: SharePartition | undefined,
  key: SharePartitionKey,
  { isPartitionThere }: DecisionContext,
): ShareStateRecord | Refusal | undefined {
  const fault = decideSummary(key, { isPartitionThere });
  if (fault !== undefined) return fault;
  return known === undefined ? undefined : tombstone(known);
}

/** Why nothing is told of it. */
export function decideSummary(
  { partition }: SharePartitionKey,
  { isPartitionThere }: Pick<DecisionContext, "isPartitionThere">,
): Refusal | undefined {
  if (partition < 0) return NEGATIVE_PARTITION;
  return isPartitionThere ? undefined : NO_PARTITION;
}

export function tombstone({ key }: SharePartition): ShareStateRecord {
  return { type: "snapshot", key, value: null };
}

/**
 * Snapshots of what nobody has written one of for so long, so that the log before can go; none where all share partitions are in that state
 * already.
 */
export function coldSnapshots(
  known: Iterable<SharePartition>,
  { nowMs, intervalMs }: { nowMs: number; intervalMs: number },
): ShareStateRecord[] {
  const partitions = [...known];
  if (partitions.every(({ state }) => state.createTimestampMs < state.writeTimestampMs)) return [];
  return partitions
    .filter(({ state }) => nowMs - state.writeTimestampMs >= intervalMs)
    .map(({ key, state }) => ({
      type: "snapshot",
      key,
      value: { ...state, snapshotEpoch: state.snapshotEpoch + 1, writeTimestampMs: nowMs },
    }));
}

function uninitialized(operation: "Read" | "Write"): Refusal {
  return { error: Errors.INVALID_REQUEST, message: `${operation} operation on uninitialized share partition not allowed.` };
}

function nextRecord(
  known: SharePartition,
  change: Pick<Snapshot, "leaderEpoch" | "startOffset" | "deliveryCompleteCount" | "batches">,
  { nowMs, updatesPerSnapshot }: DecisionContext,
): ShareStateRecord {
  const { key, state } = known;
  if (!isSnapshotDue(known, updatesPerSnapshot)) {
    const batches = combineBatches([], change.batches, change.startOffset);
    return { type: "update", key, value: { ...change, snapshotEpoch: state.snapshotEpoch, batches } };
  }
  const startOffset = change.startOffset === -1 ? state.startOffset : change.startOffset;
  const value: Snapshot = {
    ...change,
    snapshotEpoch: state.snapshotEpoch + 1,
    stateEpoch: state.stateEpoch,
    startOffset,
    createTimestampMs: nowMs,
    writeTimestampMs: nowMs,
    batches: combineBatches(state.batches, change.batches, startOffset),
  };
  return { type: "snapshot", key, value };
}
