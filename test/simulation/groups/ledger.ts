// What must hold at every moment of a history of groups:
//
//   - No partition is a member's while it is another's, by their own view: a member has what it took until it gave it up, or was put out.
//   - In the coordinator's state each partition has one holder, and the index of holders says the same.
//   - Nobody is put out without a reason: silence, partitions that were not given up in time, a closed connection, or its own wish.
//   - Whoever is answered without an error is a member at the epoch that it is told.
//   - Of two commits for a partition, one of who had it later is not overtaken by one of who had it before.
//   - A commit that was acknowledged is what is fetched from then on, unless a later one is.

import type { ConsumerGroup } from "../../../src/coordinator/group/consumer/consumer-group.ts";
import { type HeldPartitions, type MemberProgress, MemberStates } from "../../../src/coordinator/group/consumer/consumer-member.ts";
import type { GroupsWorld, Link } from "./groups-world.ts";

function describeProgress(progress: MemberProgress | undefined) {
  const list = (held: HeldPartitions | undefined) =>
    [...(held ?? [])].flatMap(([topicId, all]) => [...all].map((each) => `${topicId}:${each}`));
  return { ...progress, assigned: list(progress?.assigned), pendingRevocation: list(progress?.pendingRevocation) };
}

export interface Timeouts {
  readonly sessionMs: number;
  readonly disconnectedMs: number;
}

/** A member as the ledger knows it. */
export interface Owner {
  readonly groupId: string;
  readonly name: string;
  readonly memberId: string;
  readonly rebalanceTimeoutMs: number;
  /** Partitions that are its own, by its view. */
  readonly owned: Set<string>;
  /** It has left, or given itself up. */
  hasLeft: boolean;
  /** Requests since its last answer without an error that may have been served without its knowledge. */
  unanswered: number;
  heardAtMs: number;
  heardOn: Link | undefined;
  /** Since when it has had partitions to give up, as its coordinator has it. */
  unrevokedSinceMs: number | undefined;
  /** Those. */
  unrevoked: string | undefined;
}

interface Tenure {
  readonly owner: Owner;
  readonly serial: number;
}

interface Committed {
  readonly owner: Owner;
  readonly tenure: number;
  readonly order: number;
}

export class Ledger {
  readonly #world: GroupsWorld;
  readonly #timeouts: Timeouts;
  readonly #owners = new Map<string, Tenure>();
  /** The last commit that was taken, by group and partition. */
  readonly #taken = new Map<string, Committed>();
  /** Order of the last commit that was acknowledged. */
  readonly #acknowledged = new Map<string, number>();
  /** Orders of commits by what they say. */
  readonly #orders = new Map<string, number>();
  #serial = 0;
  #order = 0;
  readonly counts = { takes: 0, expelled: 0, fenced: 0, commits: 0, refusedCommits: 0, beats: 0 };

  constructor(world: GroupsWorld, timeouts: Timeouts) {
    this.#world = world;
    this.#timeouts = timeouts;
  }

  // ---- ownership

  take(owner: Owner, partitions: Iterable<string>): void {
    for (const partition of partitions) {
      const key = `${owner.groupId}/${partition}`;
      const other = this.#owners.get(key)?.owner;
      if (other !== undefined && other !== owner) {
        const why = this.#reasonToExpel(other);
        if (why === undefined) throw new Error(`${this.#at()}: ${key} is taken by ${owner.name} while it is ${other.name}'s`);
      }
      owner.owned.add(partition);
      this.#world.note(() => `${owner.name} takes ${key}`);
      this.#owners.set(key, { owner, serial: ++this.#serial });
      this.counts.takes++;
    }
  }

