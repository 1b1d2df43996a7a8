// Heartbeat, versions 0 to 4. While the group is loading the answer is success: nobody needs to rejoin for that.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { heartbeat as api } from "../../../../protocol/messages/12-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { heartbeat as heartbeatClassicGroup } from "../classic/heartbeat.ts";
import { heartbeatOfClassicMember } from "../consumer/classic-members.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

export const heartbeatRequest = groupRequest(api, "0-4", ["READ GROUP"], handle);

function handle(parts: RequestParts, request: Request, context: GroupRequestContext<"READ GROUP">): Response {
  const { groupId, memberId, groupInstanceId: instanceId, generationId: generation } = request;
  if (!context.access.permits("READ GROUP", groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED };
  if (groupId === "") return { errorCode: Errors.INVALID_GROUP_ID };
  const errorCode = parts.runtime.read<ErrorCode>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      const said = { memberId, instanceId, generation };
      if (group === undefined || group.kind === "share" || group.kind === "streams") return Errors.UNKNOWN_MEMBER_ID;
      if (group.kind === "classic") return heartbeatClassicGroup(group, context, said);
      return heartbeatOfClassicMember({ environment: state.environment, work: state.consumerWork, group, context }, said);
    },
    (error) => (error === Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : error),
  );
  return { errorCode };
}
