// A classic group: its state, its members and who of them waits for what.
//
//   Empty ──join──> PreparingRebalance ──all joined, or time is up──> CompletingRebalance ──leader's sync──> Stable
//     ^                   ^    │                                           │                                 │
//     │                   └────│──────────── join, leave, expiry ──────────┴─────────────────────────────────┘
//     └──── nobody left ───────┘             ("Dead" is a group that is not there)
//
// What survives a restart is its snapshot, stored when a generation is complete and when the group becomes Empty; `restore` takes
// it over, at load and each time one was stored. Rules of when to go from state to state are in the files beside this one.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { assert } from "../../../base/assert.ts";
import type { Clock } from "../../../base/clock.ts";
import { Deadline } from "../../deadline.ts";
import { ConnectionLink } from "../connection-link.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../consumer-subscription.ts";
import type { ClassicGroupRecord, ClassicGroupSnapshot, ClassicMemberSnapshot } from "../group-record.ts";
import { type JoinAnswer, joinRefused, syncRefused } from "./answers.ts";
import { ClassicMember, type MemberIdentity, type MemberProtocol, type MemberTerms } from "./classic-member.ts";
import { topicsOf } from "./group-subscription.ts";
import { PendingMembers } from "./pending-members.ts";
import { chooseProtocol, ProtocolSupport } from "./protocol-vote.ts";
import { includesTerms, storedTerms } from "./stored-terms.ts";

export type ClassicGroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

/** What time and closed connections do to a group. */
export interface GroupAlarms {
  joinRoundEnded(groupId: string): void;
  syncRoundEnded(groupId: string): void;
  sessionEnded(groupId: string, memberId: string): void;
  pendingMemberEnded(groupId: string, memberId: string): void;
  connectionClosed(groupId: string): void;
  disconnectedTooLong(groupId: string): void;
}

/** The first round of a group that was Empty: it ends by time only, so that members can gather. */
export interface GatheringRound {
  hasNewMember: boolean;
  remainingMs: number;
}

export class ClassicGroup {
  readonly kind = "classic";
  readonly groupId: string;
  readonly members = new Map<string, ClassicMember>();
  readonly pendingMembers: PendingMembers;
  /** Members of this generation that have not synced yet. */
  readonly pendingSyncs = new Set<string>();
  readonly joinRound: Deadline;
  readonly syncRound: Deadline;
  readonly disconnected: Deadline;
  gathering: GatheringRound | undefined;
  readonly #clock: Clock;
  readonly #alarms: GroupAlarms;
  readonly #memberByInstance = new Map<string, string>();
  readonly #support = new ProtocolSupport();
  #state: ClassicGroupState = "Empty";
  #stateTimestampMs: number;
  #generation = 0;
  #protocolType: string | null = null;
  #protocolName: string | null = null;
  #leader: string | null = null;
  #waitingForJoin = 0;

  constructor(groupId: string, { clock, alarms }: { readonly clock: Clock; readonly alarms: GroupAlarms }) {
    this.groupId = groupId;
    this.#clock = clock;
    this.#alarms = alarms;
    this.#stateTimestampMs = clock.now();
    this.pendingMembers = new PendingMembers(clock, {
      ended: (memberId) => alarms.pendingMemberEnded(groupId, memberId),
      connectionClosed: () => alarms.connectionClosed(groupId),
    });
    this.joinRound = new Deadline(clock, () => alarms.joinRoundEnded(groupId));
    this.syncRound = new Deadline(clock, () => alarms.syncRoundEnded(groupId));
    this.disconnected = new Deadline(clock, () => alarms.disconnectedTooLong(groupId));
  }

  get state(): ClassicGroupState {
    return this.#state;
  }

  /** When the group entered its state. */
  get stateTimestampMs(): number {
    return this.#stateTimestampMs;
  }

  get generation(): number {
    return this.#generation;
  }

  /** `null` for a "simple" group that holds offsets only. */
  get protocolType(): string | null {
    return this.#protocolType;
  }

  get protocolName(): string | null {
    return this.#protocolName;
  }

  get leader(): string | null {
    return this.#leader;
  }

  get isEmpty(): boolean {
    return this.#state === "Empty";
  }

  /** Nobody is in it, or about to be. */
  get isUnused(): boolean {
    return this.isEmpty && this.pendingMembers.size === 0;
  }

  get waitingForJoinCount(): number {
    return this.#waitingForJoin;
  }