  giveUp(owner: Owner, partitions: Iterable<string>): void {
    for (const partition of [...partitions]) {
      const key = `${owner.groupId}/${partition}`;
      owner.owned.delete(partition);
      this.#world.note(() => `${owner.name} gives up ${key}`);
      if (this.#owners.get(key)?.owner === owner) this.#owners.delete(key);
    }
  }

  /** Of a member that has the partition. */
  tenureOf(owner: Owner, partition: string): number | undefined {
    const tenure = this.#owners.get(`${owner.groupId}/${partition}`);
    return tenure?.owner === owner ? tenure.serial : undefined;
  }

  // ---- members

  /** The coordinator has decided about what a member said, and may have yet to answer. */
  decided(owner: Owner): void {
    const progress = this.#world.groupOf(owner.groupId)?.members.get(owner.memberId)?.progress;
    // Why it was put out is asked when it hears of it.
    if (progress === undefined) return;
    const unrevoked =
      progress.state === MemberStates.UNREVOKED_PARTITIONS
        ? JSON.stringify(describeProgress(progress).pendingRevocation.sort())
        : undefined;
    if (unrevoked !== owner.unrevoked) owner.unrevokedSinceMs = unrevoked === undefined ? undefined : this.#world.nowMs;
    owner.unrevoked = unrevoked;
  }

  /** The coordinator has heard a member and answered without an error, whether or not the answer arrives. */
  heard(owner: Owner, link: Link): void {
    this.counts.beats++;
    if (link.isLate === true) throw new Error(`${this.#at()}: an old heartbeat of ${owner.name} was taken`);
    const group = this.#world.groupOf(owner.groupId);
    const member = group?.members.get(owner.memberId);
    // The answer may have waited for the disk; who was a member then need not be one now.
    if (group === undefined) return;
    if (member === undefined && !owner.hasLeft && this.#reasonToExpel(owner) === undefined)
      throw new Error(`${this.#at()}: ${owner.name} was answered as a member of ${owner.groupId}, and is none`);
    this.decided(owner);
    owner.heardAtMs = this.#world.nowMs;
    owner.heardOn = link;
    this.#world.note(() => `${owner.name} is heard: ${JSON.stringify(describeProgress(member?.progress))}`);
    if (owner.owned.size < 100 || this.counts.beats % 50 === 0) this.checkHolders(group);
  }

  /** The member was told that it is none any more. */
  expelled(owner: Owner): void {
    this.counts.expelled++;
    if (this.#reasonToExpel(owner) === undefined)
      throw new Error(`${this.#at()}: ${owner.name} is no longer a member of ${owner.groupId}, for no reason`);
  }

  /** Its epoch was not taken. One lost answer is not enough for that. */
  fenced(owner: Owner): void {
    this.counts.fenced++;
    // The request that is answered so is one of them.
    if (owner.unanswered <= 2 && this.#reasonToExpel(owner) === undefined)
      throw new Error(`${this.#at()}: ${owner.name} of ${owner.groupId} was fenced for no reason`);
  }

  #reasonToExpel(owner: Owner): string | undefined {
    const { nowMs } = this.#world;
    if (owner.hasLeft) return "left";
    if (nowMs - owner.heardAtMs >= this.#timeouts.sessionMs) return "silent";
    if (owner.unrevokedSinceMs !== undefined && nowMs - owner.unrevokedSinceMs >= owner.rebalanceTimeoutMs) return "stubborn";
    const closedAtMs = owner.heardOn?.closedAtMs;
    if (closedAtMs !== undefined && nowMs - closedAtMs >= this.#timeouts.disconnectedMs) return "disconnected";
    return undefined;
  }

  /** Two holders of a partition, or an index of them that says something else. */
  checkHolders(group: ConsumerGroup): void {
    const holders = new Map<string, string>();
    for (const { memberId, progress } of group.members.values()) {
      for (const [topicId, partitions] of [...progress.assigned, ...progress.pendingRevocation]) {
        for (const partition of partitions.keys()) {
          const key = `${topicId}:${partition}`;
          const other = holders.get(key);
          if (other !== undefined) throw new Error(`${this.#at()}: ${key} of ${group.groupId} is held by ${other} and ${memberId}`);
          holders.set(key, memberId);
          if (!group.holders.isHeld(topicId, partition))
            throw new Error(`${this.#at()}: ${key} of ${group.groupId} seems free, and is not`);
        }
      }
    }
  }

  // ---- commits

  /** A commit arrives at the coordinator; gives its place among all. */
  commitArrives(said: string): void {
    this.#orders.set(said, ++this.#order);
    this.#world.note(() => `${said} arrives as number ${this.#order}`);
  }

  /** The coordinator has taken it, whether or not its answer arrives. */
  commitTaken(owner: Owner, partition: string, commit: { readonly said: string; readonly tenure: number }): void {
    const key = `${owner.groupId}/${partition}`;
    const order = this.#orders.get(commit.said) ?? 0;
    const former = this.#taken.get(key);
    this.#world.note(() => `${commit.said} is committed for ${key}, as number ${order}`);
    this.counts.commits++;
    if (former !== undefined && former.order < order && former.tenure > commit.tenure && former.owner !== owner)
      throw new Error(`${this.#at()}: ${owner.name} committed ${commit.said} for ${key}, which has been ${former.owner.name}'s since`);
    if (former === undefined || former.order < order) this.#taken.set(key, { owner, tenure: commit.tenure, order });
    this.#acknowledged.set(key, Math.max(order, this.#acknowledged.get(key) ?? 0));
  }

  /** What must be fetched at least, of what is asked for now. */
  leastOrder(groupId: string, partition: string): number {
    return this.#acknowledged.get(`${groupId}/${partition}`) ?? 0;
  }

  fetched(groupId: string, partition: string, { said, least }: { readonly said: string | undefined; readonly least: number }): void {
    this.#world.note(() => `${said} is fetched for ${groupId}/${partition}, where number ${least} is the least`);
    const order = said === undefined ? 0 : (this.#orders.get(said) ?? -1);
    if (order < least) throw new Error(`${this.#at()}: ${said} is fetched for ${partition} of ${groupId}; a later commit was acknowledged`);
  }

  /** With the topic go its offsets. */
  topicDeleted(topicId: string): void {
    for (const key of [...this.#acknowledged.keys()]) if (key.includes(`/${topicId}:`)) this.#acknowledged.delete(key);
  }

  /** Every partition for which a commit was acknowledged. */
  acknowledged(): string[] {
    return [...this.#acknowledged.keys()];
  }

  #at(): string {
    return `at ${this.#world.nowMs % 10_000_000} ms`;
  }
}
