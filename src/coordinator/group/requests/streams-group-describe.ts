// StreamsGroupDescribe, version 0 (KIP-1071): streams groups with their epochs and topology, and members with what they have and are to have.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { streamsGroupDescribe as api } from "../../../../protocol/messages/89-streams-group-describe.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { isReady } from "../streams/configured-topology.ts";
import type { StreamsGroup } from "../streams/streams-group.ts";
import type { StreamsMember } from "../streams/streams-member.ts";
import { type Tasks, toTaskIds, withoutEpochs } from "../streams/tasks.ts";
import { namedTopics, type Subtopology } from "../streams/topology.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Description = Response["groups"][number];
type Context = GroupRequestContext<"DESCRIBE GROUP" | "DESCRIBE TOPIC">;

export const streamsGroupDescribeRequest = groupRequest(api, "0", ["DESCRIBE GROUP", "DESCRIBE TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response {
  return { groups: request.groupIds.map((groupId) => describe(parts, request, context, groupId)) };
}

interface Described {
  readonly description: Description;
  readonly topics: readonly string[];
}

function describe(parts: RequestParts, { includeAuthorizedOperations }: Request, { access }: Context, groupId: string): Description {
  if (!parts.servesStreamsProtocol()) return absent(groupId, Errors.UNSUPPORTED_VERSION);
  if (!access.permits("DESCRIBE GROUP", groupId)) return absent(groupId, Errors.GROUP_AUTHORIZATION_FAILED);
  if (groupId === "") return absent(groupId, Errors.INVALID_GROUP_ID);
  const { description, topics } = parts.runtime.read<Described>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.group(groupId);
      if (group?.kind === "streams")
        return { description: describeGroup(group), topics: group.topology === undefined ? [] : namedTopics(group.topology) };
      const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a streams group.`;
      return { description: absent(groupId, Errors.GROUP_ID_NOT_FOUND, message), topics: [] };
    },
    (error) => ({ description: absent(groupId, error), topics: [] }),
  );
  if (description.errorCode !== Errors.NONE) return description;
  if (!topics.every((name) => access.permits("DESCRIBE TOPIC", name))) {
    const message = "The described group uses topics that the client is not authorized to describe.";
    return absent(groupId, Errors.TOPIC_AUTHORIZATION_FAILED, message);
  }
  return includeAuthorizedOperations ? { ...description, authorizedOperations: access.operationsOn("GROUP", groupId) } : description;
}

function absent(groupId: string, errorCode: ErrorCode, errorMessage: string | null = null): Description {
  return { errorCode, errorMessage, groupId, groupState: "", groupEpoch: 0, assignmentEpoch: 0, members: [] };
}

function describeGroup(group: StreamsGroup): Description {
  const { topology, configured } = group;
  const decided = configured !== undefined && isReady(configured) ? configured.subtopologies : undefined;
  const subtopologies: Iterable<Subtopology> = decided?.values() ?? topology?.subtopologies ?? [];
  return {
    errorCode: Errors.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.targetEpoch,
    topology: topology === undefined ? null : { epoch: topology.epoch, subtopologies: [...subtopologies] },
    members: [...group.members.values()].map((member) => describeMember(group, member)),
  };
}

function describeMember(group: StreamsGroup, { memberId, identity, progress }: StreamsMember) {
  const { instanceId, rackId, clientId, clientHost, topologyEpoch, processId } = identity;
  const { assigned } = progress;
  return {
    memberId,
    memberEpoch: progress.epoch,
    instanceId,
    rackId,
    clientId,
    clientHost,
    topologyEpoch,
    processId,
    userEndpoint: identity.endpoint,
    clientTags: [...identity.clientTags].map(([key, value]) => ({ key, value })),
    taskOffsets: [],
    taskEndOffsets: [],
    assignment: toAssignment({ ...assigned, active: withoutEpochs(assigned.active) }),
    targetAssignment: toAssignment(group.targetOf(memberId)),
    isClassic: false,
  };
}

function toAssignment({ active, standby, warmup }: { readonly active: Tasks; readonly standby: Tasks; readonly warmup: Tasks }) {
  return { activeTasks: toTaskIds(active), standbyTasks: toTaskIds(standby), warmupTasks: toTaskIds(warmup) };
}
