// The assignor of share groups, `simple` (KIP-932): members share partitions, so every one of them gets some, and every partition has members.
//
// Topics with the same subscribers are dealt out together. With M members and P partitions each partition gets ceil(M / P) members, and the
// places are spread evenly: nobody has more than one partition more than another. What need not move stays where it was.

import { assert } from "../../../base/assert.ts";
import { type Assignment, type AssignmentMember, isSameAssignment } from "./assignor.ts";

export interface SharingInput {
  readonly members: readonly AssignmentMember[];
  /** Those of a topic that can be assigned, ascending. */
  readonly partitionsOf: (topicId: string) => readonly number[];
}

/** By member id, everyone's. Members that have what comes out get it again, and what a member keeps whole is the object that it had. */
export function assignShared({ members, partitionsOf }: SharingInput): ReadonlyMap<string, Assignment> {
  const assigned = new Map<AssignmentMember, Map<string, number[]>>(members.map((member) => [member, new Map()]));
  for (const { topicIds, subscribers } of topicsBySubscribers(members)) {
    const partitions = topicIds.flatMap((topicId) => partitionsOf(topicId).map((partition) => ({ topicId, partition })));
    const sharing = new Sharing(subscribers, partitions);
    sharing.level();
    sharing.fill();
    for (const [member, indexes] of sharing.shares()) {
      for (const index of [...indexes].sort((a, b) => a - b)) {
        const place = partitions[index];
        if (place !== undefined) put(assigned.get(member), place);
      }
    }
  }
  return new Map(
    [...assigned].map(([{ memberId, current }, topics]) => [memberId, isSameAssignment(current, topics) ? current : topics] as const),
  );
}

interface Block {
  readonly topicIds: readonly string[];
  readonly subscribers: readonly AssignmentMember[];
}

