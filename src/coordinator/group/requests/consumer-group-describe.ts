// ConsumerGroupDescribe, versions 0 and 1 (KIP-848): groups of the consumer protocol with their epochs, and members with what they have and are
// to have. Version 1 tells members of the classic protocol from those of the consumer protocol (KIP-1099).

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { consumerGroupDescribe as api } from "../../../../protocol/messages/69-consumer-group-describe.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { listedAssignors } from "../../../config/group-protocols.ts";
import type { ConsumerGroup } from "../consumer/consumer-group.ts";
import type { ConsumerMember } from "../consumer/consumer-member.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Description = Response["groups"][number];
type Context = GroupRequestContext<"DESCRIBE GROUP" | "DESCRIBE TOPIC">;

const MemberTypes = { CLASSIC: 0, CONSUMER: 1 } as const;

export const consumerGroupDescribeRequest = groupRequest(api, "0-1", ["DESCRIBE GROUP", "DESCRIBE TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response {
  return { groups: request.groupIds.map((groupId) => describe(parts, request, context, groupId)) };
}

function describe(parts: RequestParts, { includeAuthorizedOperations }: Request, { access }: Context, groupId: string): Description {
  if (!parts.servesConsumerProtocol()) return absent(groupId, Errors.UNSUPPORTED_VERSION);
  if (!access.permits("DESCRIBE GROUP", groupId)) return absent(groupId, Errors.GROUP_AUTHORIZATION_FAILED);
  if (groupId === "") return absent(groupId, Errors.INVALID_GROUP_ID);
  const described = parts.runtime.read<Description>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind === "consumer") return describeGroup(parts, group);
      const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a consumer group.`;
      return absent(groupId, Errors.GROUP_ID_NOT_FOUND, message);
    },
    (error) => absent(groupId, error),
  );
  if (described.errorCode !== Errors.NONE) return described;
  const topics = new Set(
    described.members.flatMap(({ assignment, targetAssignment }) => [...namesIn(assignment), ...namesIn(targetAssignment)]),
  );
  if (![...topics].every((name) => access.permits("DESCRIBE TOPIC", name))) {
    const message = "The group has described topic(s) that the client is not authorized to describe.";
    return absent(groupId, Errors.TOPIC_AUTHORIZATION_FAILED, message);
  }
  return includeAuthorizedOperations ? { ...described, authorizedOperations: access.operationsOn("GROUP", groupId) } : described;
}

function namesIn({ topicPartitions }: { readonly topicPartitions: readonly { readonly topicName: string }[] }): string[] {
  return topicPartitions.map(({ topicName }) => topicName);
}

function absent(groupId: string, errorCode: ErrorCode, errorMessage: string | null = null): Description {
  return { errorCode, errorMessage, groupId, groupState: "", groupEpoch: 0, assignmentEpoch: 0, assignorName: "", members: [] };
}

function describeGroup(parts: RequestParts, group: ConsumerGroup): Description {
  const [first = ""] = listedAssignors(parts.settings["group.consumer.assignors"]);
  return {
    errorCode: Errors.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.targetEpoch,
    assignorName: group.preferredAssignor(group.members.values()) ?? first,
    members: [...group.members.values()].map((member) => describeMember(parts, group, member)),
  };
}

function describeMember(parts: RequestParts, group: ConsumerGroup, member: ConsumerMember) {
  const { memberId, identity, progress } = member;
  const held = new Map<string, readonly number[]>();
  for (const partitions of [progress.assigned, progress.pendingRevocation]) {
    for (const [topicId, epochs] of partitions) held.set(topicId, [...(held.get(topicId) ?? []), ...epochs.keys()]);
  }
  return {
    memberId,
    instanceId: identity.instanceId,
    rackId: identity.rackId,
    memberEpoch: progress.epoch,
    clientId: identity.clientId,
    clientHost: identity.clientHost,
    subscribedTopicNames: identity.topicNames,
    subscribedTopicRegex: identity.topicRegex,
    assignment: toAssignment(parts, held),
    targetAssignment: toAssignment(parts, group.targetOf(member)),
    memberType: identity.classic === null ? MemberTypes.CONSUMER : MemberTypes.CLASSIC,
  };
}

/** Topics that are gone are not shown. */
function toAssignment({ topics }: RequestParts, assignment: Iterable<readonly [string, readonly number[]]>) {
  const topicPartitions = [];
  for (const [topicId, partitions] of assignment) {
    const topicName = topics.nameOf(topicId);
    if (topicName !== undefined) topicPartitions.push({ topicId, topicName, partitions: partitions.toSorted((a, b) => a - b) });
  }
  return { topicPartitions };
}
