// The committed offsets of the groups of one shard, by group, topic and partition.
//
// An offset committed in a transaction is pending until the transaction's marker comes (KIP-98): it is replayed with its producer id,
// and nobody sees it but those who must know that the committed offset is about to change (require_stable, KIP-447).

import type { RecordOrigin } from "../coordinator-state.ts";
import type { CommittedOffset, OffsetRecord } from "./group-record.ts";
import { PendingOffsets } from "./pending-offsets.ts";

interface StoredOffset extends CommittedOffset {
  /** Of its record in the coordinator's log: of two commits the later record counts, whenever a transaction ends. */
  readonly recordOffset: number;
}

type OffsetsOfGroup = Map<string, Map<number, StoredOffset>>;

export class CommittedOffsets {
  readonly #groups = new Map<string, OffsetsOfGroup>();
  readonly #pending = new PendingOffsets();

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> | undefined {
    return this.#groups.get(groupId);
  }

  /** A transaction that is still open has committed an offset of the partition. */
  isUnstable(groupId: string, topic: string, partition: number): boolean {
    return this.#pending.has(groupId, topic, partition);
  }

  hasUnstable(groupId: string): boolean {
    return this.#pending.hasGroup(groupId);
  }

  replay(record: OffsetRecord, origin: RecordOrigin | undefined): void {
    const { producerId = -1, offset: recordOffset = -1 } = origin ?? {};
    if (producerId >= 0) {
      this.#pending.add(producerId, { record, recordOffset });
      return;
    }
    // What is deleted must not come back when a transaction commits.
    if (record.committed === null) this.#pending.drop(record.groupId, record.topic, record.partition);
    this.#set(record, recordOffset);
  }

  endTransaction(producerId: number, isCommit: boolean): void {
    const pending = this.#pending.take(producerId);
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
    for (const record of this.#pending.ofGroup(groupId)) {
      const { topic, partition } = record;
      if (isWanted(topic) && this.get(groupId, topic, partition) === undefined) records.push({ ...record, committed: null });
    }
    return records;
  }

  /** Groups that have offsets, or will when a transaction commits. */
  groupIds(): Iterable<string> {
    return new Set([...this.#groups.keys(), ...this.#pending.groupIds()]);
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
