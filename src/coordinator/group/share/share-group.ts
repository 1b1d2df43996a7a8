// A share group (KIP-932): the broker decides who reads which partitions, and any number of members read the same one.
//
//   epoch         rises with every change that asks for another assignment: members, subscriptions, topics, partitions that got their state
//   target epoch  that of the epoch for which everybody's target was computed last
//
// Only partitions whose state has begun are assigned (`partitions`), so the first members of a group have nothing at first.
// The group is Empty or Stable: nobody waits for anybody. It stays until it is deleted.
//
// All of this is what its records add up to (`replay`); sessions belong to the members. Rules are in the files beside this one.

import type { ErrorCode } from "../../../../protocol/errors.ts";
import type { Deadline } from "../../deadline.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ShareRecord } from "../group-record.ts";
import { Subscriptions } from "../subscriptions.ts";
import { NO_SHARE_PROGRESS, ShareMember, type ShareMemberView } from "./share-member.ts";
import { NOTHING_SHARED, type SharedPartitions } from "./shared-partitions.ts";

export interface ShareGroupParts {
  readonly session: (groupId: string, memberId: string) => Deadline;
  readonly nowMs: () => number;
}

/** Of a group in which nothing is to be assigned yet: the first subscription raises it. */
export const FIRST_EPOCH = 1;

const NO_TARGET: Assignment = new Map();

export class ShareGroup {
  readonly kind = "share";
  readonly protocolType = "share";
  readonly groupId: string;
  readonly members = new Map<string, ShareMember>();
  readonly subscriptions = new Subscriptions();
  /** Topics have come, gone or changed since the hash of the metadata was computed. */
  isMetadataStale = false;
  /** The next heartbeat looks which partitions still need their state, and whether all that have it are assigned. */
  arePartitionsStale = true;
  /** Partitions, as "topic id:partition", whose state this coordinator is having begun: nobody asks for it twice. */
  readonly beginning = new Set<string>();
  /** When anything last happened that members have yet to hear of; `undefined` when nothing did since it was loaded. */
  changedAtMs: number | undefined;
  readonly #parts: ShareGroupParts;
  readonly #targets = new Map<string, Assignment>();
  #epoch = FIRST_EPOCH;
  #metadataHash = 0n;
  #targetEpoch = FIRST_EPOCH;
  #targetTimestampMs = 0;
  #partitions = NOTHING_SHARED;

  constructor(groupId: string, parts: ShareGroupParts) {
    this.groupId = groupId;
    this.#parts = parts;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get metadataHash(): bigint {
    return this.#metadataHash;
  }

  get targetEpoch(): number {
    return this.#targetEpoch;
  }

  /** 0 when none was computed, or by a version that did not say when. */
  get targetTimestampMs(): number {
    return this.#targetTimestampMs;
  }

  get partitions(): SharedPartitions {
    return this.#partitions;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** Of a group that is not deleted somebody may come back to what it has read. */
  get isUnused(): boolean {
    return false;
  }

  get state(): "Empty" | "Stable" {
    return this.isEmpty ? "Empty" : "Stable";
  }

  targetOf({ memberId }: Pick<ShareMemberView, "memberId">): Assignment {
    return this.#targets.get(memberId) ?? NO_TARGET;
  }

  targets(): ReadonlyMap<string, Assignment> {
    return this.#targets;
  }

  // ---- records

  replay(record: ShareRecord): void {
    switch (record.type) {
      case "shareGroup":
        if (record.value === null) return;
        if (record.value.epoch > this.#epoch) this.changedAtMs = this.#parts.nowMs();
        this.#epoch = record.value.epoch;
        this.#metadataHash = record.value.metadataHash;
        return;
      case "shareMember": {
        if (record.identity === null) {
          this.#remove(record.memberId);
          return;
        }
        const member = this.#member(record.memberId);
        this.subscriptions.replace(member.identity, record.identity);
        member.identity = record.identity;
        this.arePartitionsStale = true;
        return;
      }
      case "shareTarget":
        this.changedAtMs = this.#parts.nowMs();
        this.#targetEpoch = record.value?.epoch ?? FIRST_EPOCH;
        this.#targetTimestampMs = record.value?.timestampMs ?? 0;
        return;
      case "shareMemberTarget":
        if (record.target === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.target);
        return;
      case "shareMemberProgress":
        if (record.progress !== null) this.#member(record.memberId).progress = record.progress;
        else this.#forgetProgress(record.memberId);
        return;
      case "sharePartitions":
        this.changedAtMs = this.#parts.nowMs();
        this.#partitions = record.partitions ?? NOTHING_SHARED;
        this.arePartitionsStale = true;
        return;
    }
  }

  /** Tombstones for all that there is of the group. */
  tombstones(): ShareRecord[] {
    const { groupId } = this;
    const records: ShareRecord[] = [];
    for (const memberId of this.members.keys()) records.push({ type: "shareMemberProgress", groupId, memberId, progress: null });
    for (const memberId of this.#targets.keys()) records.push({ type: "shareMemberTarget", groupId, memberId, target: null });
    records.push({ type: "shareTarget", groupId, value: null });
    for (const memberId of this.members.keys()) records.push({ type: "shareMember", groupId, memberId, identity: null });
    records.push({ type: "sharePartitions", groupId, partitions: null });
    records.push({ type: "shareGroup", groupId, value: null });
    return records;
  }

  /** The group is gone, here or everywhere: nothing of it fires any more. Nobody waits for an answer. */
  release(_error: ErrorCode): void {
    for (const member of this.members.values()) member.release();
  }

  /** @param names of topics that have come, gone or changed */
  topicsChanged(names: ReadonlySet<string>): void {
    if (!this.subscriptions.hasAnyTopic(names)) return;
    this.isMetadataStale = true;
    this.arePartitionsStale = true;
  }

  /** Tells of a topic whether a member subscribes to it. */
  subscription(): (topic: string) => boolean {
    return (topic) => this.subscriptions.hasTopic(topic);
  }

  #member(memberId: string): ShareMember {
    const known = this.members.get(memberId);
    if (known !== undefined) return known;
    const member = new ShareMember(memberId, this.#parts.session(this.groupId, memberId));
    this.members.set(memberId, member);
    return member;
  }

  #forgetProgress(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) member.progress = NO_SHARE_PROGRESS;
  }

  #remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    this.subscriptions.replace(member.identity, undefined);
    this.#targets.delete(memberId);
    member.release();
    this.members.delete(memberId);
  }
}
