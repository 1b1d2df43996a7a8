// A group of the streams protocol (KIP-1071): the broker decides which member has which tasks of the application's topology, and each member moves
// there by itself.
//
//   epoch         rises with every change that asks for another assignment: members, topics, settings
//   target epoch  that of the epoch for which everybody's target was computed last
//   member epoch  that of the target which the member has come to, or comes from
//
//   Empty        nobody is in it
//   NotReady     topics that the topology needs are missing, or do not fit
//   Assigning    the epoch is ahead of the target
//   Reconciling  somebody has not come to the target yet
//   Stable       everybody has
//
// All of this is what its records add up to (`replay`). Beside them there is what members are told of each other, and what is found out about
// topics: lost with the coordinator, and found out again.

import type { ErrorCode } from "../../../../protocol/errors.ts";
import type { Deadline } from "../../deadline.ts";
import type { ConfiguredTopology } from "./configured-topology.ts";
import {
  isReconciled,
  NO_PROGRESS,
  type StreamsIdentity,
  StreamsMember,
  type StreamsProgress,
  type StreamsWatch,
} from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";
import { TaskHolders } from "./task-holders.ts";
import { NOTHING, type TasksByRole } from "./tasks.ts";
import { readers, requiredTopics, type Topology } from "./topology.ts";

export type StreamsGroupState = "Empty" | "NotReady" | "Assigning" | "Reconciling" | "Stable";

export interface StreamsGroupParts {
  readonly watch: (groupId: string, memberId: string) => StreamsWatch;
  /** After which the first assignment is made. */
  readonly initialDelay: (groupId: string) => Deadline;
  readonly nowMs: () => number;
}

/** Of a group in which nothing is to be assigned yet: its first member raises it. */
const FIRST_EPOCH = 1;
const NO_TOPOLOGY_VALIDATED = -1;

export class StreamsGroup {
  readonly kind = "streams";
  readonly protocolType = "streams";
  readonly groupId: string;
  readonly members = new Map<string, StreamsMember>();
  readonly holders = new TaskHolders();
  /** Set while the first assignment waits for more members. */
  readonly initialDelay: Deadline;
  /** The topology on the topics that there are; `undefined` until it is looked at. */
  configured: ConfiguredTopology | undefined;
  /** Topics have come, gone or changed since it was looked at. */
  isMetadataStale = true;
  /** Rises when a member with an endpoint is told of other tasks. */
  endpointEpoch = 0;
  /** When the epoch or the target last rose; `undefined` when it was stable as it was loaded, and is so. */
  changedAtMs: number | undefined;
  /** Who has asked for the end of the application. */
  shutdownRequestedBy: string | undefined;
  readonly #parts: StreamsGroupParts;
  readonly #targets = new Map<string, TasksByRole>();
  #topology: Topology | undefined;
  #required: ReadonlySet<string> = new Set();
  #epoch = FIRST_EPOCH;
  #metadataHash = 0n;
  #validatedTopologyEpoch = NO_TOPOLOGY_VALIDATED;
  #assignmentSettings: ReadonlyMap<string, string> = new Map();
  #targetEpoch = FIRST_EPOCH;
  #targetTimestampMs = 0;
  #reconciledCount: number | undefined;

