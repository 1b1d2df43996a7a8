// LeaveGroup, versions 0 to 5. Up to version 2 one member, whose error is that of the answer; from 3 on a list with an error each.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { leaveGroup as api } from "../../../../protocol/messages/13-leave-group.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer } from "../../decision.ts";
import { type LeavingMember, leaveGroup as leaveClassicGroup } from "../classic/leave.ts";
import { leaveClassicMembers } from "../consumer/classic-members.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

const LIST_VERSION = 3;

export const leaveGroupRequest = groupRequest(api, "0-5", ["READ GROUP"], handle);

function handle(parts: RequestParts, request: Request, context: GroupRequestContext<"READ GROUP">): Response | Promise<Response> {
  const { groupId } = request;
  if (!context.access.permits("READ GROUP", groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED };
  if (groupId === "") return { errorCode: Errors.INVALID_GROUP_ID };
  const isList = context.apiVersion >= LIST_VERSION;
  const members: readonly LeavingMember[] = isList
    ? request.members.map(({ memberId, groupInstanceId: instanceId, reason }) => ({ memberId, instanceId, reason }))
    : [{ memberId: request.memberId, instanceId: null, reason: null }];
  const leaving = parts.runtime.write<ErrorCode | readonly ErrorCode[]>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      const { environment, consumerWork: work } = state;
      if (group === undefined || group.kind === "share" || group.kind === "streams")
        return answer(members.map(() => Errors.UNKNOWN_MEMBER_ID));
      return group.kind === "classic"
        ? leaveClassicGroup(environment, group, members)
        : leaveClassicMembers({ environment, work, group }, members);
    },
    (error) => error,
  );
  const toResponse = (result: ErrorCode | readonly ErrorCode[]): Response => {
    if (typeof result === "number") return { errorCode: result };
    if (!isList) return { errorCode: result[0] ?? Errors.NONE };
    return {
      errorCode: Errors.NONE,
      members: members.map(({ memberId, instanceId }, index) => ({
        memberId,
        groupInstanceId: instanceId,
        errorCode: result[index] ?? Errors.NONE,
      })),
    };
  };
  return leaving instanceof Promise ? leaving.then(toResponse) : toResponse(leaving);
}
