// SyncGroup, versions 0 to 5. From version 5 on the request must name the group's protocol.

import { Errors } from "../../../../protocol/errors.ts";
import { syncGroup as api } from "../../../../protocol/messages/14-sync-group.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer } from "../../decision.ts";
import { type SyncAnswer, syncRefused } from "../classic/answers.ts";
import { type Sync, syncGroup as syncClassicGroup } from "../classic/sync.ts";
import { syncClassicMember } from "../consumer/classic-members.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

const PROTOCOL_REQUIRED_VERSION = 5;

export const syncGroupRequest = groupRequest(api, "0-5", ["READ GROUP"], handle);

function handle(parts: RequestParts, request: Request, context: GroupRequestContext<"READ GROUP">): Response | Promise<Response> {
  const { groupId, protocolType, protocolName } = request;
  if (!context.access.permits("READ GROUP", groupId)) return toResponse(syncRefused(Errors.GROUP_AUTHORIZATION_FAILED));
  if (context.apiVersion >= PROTOCOL_REQUIRED_VERSION && (protocolType === null || protocolName === null)) {
    return toResponse(syncRefused(Errors.INCONSISTENT_GROUP_PROTOCOL));
  }
  if (groupId === "") return toResponse(syncRefused(Errors.INVALID_GROUP_ID));
  const syncing = parts.runtime.write<SyncAnswer | Promise<SyncAnswer>>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      const { environment, consumerWork: work } = state;
      if (group === undefined || group.kind === "share" || group.kind === "streams") return answer(syncRefused(Errors.UNKNOWN_MEMBER_ID));
      if (group.kind === "classic") return syncClassicGroup(environment, group, context, toSync(request));
      return syncClassicMember({ environment, work, group, context }, toSync(request));
    },
    syncRefused,
  );
  return syncing instanceof Promise ? syncing.then(toResponse) : toResponse(syncing);
}

function toSync(request: Request): Sync {
  return {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocolName: request.protocolName,
    // Copied: they are views of the request's frame, and members outlive it.
    assignments: new Map(request.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)])),
  };
}

function toResponse({ error, protocolType, protocolName, assignment }: SyncAnswer): Response {
  return { errorCode: error, protocolType, protocolName, assignment };
}
