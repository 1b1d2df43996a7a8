// Offsets that were committed in transactions which are still open (KIP-98), by producer and by group: whether a group or a partition has
// any is looked up, not searched for, however much is pending. Of two commits of a producer for the same partition the later one counts.

import type { OffsetRecord } from "./group-record.ts";

export interface PendingOffset {
  readonly record: OffsetRecord;
  /** Of the record in the coordinator's log. */
  readonly recordOffset: number;
}

type PartitionKey = string;

export class PendingOffsets {
  readonly #byProducer = new Map<number, Map<PartitionKey, PendingOffset>>();
  /** Which producers have committed each partition of a group. */
  readonly #byGroup = new Map<string, Map<PartitionKey, Set<number>>>();

  add(producerId: number, pending: PendingOffset): void {
    const { groupId, topic, partition } = pending.record;
    const key = keyOf(groupId, topic, partition);
    entry(this.#byProducer, producerId, () => new Map<PartitionKey, PendingOffset>()).set(key, pending);
    const partitions = entry(this.#byGroup, groupId, () => new Map<PartitionKey, Set<number>>());
    entry(partitions, key, () => new Set<number>()).add(producerId);
  }

  /** The producer's transaction is over: what it has committed is no longer pending. */
  take(producerId: number): PendingOffset[] {
    const taken = this.#byProducer.get(producerId);
    this.#byProducer.delete(producerId);
    for (const [key, { record }] of taken ?? []) this.#forget(record.groupId, key, producerId);
    return [...(taken?.values() ?? [])];
  }

  /** What any transaction has committed for the partition is no longer pending. */
  drop(groupId: string, topic: string, partition: number): void {
    const key = keyOf(groupId, topic, partition);
    for (const producerId of [...(this.#byGroup.get(groupId)?.get(key) ?? [])]) {
      const offsets = this.#byProducer.get(producerId);
      offsets?.delete(key);
      if (offsets?.size === 0) this.#byProducer.delete(producerId);
      this.#forget(groupId, key, producerId);
    }
  }

  has(groupId: string, topic: string, partition: number): boolean {
    const partitions = this.#byGroup.get(groupId);
    return partitions?.has(keyOf(groupId, topic, partition)) === true;
  }

  hasGroup(groupId: string): boolean {
    return this.#byGroup.has(groupId);
  }

  groupIds(): Iterable<string> {
    return this.#byGroup.keys();
  }

  /** One for each partition of the group for which something is pending. */
  *ofGroup(groupId: string): Iterable<OffsetRecord> {
    for (const [key, producerIds] of this.#byGroup.get(groupId) ?? []) {
      const [producerId = -1] = producerIds;
      const pending = this.#byProducer.get(producerId)?.get(key);
      if (pending !== undefined) yield pending.record;
    }
  }

  #forget(groupId: string, key: PartitionKey, producerId: number): void {
    const partitions = this.#byGroup.get(groupId);
    const producerIds = partitions?.get(key);
    producerIds?.delete(producerId);
    if (producerIds?.size === 0) partitions?.delete(key);
    if (partitions?.size === 0) this.#byGroup.delete(groupId);
  }
}

/** Topics have no spaces in their names, groups may have. */
function keyOf(groupId: string, topic: string, partition: number): PartitionKey {
  return `${partition} ${topic} ${groupId}`;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, made: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = made();
  map.set(key, value);
  return value;
}