  get hasEveryoneJoined(): boolean {
    return this.#waitingForJoin === this.members.size && this.pendingMembers.size === 0;
  }

  /** The longest of its members'. */
  get rebalanceTimeoutMs(): number {
    let longestMs = 0;
    for (const { terms } of this.members.values()) longestMs = Math.max(longestMs, terms.rebalanceTimeoutMs);
    return longestMs;
  }

  staticMember(instanceId: string): ClassicMember | undefined {
    const memberId = this.#memberByInstance.get(instanceId);
    return memberId === undefined ? undefined : this.members.get(memberId);
  }

  /** Whether the group has such a member, and it has not been replaced by another of its instance id (KIP-345). */
  checkMember(memberId: string, instanceId: string | null): ErrorCode {
    if (instanceId !== null) {
      const current = this.#memberByInstance.get(instanceId);
      if (current === undefined) return Errors.UNKNOWN_MEMBER_ID;
      if (current !== memberId) return Errors.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID;
  }

  /** Whether a member with these protocols can be in the group: it shares its type, and one protocol with all members. */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.#state === "Empty") return protocolType !== "" && protocols.length > 0;
    return this.#protocolType === protocolType && protocols.some(({ name }) => this.#support.count(name) === this.members.size);
  }

  chooseProtocol(): string | undefined {
    return chooseProtocol(
      [...this.members.values()].map(({ terms }) => terms.protocols),
      (name) => this.#support.count(name) === this.members.size,
    );
  }

  // ---- members

  addMember(identity: MemberIdentity, terms: MemberTerms, protocolType: string): ClassicMember {
    assert(!this.members.has(identity.memberId), "a member joins a group once");
    if (this.members.size === 0) this.#protocolType = protocolType;
    const member = this.#newMember(identity, terms);
    this.pendingMembers.remove(identity.memberId);
    this.#insert(member);
    this.#leader ??= member.memberId;
    return member;
  }

  updateTerms(member: ClassicMember, terms: MemberTerms): void {
    this.#support.remove(member.terms.protocols);
    member.terms = terms;
    this.#support.add(terms.protocols);
  }