function topicsBySubscribers(members: readonly AssignmentMember[]): Block[] {
  const [first] = members;
  if (first === undefined) return [];
  if (members.every(({ topicIds }) => topicIds === first.topicIds)) return [{ topicIds: [...first.topicIds].sort(), subscribers: members }];
  const subscribers = new Map<string, number[]>();
  for (const [index, { topicIds }] of members.entries()) {
    for (const topicId of topicIds) {
      const indexes = subscribers.get(topicId);
      if (indexes === undefined) subscribers.set(topicId, [index]);
      else indexes.push(index);
    }
  }
  const blocks = new Map<string, { readonly topicIds: string[]; readonly subscribers: readonly AssignmentMember[] }>();
  for (const [topicId, indexes] of [...subscribers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const block = blocks.get(indexes.join());
    if (block === undefined)
      blocks.set(indexes.join(), { topicIds: [topicId], subscribers: indexes.flatMap((index) => members[index] ?? []) });
    else block.topicIds.push(topicId);
  }
  return [...blocks.values()];
}

interface Place {
  readonly topicId: string;
  readonly partition: number;
}

/** A member while it is decided what it gets. */
interface Share {
  readonly member: AssignmentMember;
  /** How many partitions it is to have. */
  quota: number;
  /** Indexes of partitions. */
  readonly held: Set<number>;
}

class Sharing {
  readonly #shares: Share[];
  /** Members of each partition. */
  readonly #holders: number[];
  /** Members that each partition is to have. */
  readonly #wanted: number;

  constructor(members: readonly AssignmentMember[], partitions: readonly Place[]) {
    this.#holders = partitions.map(() => 0);
    this.#wanted = partitions.length === 0 ? 0 : Math.ceil(members.length / partitions.length);
    const indexes = new Map<string, Map<number, number>>();
    for (const [index, { topicId, partition }] of partitions.entries()) {
      const ofTopic = indexes.get(topicId);
      if (ofTopic === undefined) indexes.set(topicId, new Map([[partition, index]]));
      else ofTopic.set(partition, index);
    }
    this.#shares = members.map((member) => ({ member, quota: 0, held: heldBefore(member.current, indexes) }));
    for (const { held } of this.#shares) for (const index of held) this.#count(index, 1);
    this.#setQuotas(this.#wanted * partitions.length);
  }

  shares(): (readonly [AssignmentMember, ReadonlySet<number>])[] {
    return this.#shares.map(({ member, held }) => [member, held] as const);
  }

  /** Takes what is too much: from partitions with too many members, then from members with too many partitions. */
  level(): void {
    const byExcess = this.#shares.toSorted((a, b) => b.held.size - b.quota - (a.held.size - a.quota));
    for (const share of byExcess) {
      for (const index of [...share.held])
        if (this.#holdersOf(index) > this.#wanted && share.held.size > share.quota) this.#take(share, index);
    }
    for (const share of byExcess) for (const index of [...share.held]) if (this.#holdersOf(index) > this.#wanted) this.#take(share, index);
    for (const share of this.#shares) {
      const surplus = share.held.size - share.quota;
      for (const index of [...share.held].slice(0, Math.max(0, surplus))) this.#take(share, index);
    }
  }

  /** Gives every partition the members that it lacks, in turn to those that have room. */
  fill(): void {
    const roomy = this.#shares.filter(({ held, quota }) => held.size < quota);
    for (const index of this.#holders.keys()) {
      while (this.#holdersOf(index) < this.#wanted) {
        const at = roomy.findIndex(({ held }) => !held.has(index));
        const [share] = at === -1 ? roomy.splice(0, 1) : roomy.splice(at, 1);
        assert(share !== undefined, "there are as many places as members are to have partitions");
        if (at === -1) this.#giveBySwap(index, share);
        else this.#give(share, index);
        if (share.held.size < share.quota) roomy.push(share);
      }
    }
  }

  /**
   * Whoever has room has this partition already: a member that has it not gets it, and hands over something that the other has not. There is such a
   * member: it has all that it is to have, which is no less than what the other has, and the other has this partition besides.
   */
  #giveBySwap(index: number, other: Share): void {
    for (const share of this.#shares) {
      if (share.held.has(index)) continue;
      const handed = [...share.held].find((one) => !other.held.has(one));
      if (handed === undefined) continue;
      this.#take(share, handed);
      this.#give(other, handed);
      this.#give(share, index);
      return;
    }
    assert(false, "somebody can hand something over");
  }

  /** Nobody more than one more than another; the larger parts are for who has more already, so that less moves. */
  #setQuotas(total: number): void {
    const least = Math.floor(total / this.#shares.length);
    const larger = total % this.#shares.length;
    const byHeld = this.#shares.toSorted((a, b) => b.held.size - a.held.size);
    for (const [position, share] of byHeld.entries()) share.quota = position < larger ? least + 1 : least;
  }

  #holdersOf(index: number): number {
    return this.#holders[index] ?? 0;
  }

  #count(index: number, step: 1 | -1): void {
    this.#holders[index] = this.#holdersOf(index) + step;
  }

  #give({ held }: Share, index: number): void {
    assert(!held.has(index), "a member has a partition once");
    held.add(index);
    this.#count(index, 1);
  }

  #take({ held }: Share, index: number): void {
    held.delete(index);
    this.#count(index, -1);
  }
}

function heldBefore(current: Assignment, indexes: ReadonlyMap<string, ReadonlyMap<number, number>>): Set<number> {
  const held = new Set<number>();
  for (const [topicId, partitions] of current) {
    for (const partition of partitions) {
      const index = indexes.get(topicId)?.get(partition);
      if (index !== undefined) held.add(index);
    }
  }
  return held;
}

function put(topics: Map<string, number[]> | undefined, { topicId, partition }: Place): void {
  const partitions = topics?.get(topicId);
  if (partitions === undefined) topics?.set(topicId, [partition]);
  else partitions.push(partition);
}
