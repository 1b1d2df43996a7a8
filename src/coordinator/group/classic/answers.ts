// What joining and syncing members are told, before it is put into the shape of a request's version.

import type { ErrorCode } from "../../../../protocol/errors.ts";
import { Errors } from "../../../../protocol/errors.ts";

export interface JoinedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinAnswer {
  readonly error: ErrorCode;
  readonly memberId: string;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** For the leader; empty for everyone else. */
  readonly members: readonly JoinedMember[];
}

export interface SyncAnswer {
  readonly error: ErrorCode;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

const NO_ASSIGNMENT: Buffer = Buffer.alloc(0);

export function joinRefused(error: ErrorCode, memberId: string): JoinAnswer {
  return { error, memberId, generation: -1, protocolType: null, protocolName: null, leader: "", skipAssignment: false, members: [] };
}

export function syncRefused(error: ErrorCode): SyncAnswer {
  return { error, protocolType: null, protocolName: null, assignment: NO_ASSIGNMENT };
}

export function synced(protocolType: string | null, protocolName: string | null, assignment: Buffer): SyncAnswer {
  return { error: Errors.NONE, protocolType, protocolName, assignment };
}
