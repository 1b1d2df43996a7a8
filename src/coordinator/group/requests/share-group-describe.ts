// ShareGroupDescribe, version 1 (KIP-932): share groups with their epochs, and members with what they have.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { shareGroupDescribe as api } from "../../../../protocol/messages/77-share-group-describe.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { notAShareGroup } from "../share/membership-faults.ts";
import type { ShareGroup } from "../share/share-group.ts";
import type { ShareMember } from "../share/share-member.ts";
import { SHARE_ASSIGNOR } from "../share/share-target.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Description = Response["groups"][number];
type Context = GroupRequestContext<"DESCRIBE GROUP" | "DESCRIBE TOPIC">;

export const shareGroupDescribeRequest = groupRequest(api, "1", ["DESCRIBE GROUP", "DESCRIBE TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response {
  return { groups: request.groupIds.map((groupId) => describe(parts, request, context, groupId)) };
}

function describe(parts: RequestParts, { includeAuthorizedOperations }: Request, { access }: Context, groupId: string): Description {
  if (!parts.servesShareGroups()) return absent(groupId, Errors.UNSUPPORTED_VERSION);
  if (!access.permits("DESCRIBE GROUP", groupId)) return absent(groupId, Errors.GROUP_AUTHORIZATION_FAILED);
  if (groupId === "") return absent(groupId, Errors.INVALID_GROUP_ID);
  const described = parts.runtime.read<Description>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind === "share") return describeGroup(parts, group);
      const { error, message } = notAShareGroup(groupId, group);
      return absent(groupId, error, message);
    },
    (error) => absent(groupId, error),
  );
  if (described.errorCode !== Errors.NONE) return described;
  const topics = new Set(described.members.flatMap(({ assignment }) => assignment.topicPartitions.map(({ topicName }) => topicName)));
  if (![...topics].every((name) => access.permits("DESCRIBE TOPIC", name))) {
    const message = "The group has described topic(s) that the client is not authorized to describe.";
    return absent(groupId, Errors.TOPIC_AUTHORIZATION_FAILED, message);
  }
  return includeAuthorizedOperations ? { ...described, authorizedOperations: access.operationsOn("GROUP", groupId) } : described;
}

function absent(groupId: string, errorCode: ErrorCode, errorMessage: string | null = null): Description {
  return { errorCode, errorMessage, groupId, groupState: "", groupEpoch: 0, assignmentEpoch: 0, assignorName: "", members: [] };
}

function describeGroup(parts: RequestParts, group: ShareGroup): Description {
  return {
    errorCode: Errors.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.targetEpoch,
    assignorName: SHARE_ASSIGNOR,
    members: [...group.members.values()].map((member) => describeMember(parts, member)),
  };
}

function describeMember({ topics }: RequestParts, { memberId, identity, progress }: ShareMember) {
  const { rackId, clientId, clientHost, topicNames: subscribedTopicNames } = identity;
  // Topics that are gone are not shown.
  const topicPartitions = [...progress.assigned].flatMap(([topicId, partitions]) => {
    const topicName = topics.nameOf(topicId);
    return topicName === undefined ? [] : [{ topicId, topicName, partitions }];
  });
  return { memberId, rackId, memberEpoch: progress.epoch, clientId, clientHost, subscribedTopicNames, assignment: { topicPartitions } };
}
