// A group of the consumer protocol (KIP-848): the broker decides who gets what, and each member moves there by itself.
//
//   epoch         rises with every change that asks for another assignment: members, subscriptions, topics
//   target epoch  that of the epoch for which everybody's target was computed last
//   member epoch  that of the target which the member has come to, or comes from
//
//   Empty       nobody is in it
//   Assigning   the epoch is ahead of the target
//   Reconciling somebody has not come to the target yet
//   Stable      everybody has
//
// All of this is what its records add up to (`replay`); sessions and connections belong to the members. Rules are in the files beside this one.

import type { ErrorCode } from "../../../../protocol/errors.ts";
import type { Deadline } from "../../deadline.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ConsumerRecord } from "../group-record.ts";
import { Subscriptions } from "../subscriptions.ts";
import {
  ConsumerMember,
  type HeldPartitions,
  isReconciled,
  type MemberIdentity,
  type MemberProgress,
  type MemberView,
  type MemberWatch,
  NO_PROGRESS,
  type ResolvedRegex,
} from "./consumer-member.ts";
import { PartitionHolders } from "./partition-holders.ts";

export type ConsumerGroupState = "Empty" | "Assigning" | "Reconciling" | "Stable";

export interface ConsumerGroupParts {
  readonly watch: (groupId: string, memberId: string) => MemberWatch;
  readonly disconnected: (groupId: string) => Deadline;
  readonly nowMs: () => number;
}

/** Of a group in which nothing is to be assigned yet: the first subscription raises it. */
const FIRST_EPOCH = 1;

export const NO_TARGET: Assignment = new Map();

export class ConsumerGroup {
  readonly kind = "consumer";
  readonly protocolType = "consumer";
  readonly groupId: string;
  readonly members = new Map<string, ConsumerMember>();
  readonly subscriptions = new Subscriptions();
  readonly holders = new PartitionHolders();
  /** Topics have come, gone or changed since the hash of the metadata was computed. */
  isMetadataStale = false;
  /** A target is being computed; nobody begins another. */
  isComputing = false;
  /** When the epoch or the target last rose; `undefined` when it was stable as it was loaded, and is so. */
  changedAtMs: number | undefined;
  hasPartitionMetadata = false;
  /** When its expressions were last resolved here. */
  regexesResolvedAtMs: number | undefined;
  /** Topics have come or gone since; at first they may have while the first expression was resolved, before there was a group to tell. */
  areRegexesStale = true;
  isResolving = false;
  /** When the next of those who are waited for without a connection need no longer be. */
  readonly disconnected: Deadline;
  readonly #parts: ConsumerGroupParts;
  readonly #targets = new Map<string, Assignment>();
  readonly #memberByInstance = new Map<string, string>();
  #epoch = FIRST_EPOCH;
  #metadataHash = 0n;
  #targetEpoch = FIRST_EPOCH;
  #targetTimestampMs = 0;
  #reconciledCount: number | undefined;
  #classicCount = 0;

  constructor(groupId: string, parts: ConsumerGroupParts) {
    this.groupId = groupId;
    this.#parts = parts;
    this.disconnected = parts.disconnected(groupId);
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

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** Nobody is in it, or about to be. */
  get isUnused(): boolean {
    return this.isEmpty;
  }

  get state(): ConsumerGroupState {
    if (this.isEmpty) return "Empty";
    if (this.#epoch > this.#targetEpoch) return "Assigning";
    return this.#countReconciled() < this.members.size ? "Reconciling" : "Stable";
  }

  /** Members that speak the classic protocol. */
  get classicCount(): number {
    return this.#classicCount;
  }

  staticMember(instanceId: string | null): ConsumerMember | undefined {
    const memberId = instanceId === null ? undefined : this.#memberByInstance.get(instanceId);
    return memberId === undefined ? undefined : this.members.get(memberId);
  }

  /** A static member that has come back under another id is still to have what it was to have. */
  targetOf({ memberId, identity }: MemberView): Assignment {
    const target = this.#targets.get(memberId);
    if (target !== undefined || identity.instanceId === null) return target ?? NO_TARGET;
    return this.#targets.get(this.#memberByInstance.get(identity.instanceId) ?? "") ?? NO_TARGET;
  }

  targets(): ReadonlyMap<string, Assignment> {
    return this.#targets;
  }

  /**
   * The assignor that most members ask for; `undefined` when nobody does. Of two that as many ask for the first by name: it must not depend on
   * the order of members, which a load does not keep.
   */
  preferredAssignor(members: Iterable<MemberView>): string | undefined {
    const votes = new Map<string, number>();
    for (const { identity } of members) {
      const name = identity.serverAssignor;
      if (name !== null) votes.set(name, (votes.get(name) ?? 0) + 1);
    }
    const [preferred] = [...votes].sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1));
    return preferred?.[0];
  }

  // ---- records