  /** Its requests that wait are answered with `error`. */
  removeMember(member: ClassicMember, error: ErrorCode): void {
    this.answerJoin(member, joinRefused(error, ""));
    member.answerSync(syncRefused(error));
    member.release();
    this.members.delete(member.memberId);
    this.#support.remove(member.terms.protocols);
    if (member.instanceId !== null && this.#memberByInstance.get(member.instanceId) === member.memberId) {
      this.#memberByInstance.delete(member.instanceId);
    }
    this.pendingSyncs.delete(member.memberId);
    if (this.#leader === member.memberId) this.#leader = this.members.keys().next().value ?? null;
  }

  /** The static member comes back under a new id (KIP-345); requests that wait under the old one are fenced. */
  replaceStaticMember(old: ClassicMember, identity: MemberIdentity): ClassicMember {
    const wasLeader = this.#leader === old.memberId;
    const wasPendingSync = this.pendingSyncs.has(old.memberId);
    this.answerJoin(old, joinRefused(Errors.FENCED_INSTANCE_ID, old.memberId));
    this.removeMember(old, Errors.FENCED_INSTANCE_ID);
    const member = this.#newMember(identity, old.terms);
    member.assignment = old.assignment;
    member.isNew = false;
    this.#insert(member);
    if (wasLeader) this.#leader = member.memberId;
    if (wasPendingSync) this.pendingSyncs.add(member.memberId);
    return member;
  }

  // ---- the round of joins

  /** A member joins the round; an earlier join of it that still waits is answered, for no request may wait for ever. */
  waitForJoin(member: ClassicMember): Promise<JoinAnswer> {
    this.answerJoin(member, joinRefused(Errors.REBALANCE_IN_PROGRESS, member.memberId));
    this.#waitingForJoin++;
    // A member that waits is alive; one that does not know its id yet may wait only so long (see join.ts).
    if (!member.isNew) member.session.clear();
    return member.waitForJoin();
  }

  answerJoin(member: ClassicMember, answer: JoinAnswer): void {
    if (!member.isWaitingForJoin) return;
    this.#waitingForJoin--;
    member.answerJoin(answer);
  }

  /** The leader stays while it rejoins; else the first that did takes over. False when nobody has. */
  electLeader(): boolean {
    const leader = this.#leader === null ? undefined : this.members.get(this.#leader);
    if (leader?.isWaitingForJoin) return true;
    for (const member of this.members.values()) {
      if (!member.isWaitingForJoin) continue;
      this.#leader = member.memberId;
      return true;
    }
    return false;
  }

  prepare(): void {
    this.#moveTo("PreparingRebalance");
  }

  /** Every member left has joined; the next generation begins with the protocol that they chose. */
  beginGeneration(): void {
    assert(this.members.size > 0, "a generation has members");
    const protocolName = this.chooseProtocol();
    assert(protocolName !== undefined, "members have a protocol in common");
    this.#generation++;
    this.#protocolName = protocolName;
    this.#moveTo("CompletingRebalance");
  }

  // ---- what offsets depend on

  /** Tells of a topic whether a member subscribes to it. When in doubt, consumers are taken to be subscribed. */
  subscription(): (topic: string) => boolean {
    const topics = topicsOf(this);
    return topics === undefined ? () => this.#protocolType === CONSUMER_PROTOCOL_TYPE : (topic) => topics.has(topic);
  }

  /** Tombstones for all that there is of the group but its offsets. */
  tombstones(): ClassicGroupRecord[] {
    return [{ type: "classicGroup", groupId: this.groupId, snapshot: null }];
  }

  // ---- snapshots

  /** Takes a stored snapshot over: members that it lacks are gone, the others have its assignments. */
  restore(snapshot: ClassicGroupSnapshot): void {
    this.#removeMissing(snapshot);
    for (const each of snapshot.members) {
      const terms = storedTerms(each, snapshot.protocolName);
      const member = this.members.get(each.memberId) ?? this.#restoredMember(each, terms);
      // While the group lives here its members' terms are what was stored, and more; at load the later snapshot counts.
      if (!includesTerms(member.terms, terms)) this.updateTerms(member, terms);
      member.assignment = each.assignment;
      // In the order of the snapshot, as after a restart.
      this.members.delete(member.memberId);
      this.members.set(member.memberId, member);
    }
    this.#protocolType = snapshot.protocolType;
    this.#generation = snapshot.generation;
    this.#protocolName = snapshot.protocolName;
    this.#leader = snapshot.leader;
    this.#state = snapshot.members.length === 0 ? "Empty" : "Stable";
    this.#stateTimestampMs = snapshot.stateTimestampMs;
    if (this.#state === "Empty") this.endRounds();
  }

  /** The group is gone, here or everywhere: whoever waits is answered, and nothing fires any more. */
  release(error: ErrorCode): void {
    for (const member of this.members.values()) {
      this.answerJoin(member, joinRefused(error, member.memberId));
      member.answerSync(syncRefused(error));
      member.release();
    }
    this.pendingMembers.clear();
    this.endRounds();
  }

  endRounds(): void {
    this.gathering = undefined;
    this.pendingSyncs.clear();
    this.joinRound.clear();
    this.syncRound.clear();
    this.disconnected.clear();
  }

  #removeMissing(snapshot: ClassicGroupSnapshot): void {
    const kept = new Set(snapshot.members.map(({ memberId }) => memberId));
    const byInstance = new Map(snapshot.members.map((member) => [member.instanceId, member]));
    for (const member of [...this.members.values()]) {
      if (kept.has(member.memberId)) continue;
      const successor = member.isStatic ? byInstance.get(member.instanceId) : undefined;
      if (successor === undefined) this.removeMember(member, Errors.UNKNOWN_MEMBER_ID);
      else this.replaceStaticMember(member, successor);
    }
  }

  #moveTo(state: ClassicGroupState): void {
    this.#state = state;
    this.#stateTimestampMs = this.#clock.now();
  }

  #insert(member: ClassicMember): void {
    this.members.set(member.memberId, member);
    this.#support.add(member.terms.protocols);
    if (member.instanceId !== null) this.#memberByInstance.set(member.instanceId, member.memberId);
  }

  #restoredMember(snapshot: ClassicMemberSnapshot, terms: MemberTerms): ClassicMember {
    const member = this.#newMember(snapshot, terms);
    member.isNew = false;
    this.#insert(member);
    return member;
  }

  #newMember(identity: MemberIdentity, terms: MemberTerms): ClassicMember {
    const { groupId } = this;
    return new ClassicMember(identity, terms, {
      session: new Deadline(this.#clock, () => this.#alarms.sessionEnded(groupId, identity.memberId)),
      link: new ConnectionLink(this.#clock, () => this.#alarms.connectionClosed(groupId)),
    });
  }
}
