// OffsetDelete, version 0: removes committed offsets of a group, but none of a topic that an active member subscribes to.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { offsetDelete as api } from "../../../../protocol/messages/47-offset-delete.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer, type Decision } from "../../decision.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../consumer-subscription.ts";
import type { Group } from "../group.ts";
import type { GroupRecord } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { TopicsView } from "../topics-view.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

export const offsetDeleteRequest = groupRequest(api, "0", ["DELETE GROUP", "READ TOPIC"], handle);

type Context = GroupRequestContext<"DELETE GROUP" | "READ TOPIC">;

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  if (!context.access.permits("DELETE GROUP", request.groupId)) return refused(Errors.GROUP_AUTHORIZATION_FAILED);
  const topics = request.topics.map((topic) => judged(parts.topics, context, topic));
  if (request.groupId === "") return refused(Errors.INVALID_GROUP_ID);
  return parts.runtime.write<Response>(parts.partitionFor(request.groupId), (state) => decide(state, request.groupId, topics), refused);
}

interface JudgedTopic {
  readonly name: string;
  /** NONE where it is the group's to say. */
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[];
}

function judged(view: TopicsView, { access }: Context, { name, partitions }: Request["topics"][number]): JudgedTopic {
  const mayRead = access.permits("READ TOPIC", name);
  const count = view.partitionCount(name) ?? 0;
  const faultOf = (index: number) => {
    if (!mayRead) return Errors.TOPIC_AUTHORIZATION_FAILED;
    return index < 0 || index >= count ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE;
  };
  return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: faultOf(partitionIndex) })) };
}

function decide(state: GroupState, groupId: string, topics: readonly JudgedTopic[]): Decision<GroupRecord, Response> {
  const group = state.group(groupId);
  const error = checkGroup(group);
  if (group === undefined || error !== Errors.NONE) return answer(refused(error));
  const isSubscribed = group.subscription();
  const records: GroupRecord[] = [];
  const response: Response = {
    errorCode: Errors.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, errorCode }) => {
        if (errorCode !== Errors.NONE) return { partitionIndex, errorCode };
        if (isSubscribed(name)) return { partitionIndex, errorCode: Errors.GROUP_SUBSCRIBED_TO_TOPIC };
        if (state.offsets.get(groupId, name, partitionIndex) !== undefined) {
          records.push({ type: "offset", groupId, topic: name, partition: partitionIndex, committed: null });
        }
        return { partitionIndex, errorCode };
      }),
    })),
  };
  return { records, applied: () => response };
}

function checkGroup(group: Group | undefined): ErrorCode {
  if (group === undefined || group.kind === "share") return Errors.GROUP_ID_NOT_FOUND;
  const isOfTopics = group.kind !== "classic" || group.protocolType === CONSUMER_PROTOCOL_TYPE;
  return group.isEmpty || isOfTopics ? Errors.NONE : Errors.NON_EMPTY_GROUP;
}

function refused(errorCode: ErrorCode): Response {
  return { errorCode, topics: [] };
}
