// A partition as the image of the cluster has it.

export interface PartitionImage {
  /** -1: no broker leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}
