// A member of a group of the consumer protocol (KIP-848): what it has said of itself, and how far it has come on the way to its target.
//
//   STABLE                 has what its epoch's target says
//   UNREVOKED_PARTITIONS   has been told to give up partitions, and has not said that it did; its epoch stays
//   UNRELEASED_PARTITIONS  has all that is free of its target; others have not given up the rest
//
// Both parts are values that are replaced, never changed: whoever decides about a member makes others, and replaying them puts them here.

import type { Deadline } from "../../deadline.ts";
import type { ConnectionLink } from "../connection-link.ts";

/** By topic id: partitions with the member epoch at which each was given (KIP-1251). No topic without partitions. */
export type HeldPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

export const NO_PARTITIONS: HeldPartitions = new Map();

/** A protocol of the embedded kind that a classic member brought with it. */
export interface ClassicProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What a member is known by, and what it subscribes to. */
export interface MemberIdentity {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  /** As "/127.0.0.1". */
  readonly clientHost: string;
  /** Sorted, each once. */
  readonly topicNames: readonly string[];
  /** "": none. */
  readonly topicRegex: string;
  /** How long it may take to give up partitions; -1 when it never said. */
  readonly rebalanceTimeoutMs: number;
  readonly serverAssignor: string | null;
  /** Of a member that speaks the classic protocol. */
  readonly classic: { readonly sessionTimeoutMs: number; readonly protocols: readonly ClassicProtocol[] } | null;
}

/** The numbers of the stored record. */
export const MemberStates = { STABLE: 0, UNREVOKED_PARTITIONS: 1, UNRELEASED_PARTITIONS: 2, UNKNOWN: 127 } as const;
export type MemberState = (typeof MemberStates)[keyof typeof MemberStates];

export interface MemberProgress {
  readonly epoch: number;
  /** The one before: of a member whose last answer was lost. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: HeldPartitions;
  /** Still held until the member says otherwise. */
  readonly pendingRevocation: HeldPartitions;
}

export interface ResolvedRegex {
  /** Sorted. */
  readonly topics: readonly string[];
  /** Of the topics that it was resolved by; rises when topics come. */
  readonly version: number;
  readonly timestampMs: number;
}

/** The epoch of a static member that will be back within its session (KIP-345). */
export const LEFT_FOR_A_WHILE = -2;

export const NEW_MEMBER: MemberIdentity = {
  instanceId: null,
  rackId: null,
  clientId: "",
  clientHost: "",
  topicNames: [],
  topicRegex: "",
  rebalanceTimeoutMs: -1,
  serverAssignor: null,
  classic: null,
};

export const NO_PROGRESS: MemberProgress = {
  epoch: 0,
  previousEpoch: 0,
  state: MemberStates.STABLE,
  assigned: NO_PARTITIONS,
  pendingRevocation: NO_PARTITIONS,
};

/** A member as an operation sees it: one that is stored, or one that comes to be. */
export interface MemberView {
  readonly memberId: string;
  readonly identity: MemberIdentity;
  readonly progress: MemberProgress;
}

/** What time and connections do to a member. */
export interface MemberWatch {
  /** Ends the membership of who is not heard of. */
  readonly session: Deadline;
  /** Ends that of who does not give up partitions, does not join again, or does not sync. */
  readonly rebalance: Deadline;
  readonly link: ConnectionLink;
}

export class ConsumerMember implements MemberView {
  readonly memberId: string;
  identity: MemberIdentity = NEW_MEMBER;
  progress: MemberProgress = NO_PROGRESS;
  readonly watch: MemberWatch;

  constructor(memberId: string, watch: MemberWatch) {
    this.memberId = memberId;
    this.watch = watch;
  }

  /** No longer a member: nothing of it fires any more. */
  release(): void {
    this.watch.session.clear();
    this.watch.rebalance.clear();
    this.watch.link.release();
  }
}

/** Whether it has come to the epoch of the target, with all that it is to have. */
export function isReconciled({ progress }: MemberView, targetEpoch: number): boolean {
  return progress.state === MemberStates.STABLE && progress.epoch === targetEpoch;
}

export function isEqualIdentity(a: MemberIdentity, b: MemberIdentity): boolean {
  return (
    a === b ||
    (a.instanceId === b.instanceId &&
      a.rackId === b.rackId &&
      a.clientId === b.clientId &&
      a.clientHost === b.clientHost &&
      a.topicRegex === b.topicRegex &&
      a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
      a.serverAssignor === b.serverAssignor &&
      hasSameNames(a.topicNames, b.topicNames) &&
      hasSameProtocols(a.classic, b.classic))
  );
}

export function hasSameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]));
}

function hasSameProtocols(a: MemberIdentity["classic"], b: MemberIdentity["classic"]): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.sessionTimeoutMs === b.sessionTimeoutMs &&
    a.protocols.length === b.protocols.length &&
    a.protocols.every(({ name, metadata }, index) => name === b.protocols[index]?.name && metadata.equals(b.protocols[index].metadata))
  );
}

export function holdsSame(a: HeldPartitions, b: HeldPartitions): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const [partition, epoch] of partitions) if (others.get(partition) !== epoch) return false;
  }
  return true;
}
