// The committed offsets of the groups of one shard, by group, topic and partition.
//
// An offset committed in a transaction is pending until the transaction's marker comes (KIP-98): it is replayed with its producer id,
// and nobody sees it but those who must know that the committed offset is about to change (require_stable, KIP-447).

import type { RecordOrigin } from "../coordinator-state.ts";
import type { CommittedOffset, OffsetRecord } from "./group-record.ts";

interface StoredOffset extends CommittedOffset {
  /** Of its record in the coordinator's log: of two commits the later record counts, whenever a transaction ends. */
  readonly recordOffset: number;
}

interface PendingOffset {
  readonly record: OffsetRecord;
  readonly recordOffset: number;
}

type OffsetsOfGroup = Map<string, Map<number, StoredOffset>>;

export class CommittedOffsets {
  readonly #groups = new Map<string, OffsetsOfGroup>();
  /** By producer id, the offsets of its open transaction in the order of their commit. */
  readonly #pending = new Map<number, PendingOffset[]>();

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
    const { producerId = -1, offset: recordOffset = -1 } = origin ?? {};
    if (producerId < 0) {
      if (record.committed === null) this.#dropPending(record);
      this.#set(record, recordOffset);
      return;
    }
    const pending = this.#pending.get(producerId);
    if (pending === undefined) this.#pending.set(producerId, [{ record, recordOffset }]);
    else pending.push({ record, recordOffset });
  }

  endTransaction(producerId: number, isCommit: boolean): void {
    const pending = this.#pending.get(producerId) ?? [];
    this.#pending.delete(producerId);
    if (!isCommit) return;
    for (const { record, recordOffset } of pending) {
      const stored = this.#groups.get(record.groupId)?.get(record.topic)?.get(record.partition);
      if (stored === undefined || stored.recordOffset < recordOffset) this.#set(record, recordOffset);
    }
  }

  /** Tombstones for every offset of the group, or for those of some topics; also for those that are pending. */
  tombstones(groupId: string, topics?: ReadonlySet<string>): OffsetRecord[] {
    const records: OffsetRecord[] = [];
    const isWanted = (topic: string) => topics === undefined || topics.has(topic);
    for (const [topic, partitions] of this.#groups.get(groupId) ?? []) {
      if (!isWanted(topic)) continue;
      for (const partition of partitions.keys()) records.push({ type: "offset", groupId, topic, partition, committed: null });
    }
    for (const pending of this.#pending.values()) {
      for (const { record } of pending) {
        const { topic, partition } = record;
        if (record.groupId === groupId && isWanted(topic) && this.get(groupId, topic, partition) === undefined)
          records.push({ ...record, committed: null });
      }
    }
    return records;
  }

  /** Groups that have offsets, or will when a transaction commits. */
  groupIds(): Iterable<string> {
    if (this.#pending.size === 0) return this.#groups.keys();
    const groupIds = new Set(this.#groups.keys());
    for (const pending of this.#pending.values()) for (const { record } of pending) groupIds.add(record.groupId);
    return groupIds;
  }

  #somePending(matches: (record: OffsetRecord) => boolean): boolean {
    for (const pending of this.#pending.values()) if (pending.some(({ record }) => matches(record))) return true;
    return false;
  }

  /** What is deleted must not come back when a transaction commits. */
  #dropPending({ groupId, topic, partition }: OffsetRecord): void {
    for (const [producerId, pending] of this.#pending) {
      const kept = pending.filter(({ record }) => record.groupId !== groupId || record.topic !== topic || record.partition !== partition);
      if (kept.length === 0) this.#pending.delete(producerId);
      else if (kept.length < pending.length) this.#pending.set(producerId, kept);
    }
  }

  #set({ groupId, topic, partition, committed }: OffsetRecord, recordOffset: number): void {
    if (committed === null) {
      this.#delete(groupId, topic, partition);
      return;
    }
    const topics: OffsetsOfGroup = this.#groups.get(groupId) ?? new Map();
    const partitions: Map<number, StoredOffset> = topics.get(topic) ?? new Map();
    this.#groups.set(groupId, topics.set(topic, partitions.set(partition, { ...committed, recordOffset })));
  }

  #delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
    if (topics?.size === 0) this.#groups.delete(groupId);
  }
}
