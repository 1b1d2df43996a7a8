// What each member has while a sticky assignment is being made: at first what it had before, of which only that counts which it may keep.
// A part that does not change is not copied.

import type { Assignment, AssignmentMember } from "./assignor.ts";

/** The partitions of a topic, and whether they have an owner. */
export class TopicPartitions {
  readonly id: string;
  readonly count: number;
  readonly #isOwned: Uint8Array;
  #ownedCount = 0;
  /** No partition below it is without an owner; holds while partitions are taken. */
  #firstFree = 0;

  constructor(id: string, count: number) {
    this.id = id;
    this.count = count;
    this.#isOwned = new Uint8Array(count);
  }

  get freeCount(): number {
    return this.count - this.#ownedCount;
  }

  /** Of these partitions, those that exist and have no owner yet: they have one now. The same array when that is all of them. */
  claim(partitions: readonly number[]): readonly number[] {
    const isOwned = this.#isOwned;
    let claimed = 0;
    for (; claimed < partitions.length; claimed++) {
      const partition = partitions[claimed] ?? 0;
      if (isOwned[partition] !== 0) break;
      isOwned[partition] = 1;
    }
    this.#ownedCount += claimed;
    if (claimed === partitions.length) return partitions;
    return [...partitions.slice(0, claimed), ...this.claim(partitions.slice(claimed + 1))];
  }

  free(partitions: readonly number[]): void {
    for (const partition of partitions) this.#isOwned[partition] = 0;
    this.#ownedCount -= partitions.length;
    this.#firstFree = 0;
  }

  /** The lowest that have no owner, ascending, so many at most: they have one now. */
  take(count: number): number[] {
    const taken: number[] = [];
    let partition = this.#firstFree;
    for (; partition < this.count && taken.length < count; partition++) {
      if (this.#isOwned[partition] === 1) continue;
      this.#isOwned[partition] = 1;
      taken.push(partition);
    }
    this.#firstFree = partition;
    this.#ownedCount += taken.length;
    return taken;
  }
}

/** By index of the member. */
export class Parts {
  readonly #members: readonly AssignmentMember[];
  /** Of those whose part changes. */
  readonly #changed: (Map<string, readonly number[]> | undefined)[];

  constructor(members: readonly AssignmentMember[]) {
    this.#members = members;
    this.#changed = new Array(members.length);
  }

  of(index: number): Assignment {
    return this.#changed[index] ?? this.#members[index]?.current ?? new Map();
  }

  /** Ascending partitions, in place of what the member has of the topic. */
  set(index: number, topicId: string, partitions: readonly number[]): void {
    const part = this.#changed[index] ?? new Map(this.of(index));
    this.#changed[index] = part;
    if (partitions.length === 0) part.delete(topicId);
    else part.set(topicId, partitions);
  }

  /** Takes the last `count` partitions of a topic from a member. */
  release(index: number, topic: TopicPartitions, count: number): void {
    const partitions = this.of(index).get(topic.id) ?? [];
    topic.free(partitions.slice(partitions.length - count));
    this.set(index, topic.id, partitions.slice(0, partitions.length - count));
  }

  /** Gives a member up to `count` partitions of a topic that have no owner; says how many. */
  add(index: number, topic: TopicPartitions, count: number): number {
    const taken = topic.take(count);
    const had = this.of(index).get(topic.id);
    if (taken.length > 0) this.set(index, topic.id, had === undefined ? taken : [...had, ...taken].sort((a, b) => a - b));
    return taken.length;
  }

  /** By member id. */
  result(): ReadonlyMap<string, Assignment> {
    const result = new Map<string, Assignment>();
    for (let index = 0; index < this.#members.length; index++) result.set(this.#members[index]?.memberId ?? "", this.of(index));
    return result;
  }
}
