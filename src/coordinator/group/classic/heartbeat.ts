// Heartbeat: a member is alive, and learns whether it must rejoin. The most frequent request of all: it changes a field.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { ClassicGroup } from "./classic-group.ts";

export interface Heartbeat {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export function heartbeat(group: ClassicGroup, context: GroupRequestContext, { memberId, instanceId, generation }: Heartbeat): ErrorCode {
  const error = group.checkMember(memberId, instanceId);
  const member = group.members.get(memberId);
  if (error !== Errors.NONE || member === undefined) return error;
  if (generation !== group.generation) return Errors.ILLEGAL_GENERATION;
  member.link.bind(context.connection);
  if (!member.isWaitingForJoin && !member.isWaitingForSync) member.heard();
  return group.state === "PreparingRebalance" ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
}
