// A member of a streams group (KIP-1071): what it has said of itself, and how far it has come on the way to its target.
//
//   STABLE            has what its epoch's target says
//   UNREVOKED_TASKS   has been told to give up tasks, and has not said that it did; its epoch stays
//   UNRELEASED_TASKS  has all that is free of its target; others have not given up the rest
//
// Both parts are values that are replaced, never changed: whoever decides about a member makes others, and replaying them puts them here.

import type { Deadline } from "../../deadline.ts";
import { type HeldByRole, isSameHeld, NOTHING_HELD } from "./tasks.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface StreamsIdentity {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  /** As "/127.0.0.1". */
  readonly clientHost: string;
  /** How long it may take to give up tasks; -1 when it never said. */
  readonly rebalanceTimeoutMs: number;
  readonly topologyEpoch: number;
  /** Members of one process share what is on its disk. "": it never said. */
  readonly processId: string;
  /** Where its process answers interactive queries. */
  readonly endpoint: Endpoint | null;
  readonly clientTags: ReadonlyMap<string, string>;
}

/** The numbers of the stored record. */
export const MemberStates = { STABLE: 1, UNREVOKED_TASKS: 2, UNRELEASED_TASKS: 3, UNKNOWN: 127 } as const;
export type MemberState = (typeof MemberStates)[keyof typeof MemberStates];

export interface StreamsProgress {
  readonly epoch: number;
  /** The one before: of a member whose last answer was lost. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: HeldByRole;
  /** Still held until the member says otherwise. */
  readonly pendingRevocation: HeldByRole;
}

export const NEW_IDENTITY: StreamsIdentity = {
  instanceId: null,
  rackId: null,
  clientId: "",
  clientHost: "",
  rebalanceTimeoutMs: -1,
  topologyEpoch: -1,
  processId: "",
  endpoint: null,
  clientTags: new Map(),
};

export const NO_PROGRESS: StreamsProgress = {
  epoch: 0,
  previousEpoch: 0,
  state: MemberStates.STABLE,
  assigned: NOTHING_HELD,
  pendingRevocation: NOTHING_HELD,
};

/** A member as an operation sees it: one that is stored, or one that comes to be. */
export interface StreamsMemberView {
  readonly memberId: string;
  readonly identity: StreamsIdentity;
  readonly progress: StreamsProgress;
}

/** What time does to a member. */
export interface StreamsWatch {
  /** Ends the membership of who is not heard of. */
  readonly session: Deadline;
  /** Ends that of who does not give up tasks. */
  readonly rebalance: Deadline;
}

export class StreamsMember implements StreamsMemberView {
  readonly memberId: string;
  identity: StreamsIdentity = NEW_IDENTITY;
  progress: StreamsProgress = NO_PROGRESS;
  readonly watch: StreamsWatch;

  constructor(memberId: string, watch: StreamsWatch) {
    this.memberId = memberId;
    this.watch = watch;
  }

  /** No longer a member: nothing of it fires any more. */
  release(): void {
    this.watch.session.clear();
    this.watch.rebalance.clear();
  }
}

/** Whether it has come to the epoch of the target, with all that it is to have. */
export function isReconciled({ progress }: StreamsMemberView, targetEpoch: number): boolean {
  return progress.state === MemberStates.STABLE && progress.epoch === targetEpoch;
}

export function isEqualIdentity(a: StreamsIdentity, b: StreamsIdentity): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.topologyEpoch === b.topologyEpoch &&
    a.processId === b.processId &&
    a.endpoint?.host === b.endpoint?.host &&
    a.endpoint?.port === b.endpoint?.port &&
    a.clientTags.size === b.clientTags.size &&
    [...a.clientTags].every(([key, value]) => b.clientTags.get(key) === value)
  );
}

export function isEqualProgress(a: StreamsProgress, b: StreamsProgress): boolean {
  return (
    a === b ||
    (a.epoch === b.epoch &&
      a.previousEpoch === b.previousEpoch &&
      a.state === b.state &&
      isSameHeld(a.assigned, b.assigned) &&
      isSameHeld(a.pendingRevocation, b.pendingRevocation))
  );
}
