// LeaveGroup: members leave, or are removed by an administrator who names them by instance id. The others rebalance at once.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import type { Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicGroupRecord } from "../group-record.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import { rebalance, withoutMembers } from "./rebalance.ts";

export interface LeavingMember {
  /** Empty when the instance id names the member. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly reason: string | null;
}

/** One error code for each member of the request. */
export function leaveGroup(
  environment: GroupEnvironment,
  group: ClassicGroup,
  requested: readonly LeavingMember[],
): Decision<ClassicGroupRecord, readonly ErrorCode[]> {
  const leaving = new Map<string, ClassicMember>();
  const pending = new Set<string>();
  const errors = requested.map(({ memberId, instanceId, reason }): ErrorCode => {
    if (group.pendingMembers.has(memberId) && !pending.has(memberId)) {
      pending.add(memberId);
      return Errors.NONE;
    }
    const member = memberId === "" && instanceId !== null ? group.staticMember(instanceId) : group.members.get(memberId);
    const error = memberId === "" ? Errors.UNKNOWN_MEMBER_ID : group.checkMember(memberId, instanceId);
    if (member === undefined || leaving.has(member.memberId)) return error === Errors.NONE ? Errors.UNKNOWN_MEMBER_ID : error;
    if (memberId !== "" && error !== Errors.NONE) return error;
    leaving.set(member.memberId, member);
    environment.logger.info({ group: group.groupId, member: member.memberId, reason: reason ?? "not given" }, "member leaves the group");
    return Errors.NONE;
  });
  const gone = () => {
    for (const memberId of pending) group.pendingMembers.remove(memberId);
    return errors;
  };
  const decision = withoutMembers(environment, group, [...leaving.values()], {
    applied: () => {
      gone();
      if (leaving.size > 0 || (pending.size > 0 && group.state === "PreparingRebalance"))
        rebalance(environment, group, { kind: "memberLeft", text: "a member left", members: [...leaving.values()] });
      return errors;
    },
    emptied: gone,
  });
  return { ...decision, applied: () => decision.applied() ?? errors };
}
