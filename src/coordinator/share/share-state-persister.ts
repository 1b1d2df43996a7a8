// Where the state of share partitions is kept: asked by the group coordinator, which sets up and removes it, and by the leaders of
// partitions, who load it and store each change. The share coordinator answers (KIP-932), on whichever broker that is; whoever asks need not
// know. Calls about one share partition take effect in the order in which they were made, kind by kind. No call rejects; each ends within a
// minute or so, with COORDINATOR_NOT_AVAILABLE where no coordinator was found to answer.

import type { Refusal } from "../../cluster/refusal.ts";

/** A partition of a topic as one group shares it. */
export interface SharePartitionKey {
  readonly groupId: string;
  readonly topicId: string;
  readonly partition: number;
}

/** Records next to each other that are in one state. */
export interface StateBatch {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** 0 available, 2 acknowledged, 4 archived. That records are acquired is not stored: after a crash they are available again. */
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

export interface InitialState {
  /** Rises each time the state begins anew; 0 or more. What is stored with a higher one is kept: FENCED_STATE_EPOCH. */
  readonly stateEpoch: number;
  /** -1: the leader of the partition decides where the group begins, by `share.auto.offset.reset`. */
  readonly startOffset: number;
}

export interface StoredState {
  readonly stateEpoch: number;
  /** The first offset that is not done with; -1 when no leader has decided it yet. */
  readonly startOffset: number;
  /** In order, disjoint; none below the start offset. */
  readonly batches: readonly StateBatch[];
}

export interface StateChange {
  /** As it was read. */
  readonly stateEpoch: number;
  /** Of the partition, in which this leader leads. */
  readonly leaderEpoch: number;
  /** -1: as it was. */
  readonly startOffset: number;
  /** Of the records from the start offset on, how many are acknowledged or archived. */
  readonly deliveryCompleteCount: number;
  /** What changed. */
  readonly batches: readonly StateBatch[];
}

export interface StateSummary {
  readonly stateEpoch: number;
  readonly leaderEpoch: number;
  /** -1 when no leader has decided it yet, or nothing is stored. */
  readonly startOffset: number;
  /** -1 when it is not known. */
  readonly deliveryCompleteCount: number;
}

export interface ShareStatePersister {
  /** Lets the state begin, or begin anew: nothing is known of any record. `undefined` when it is stored. */
  initialize(key: SharePartitionKey, state: InitialState): Promise<Refusal | undefined>;
  /**
   * For the leader of the partition in `leaderEpoch`: leaders before it can store nothing from then on, and are told FENCED_LEADER_EPOCH.
   * INVALID_REQUEST where no state was initialized.
   */
  read(key: SharePartitionKey, leaderEpoch: number): Promise<StoredState | Refusal>;
  /** `undefined` when it is stored. FENCED_LEADER_EPOCH, FENCED_STATE_EPOCH; INVALID_REQUEST where no state was initialized. */
  write(key: SharePartitionKey, change: StateChange): Promise<Refusal | undefined>;
  /** Also of what is not there: `undefined`. */
  delete(key: SharePartitionKey): Promise<Refusal | undefined>;
  /** For everybody: fences nobody. @param leaderEpoch -1 where it is not known */
  readSummary(key: SharePartitionKey, leaderEpoch: number): Promise<StateSummary | Refusal>;
}
