// The committed offsets of the groups of one shard, by group, topic and partition.
//
// An offset committed in a transaction is pending until the transaction's marker comes (KIP-98): it is replayed with its producer id,
// and nobody sees it but those who must know that the committed offset is about to change (require_stable, KIP-447).

import type { RecordOrigin } from "../coordinator-state.ts";
import type { CommittedOffset, OffsetRecord } from "./group-record.ts";

type OffsetsOfGroup = Map<string, Map<number, CommittedOffset>>;

export class CommittedOffsets {
  readonly #groups = new Map<string, OffsetsOfGroup>();
  /** By producer id, the offsets of its open transaction in the order of their commit. */
  readonly #pending = new Map<number, OffsetRecord[]>();

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> | undefined {
    return this.#groups.get(groupId);
  }

  /** A transaction that is still open has committed an offset of the partition. */
  isUnstable(groupId: string, topic: string, partition: number): boolean {
    if (this.#pending.size === 0) return false;
    return this.#somePending((each) => each.groupId === groupId && each.topic === topic && each.partition === partition);
  }

  hasUnstable(groupId: string): boolean {
    return this.#pending.size > 0 && this.#somePending((each) => each.groupId === groupId);
  }

  replay(record: OffsetRecord, origin: RecordOrigin | undefined): void {
    if (origin === undefined || origin.producerId < 0) return this.#set(record);
    const pending = this.#pending.get(origin.producerId);
    if (pending === undefined) this.#pending.set(origin.producerId, [record]);
    else pending.push(record);
  }

  endTransaction(producerId: number, isCommit: boolean): void {
    const pending = this.#pending.get(producerId) ?? [];
    this.#pending.delete(producerId);
    if (isCommit) for (const record of pending) this.#set(record);
  }

  /** Tombstones for every offset of the group, or for those of some topics. */
  tombstones(groupId: string, topics?: ReadonlySet<string>): OffsetRecord[] {
    const records: OffsetRecord[] = [];
    for (const [topic, partitions] of this.#groups.get(groupId) ?? []) {
      if (topics !== undefined && !topics.has(topic)) continue;
      for (const partition of partitions.keys()) records.push({ type: "offset", groupId, topic, partition, committed: null });
    }
    return records;
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  #somePending(matches: (record: OffsetRecord) => boolean): boolean {
    for (const records of this.#pending.values()) if (records.some(matches)) return true;
    return false;
  }

  #set({ groupId, topic, partition, committed }: OffsetRecord): void {
    if (committed === null) return this.#delete(groupId, topic, partition);
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, (topics = new Map()));
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = new Map()));
    partitions.set(partition, committed);
  }

  #delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
    if (topics?.size === 0) this.#groups.delete(groupId);
  }
}
