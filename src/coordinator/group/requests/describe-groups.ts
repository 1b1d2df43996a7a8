// DescribeGroups, versions 0 to 6. What members said and the protocol they chose is shown only in a stable group, what they own always.
// A group that is not there is "Dead", and from version 6 on an error.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { describeGroups as api } from "../../../../protocol/messages/15-describe-groups.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Description = Response["groups"][number];

const NOT_FOUND_VERSION = 6;
const NO_BYTES: Buffer = Buffer.alloc(0);

export const describeGroupsRequest = groupRequest(api, "0-6", ["DESCRIBE GROUP"], handle);

function handle(parts: RequestParts, request: Request, context: GroupRequestContext<"DESCRIBE GROUP">): Response {
  const { access } = context;
  return {
    groups: request.groups.map((groupId) => {
      if (!access.permits("DESCRIBE GROUP", groupId)) return { ...absent(groupId, ""), errorCode: Errors.GROUP_AUTHORIZATION_FAILED };
      const description = describe(parts, context, groupId);
      const isToldOperations = request.includeAuthorizedOperations && description.errorCode === Errors.NONE;
      return isToldOperations ? { ...description, authorizedOperations: access.operationsOn("GROUP", groupId) } : description;
    }),
  };
}

function describe(parts: RequestParts, context: GroupRequestContext, groupId: string): Description {
  return parts.runtime.read<Description>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind === "classic") return describeClassicGroup(group);
      if (context.apiVersion < NOT_FOUND_VERSION) return absent(groupId, "Dead");
      const errorMessage = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a classic group.`;
      return { ...absent(groupId, "Dead"), errorCode: Errors.GROUP_ID_NOT_FOUND, errorMessage };
    },
    (errorCode: ErrorCode) => ({ ...absent(groupId, ""), errorCode }),
  );
}

function absent(groupId: string, groupState: string): Description {
  return { errorCode: Errors.NONE, groupId, groupState, protocolType: "", protocolData: "", members: [] };
}

function describeClassicGroup(group: ClassicGroup): Description {
  const isStable = group.state === "Stable";
  return {
    errorCode: Errors.NONE,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? "",
    protocolData: isStable ? (group.protocolName ?? "") : "",
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? member.metadataFor(group.protocolName) : NO_BYTES,
      memberAssignment: member.assignment,
    })),
  };
}