  constructor(groupId: string, parts: StreamsGroupParts) {
    this.groupId = groupId;
    this.#parts = parts;
    this.initialDelay = parts.initialDelay(groupId);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get metadataHash(): bigint {
    return this.#metadataHash;
  }

  get validatedTopologyEpoch(): number {
    return this.#validatedTopologyEpoch;
  }

  /** By which the last epoch was asked for. */
  get assignmentSettings(): ReadonlyMap<string, string> {
    return this.#assignmentSettings;
  }

  get targetEpoch(): number {
    return this.#targetEpoch;
  }

  /** 0 when none was computed, or by a version that did not say when. */
  get targetTimestampMs(): number {
    return this.#targetTimestampMs;
  }

  get topology(): Topology | undefined {
    return this.#topology;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** Nobody is in it, or about to be. */
  get isUnused(): boolean {
    return this.isEmpty;
  }

  get state(): StreamsGroupState {
    if (this.isEmpty) return "Empty";
    if (this.#topology === undefined || this.#topology.epoch !== this.#validatedTopologyEpoch) return "NotReady";
    if (this.#epoch > this.#targetEpoch) return "Assigning";
    return this.#countReconciled() < this.members.size ? "Reconciling" : "Stable";
  }

  targetOf(memberId: string): TasksByRole {
    return this.#targets.get(memberId) ?? NOTHING;
  }

  targets(): ReadonlyMap<string, TasksByRole> {
    return this.#targets;
  }

  // ---- records

  replay(record: StreamsRecord): void {
    switch (record.type) {
      case "streamsGroup":
        if (record.value === null) return;
        if (record.value.epoch > this.#epoch) this.changedAtMs = this.#parts.nowMs();
        this.#epoch = record.value.epoch;
        this.#metadataHash = record.value.metadataHash;
        this.#validatedTopologyEpoch = record.value.validatedTopologyEpoch;
        this.#assignmentSettings = record.value.assignmentSettings;
        return;
      case "streamsMember":
        if (record.identity === null) this.#remove(record.memberId);
        else this.#identify(record.memberId, record.identity);
        return;
      case "streamsTarget":
        this.changedAtMs = this.#parts.nowMs();
        this.#targetEpoch = record.value?.epoch ?? FIRST_EPOCH;
        this.#targetTimestampMs = record.value?.timestampMs ?? 0;
        this.#reconciledCount = undefined;
        return;
      case "streamsMemberTarget":
        if (record.target === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.target);
        return;
      case "streamsMemberProgress":
        this.#progress(record.memberId, record.progress);
        return;
      case "streamsTopology":
        this.#topology = record.topology ?? undefined;
        this.#required = record.topology === null ? new Set() : requiredTopics(record.topology);
        this.configured = undefined;
        return;
    }
  }

  /** Tombstones for all that there is of the group but its offsets. */
  tombstones(): StreamsRecord[] {
    const { groupId } = this;
    const records: StreamsRecord[] = [];
    for (const memberId of this.members.keys()) records.push({ type: "streamsMemberProgress", groupId, memberId, progress: null });
    for (const memberId of this.#targets.keys()) records.push({ type: "streamsMemberTarget", groupId, memberId, target: null });
    records.push({ type: "streamsTarget", groupId, value: null });
    for (const memberId of this.members.keys()) records.push({ type: "streamsMember", groupId, memberId, identity: null });
    records.push({ type: "streamsGroup", groupId, value: null });
    records.push({ type: "streamsTopology", groupId, topology: null });
    return records;
  }

  /** The group is gone, here or everywhere: nothing of it fires any more. Nobody waits for an answer. */
  release(_error: ErrorCode): void {
    this.initialDelay.clear();
    for (const member of this.members.values()) member.release();
  }

  /** @param names of topics that have come, gone or changed */
  topicsChanged(names: ReadonlySet<string>): void {
    for (const name of this.#required) if (names.has(name)) this.isMetadataStale = true;
  }

  /** Tells of a topic whether a member reads it. */
  subscription(): (topic: string) => boolean {
    const read = this.isEmpty || this.#topology === undefined ? undefined : readers(this.#topology);
    return (topic) => read?.has(topic) === true;
  }

  // ---- parts of the replay

  #member(memberId: string): StreamsMember {
    const known = this.members.get(memberId);
    if (known !== undefined) return known;
    const member = new StreamsMember(memberId, this.#parts.watch(this.groupId, memberId));
    this.members.set(memberId, member);
    this.#reconciledCount = undefined;
    return member;
  }

  #identify(memberId: string, identity: StreamsIdentity): void {
    const member = this.#member(memberId);
    this.holders.release(member.progress, member.identity.processId);
    member.identity = identity;
    this.holders.hold(member.progress, identity.processId);
  }

  #remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    this.#progress(memberId, null);
    this.#targets.delete(memberId);
    member.release();
    this.members.delete(memberId);
    this.#reconciledCount = undefined;
    if (this.isEmpty) this.shutdownRequestedBy = undefined;
  }

  #progress(memberId: string, progress: StreamsProgress | null): void {
    if (progress === null && !this.members.has(memberId)) return;
    const member = this.#member(memberId);
    const next = progress ?? NO_PROGRESS;
    if (this.#reconciledCount !== undefined) {
      this.#reconciledCount -= isReconciled(member, this.#targetEpoch) ? 1 : 0;
      this.#reconciledCount += isReconciled({ ...member, progress: next }, this.#targetEpoch) ? 1 : 0;
    }
    this.holders.release(member.progress, member.identity.processId);
    member.progress = next;
    this.holders.hold(next, member.identity.processId);
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
