// A member of a share group (KIP-932): what it has said of itself, and what it was given. It owns nothing alone, so it gives nothing up: its next
// heartbeat takes it to whatever its target says.
//
// Both parts are values that are replaced, never changed: whoever decides about a member makes others, and replaying them puts them here.

import type { Deadline } from "../../deadline.ts";
import type { Assignment } from "../assignors/assignor.ts";

export interface ShareIdentity {
  readonly rackId: string | null;
  readonly clientId: string;
  /** As "/127.0.0.1". */
  readonly clientHost: string;
  /** Sorted, each once. */
  readonly topicNames: readonly string[];
}

export interface ShareProgress {
  /** That of the target which it was given. */
  readonly epoch: number;
  /** The one before: of a member whose last answer was lost. */
  readonly previousEpoch: number;
  readonly assigned: Assignment;
}

/** A member as an operation sees it: one that is stored, or one that comes to be. */
export interface ShareMemberView {
  readonly memberId: string;
  readonly identity: ShareIdentity;
  readonly progress: ShareProgress;
}

export const NEW_SHARE_MEMBER: ShareIdentity = { rackId: null, clientId: "", clientHost: "", topicNames: [] };
export const NO_SHARE_PROGRESS: ShareProgress = { epoch: 0, previousEpoch: 0, assigned: new Map() };

export class ShareMember implements ShareMemberView {
  readonly memberId: string;
  identity: ShareIdentity = NEW_SHARE_MEMBER;
  progress: ShareProgress = NO_SHARE_PROGRESS;
  /** Ends the membership of who is not heard of. */
  readonly session: Deadline;

  constructor(memberId: string, session: Deadline) {
    this.memberId = memberId;
    this.session = session;
  }

  /** No longer a member: nothing of it fires any more. */
  release(): void {
    this.session.clear();
  }
}