  replay(record: ConsumerRecord): void {
    switch (record.type) {
      case "consumerGroup":
        if (record.value !== null) this.#setEpoch(record.value);
        return;
      case "consumerMember":
        if (record.identity === null) this.#remove(record.memberId);
        else this.#identify(record.memberId, record.identity);
        return;
      case "consumerTarget":
        this.changedAtMs = this.#parts.nowMs();
        this.#targetEpoch = record.value?.epoch ?? FIRST_EPOCH;
        this.#targetTimestampMs = record.value?.timestampMs ?? 0;
        this.#reconciledCount = undefined;
        return;
      case "consumerMemberTarget":
        if (record.target === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.target);
        return;
      case "consumerMemberProgress":
        this.#progress(record.memberId, record.progress);
        return;
      case "consumerRegex":
        this.#resolve(record.regex, record.resolved);
        return;
      case "consumerPartitionMetadata":
        this.hasPartitionMetadata = record.value !== null;
        return;
    }
  }

  /** Tombstones for all that there is of the group but its offsets. */
  tombstones(): ConsumerRecord[] {
    const { groupId } = this;
    const records: ConsumerRecord[] = [];
    for (const memberId of this.members.keys()) records.push({ type: "consumerMemberProgress", groupId, memberId, progress: null });
    for (const memberId of this.#targets.keys()) records.push({ type: "consumerMemberTarget", groupId, memberId, target: null });
    records.push({ type: "consumerTarget", groupId, value: null });
    for (const memberId of this.members.keys()) records.push({ type: "consumerMember", groupId, memberId, identity: null });
    for (const regex of this.subscriptions.resolvedRegexes().keys())
      records.push({ type: "consumerRegex", groupId, regex, resolved: null });
    records.push({ type: "consumerPartitionMetadata", groupId, value: null });
    records.push({ type: "consumerGroup", groupId, value: null });
    return records;
  }

  /** The group is gone, here or everywhere: nothing of it fires any more. Nobody waits for an answer. */
  release(_error: ErrorCode): void {
    this.disconnected.clear();
    for (const member of this.members.values()) member.release();
  }

  /** @param names of topics that have come, gone or changed */
  topicsChanged(names: ReadonlySet<string>): void {
    this.areRegexesStale = true;
    this.isMetadataStale ||= this.subscriptions.hasAnyTopic(names);
  }

  /** Tells of a topic whether a member subscribes to it. */
  subscription(): (topic: string) => boolean {
    return (topic) => this.subscriptions.hasTopic(topic);
  }

  // ---- parts of the replay

  #setEpoch({ epoch, metadataHash }: { readonly epoch: number; readonly metadataHash: bigint }): void {
    if (epoch > this.#epoch) this.changedAtMs = this.#parts.nowMs();
    this.#epoch = epoch;
    this.#metadataHash = metadataHash;
  }

  #member(memberId: string): ConsumerMember {
    const known = this.members.get(memberId);
    if (known !== undefined) return known;
    const member = new ConsumerMember(memberId, this.#parts.watch(this.groupId, memberId));
    this.members.set(memberId, member);
    this.#reconciledCount = undefined;
    return member;
  }

  #identify(memberId: string, identity: MemberIdentity): void {
    const member = this.#member(memberId);
    this.subscriptions.replace(member.identity, identity);
    this.#countClassic(member.identity, -1);
    this.#countClassic(identity, 1);
    if (member.identity.instanceId !== null && this.#memberByInstance.get(member.identity.instanceId) === memberId)
      this.#memberByInstance.delete(member.identity.instanceId);
    if (identity.instanceId !== null) this.#memberByInstance.set(identity.instanceId, memberId);
    member.identity = identity;
  }

  #remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    const { identity } = member;
    this.#progress(memberId, null);
    this.#targets.delete(memberId);
    this.subscriptions.replace(identity, undefined);
    this.#countClassic(identity, -1);
    if (identity.instanceId !== null && this.#memberByInstance.get(identity.instanceId) === memberId)
      this.#memberByInstance.delete(identity.instanceId);
    member.release();
    this.members.delete(memberId);
    this.#reconciledCount = undefined;
  }

  #progress(memberId: string, progress: MemberProgress | null): void {
    if (progress === null && !this.members.has(memberId)) return;
    const member = this.#member(memberId);
    const next = progress ?? NO_PROGRESS;
    if (this.#reconciledCount !== undefined) {
      this.#reconciledCount -= isReconciled(member, this.#targetEpoch) ? 1 : 0;
      this.#reconciledCount += isReconciled({ ...member, progress: next }, this.#targetEpoch) ? 1 : 0;
    }
    this.#release(member.progress.assigned, member.progress.epoch);
    this.#release(member.progress.pendingRevocation, member.progress.epoch);
    member.progress = next;
    this.holders.hold(next.assigned, next.epoch);
    this.holders.hold(next.pendingRevocation, next.epoch);
  }

  #release(partitions: HeldPartitions, epoch: number): void {
    this.holders.release(partitions, epoch);
  }

  #resolve(regex: string, resolved: ResolvedRegex | null): void {
    this.regexesResolvedAtMs ??= this.#parts.nowMs();
    this.subscriptions.resolve(regex, resolved ?? undefined);
  }

  #countClassic({ classic }: MemberIdentity, step: 1 | -1): void {
    if (classic !== null) this.#classicCount += step;
  }

  #countReconciled(): number {
    if (this.#reconciledCount === undefined) {
      let count = 0;
      for (const member of this.members.values()) if (isReconciled(member, this.#targetEpoch)) count++;
      this.#reconciledCount = count;
    }
    return this.#reconciledCount;
  }
}
