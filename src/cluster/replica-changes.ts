// What the coming and going of a broker means for a partition, by Kafka's rules. The bytes are stored once, so a replica that is back has
// caught up at once; who is in sync is state all the same, because min.insync.replicas and elections depend on it.
//
//   a broker goes    it leaves the in-sync replicas, unless it is the last of them: that one alone may lead again
//                    if it led, the next of the replicas in their order that is in sync and there leads; else nobody
//   a broker comes   it is in sync again where somebody leads; where nobody does, it leads if it was in sync

import type { PartitionImage } from "./partition-image.ts";

/** A start ends what the broker led before, as an election does: its leader epochs rise. */
export function brokerCame(partition: PartitionImage, brokerId: number): PartitionImage {
  const { leader, leaderEpoch, replicas, inSyncReplicas } = partition;
  const isInSync = inSyncReplicas.includes(brokerId);
  if (leader === brokerId || (leader === -1 && isInSync)) return { ...partition, leader: brokerId, leaderEpoch: leaderEpoch + 1 };
  if (leader === -1 || isInSync || !replicas.includes(brokerId)) return partition;
  return { ...partition, inSyncReplicas: replicas.filter((id) => id === brokerId || inSyncReplicas.includes(id)) };
}

export function brokerWent(partition: PartitionImage, brokerId: number, isThere: (id: number) => boolean): PartitionImage {
  const { leader, leaderEpoch, replicas, inSyncReplicas } = partition;
  const others = inSyncReplicas.filter((id) => id !== brokerId);
  const left = others.length === 0 || others.length === inSyncReplicas.length ? inSyncReplicas : others;
  if (leader !== brokerId) return left === inSyncReplicas ? partition : { ...partition, inSyncReplicas: left };
  const next = replicas.find((id) => id !== brokerId && left.includes(id) && isThere(id));
  return { ...partition, leader: next ?? -1, leaderEpoch: leaderEpoch + 1, inSyncReplicas: left };
}
