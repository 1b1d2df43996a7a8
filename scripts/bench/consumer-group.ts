// A consumer group as its members see it: stable when each has its share of the partitions and has acknowledged it.

import { type ConsumerMember, namesOf } from "./consumer-member.ts";

export class ConsumerGroup {
  readonly partitionCount: number;
  readonly #members = new Map<ConsumerMember, { readonly owned: number; readonly isSettled: boolean }>();
  #owned = 0;
  #settled = 0;
  #stable: (() => void) | undefined;

  constructor(partitionCount: number) {
    this.partitionCount = partitionCount;
  }

  add(member: ConsumerMember): void {
    this.#members.set(member, { owned: 0, isSettled: false });
  }

  remove(member: ConsumerMember): void {
    const known = this.#members.get(member);
    this.#members.delete(member);
    this.#owned -= known?.owned ?? 0;
    this.#settled -= known?.isSettled === true ? 1 : 0;
  }

  /** To be called whenever a member was answered with something new. */
  changed(member: ConsumerMember): void {
    this.remove(member);
    const { ownedCount: owned, isSettled } = member;
    this.#members.set(member, { owned, isSettled });
    this.#owned += owned;
    this.#settled += isSettled ? 1 : 0;
    if (this.isStable()) this.#stable?.();
  }

  isStable(): boolean {
    return this.#settled === this.#members.size && this.#owned === this.partitionCount && this.#isBalanced();
  }

  /** All have come to the same epoch; a member whose partitions stay as they are may come there after the group is stable. */
  hasOneEpoch(): boolean {
    return new Set([...this.#members.keys()].map(({ memberEpoch }) => memberEpoch)).size === 1;
  }

  /** Resolves when it is stable. */
  untilStable(): Promise<void> {
    return new Promise((done) => {
      this.#stable = done;
      if (this.isStable()) done();
    });
  }

  /** Throws when a partition has two owners. */
  checkOwners(): void {
    const names = [...this.#members.keys()].flatMap(({ owned }) => namesOf(owned));
    if (new Set(names).size !== names.length) throw new Error("a partition has two owners in a stable group");
  }

  #isBalanced(): boolean {
    const least = Math.floor(this.partitionCount / this.#members.size);
    const most = Math.ceil(this.partitionCount / this.#members.size);
    for (const { owned } of this.#members.values()) if (owned < least || owned > most) return false;
    return true;
  }
}
