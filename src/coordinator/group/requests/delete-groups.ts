// DeleteGroups, versions 0 to 2: removes groups without members, with their offsets. Of a share group what is stored of its partitions goes first;
// where that fails the group stays.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { deleteGroups as api } from "../../../../protocol/messages/42-delete-groups.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupRecord } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { deleteAllShareOffsets } from "../share/alter-offsets.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

export const deleteGroupsRequest = groupRequest(api, "0-2", ["DELETE GROUP"], handle);

function handle(parts: RequestParts, request: Request, { access }: GroupRequestContext<"DELETE GROUP">): Response | Promise<Response> {
  const groupIds = [...new Set(request.groupsNames)];
  const deleting = groupIds.map((groupId): ErrorCode | Promise<ErrorCode> => {
    if (!access.permits("DELETE GROUP", groupId)) return Errors.GROUP_AUTHORIZATION_FAILED;
    const isShareGroup = parts.runtime.read(
      parts.partitionFor(groupId),
      (state) => state.shareGroup(groupId) !== undefined,
      () => false,
    );
    if (!isShareGroup) return remove(parts, groupId);
    return deleteAllShareOffsets(parts, groupId).then((refusal) => refusal?.error ?? remove(parts, groupId));
  });
  const toResponse = (errors: readonly ErrorCode[]): Response => ({
    results: groupIds.map((groupId, index) => ({ groupId, errorCode: errors[index] ?? Errors.NONE })),
  });
  if (deleting.every((each): each is ErrorCode => !(each instanceof Promise))) return toResponse(deleting);
  return Promise.all(deleting).then(toResponse);
}

function remove(parts: RequestParts, groupId: string): ErrorCode | Promise<ErrorCode> {
  return parts.runtime.write<ErrorCode>(
    parts.partitionFor(groupId),
    (state) => deleteGroup(state, groupId),
    (error) => error,
  );
}

function deleteGroup(state: GroupState, groupId: string): Decision<GroupRecord, ErrorCode> {
  const group = state.group(groupId);
  if (group === undefined) return answer(Errors.GROUP_ID_NOT_FOUND);
  if (!group.isEmpty) return answer(Errors.NON_EMPTY_GROUP);
  return {
    records: [...state.offsets.tombstones(groupId), ...group.tombstones()],
    applied: () => Errors.NONE,
  };
}
