// OffsetDelete, version 0: removes committed offsets of a group, but none of a topic that an active member subscribes to.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { offsetDelete as api } from "../../../../protocol/messages/47-offset-delete.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { answer, type Decision } from "../../decision.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import { subscriptionOf } from "../classic/group-subscription.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../consumer-subscription.ts";
import type { GroupRecord } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { TopicsView } from "../topics-view.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

export const offsetDeleteRequest = groupRequest(api, "0", ["DELETE GROUP", "READ TOPIC"], handle);

function handle(parts: RequestParts, request: Request): Response | Promise<Response> {
  if (request.groupId === "") return refused(Errors.INVALID_GROUP_ID);
  return parts.runtime.write<Response>(parts.partitionFor(request.groupId), (state) => decide(parts.topics, state, request), refused);
}

function decide(view: TopicsView, state: GroupState, { groupId, topics }: Request): Decision<GroupRecord, Response> {
  const group = state.classicGroup(groupId);
  const error = checkGroup(group);
  if (group === undefined || error !== Errors.NONE) return answer(refused(error));
  const isSubscribed = subscriptionOf(group);
  const records: GroupRecord[] = [];
  const response: Response = {
    errorCode: Errors.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const errorCode = checkPartition(view, name, partitionIndex, isSubscribed);
        if (errorCode === Errors.NONE && state.offsets.get(groupId, name, partitionIndex) !== undefined) {
          records.push({ type: "offset", groupId, topic: name, partition: partitionIndex, committed: null });
        }
        return { partitionIndex, errorCode };
      }),
    })),
  };
  return { records, applied: () => response };
}

function checkGroup(group: ClassicGroup | undefined): ErrorCode {
  if (group === undefined) return Errors.GROUP_ID_NOT_FOUND;
  return group.isEmpty || group.protocolType === CONSUMER_PROTOCOL_TYPE ? Errors.NONE : Errors.NON_EMPTY_GROUP;
}

function checkPartition(view: TopicsView, topic: string, partition: number, isSubscribed: (topic: string) => boolean): ErrorCode {
  const partitionCount = view.partitionCount(topic);
  if (partitionCount === undefined || partition < 0 || partition >= partitionCount) return Errors.UNKNOWN_TOPIC_OR_PARTITION;
  return isSubscribed(topic) ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE;
}

function refused(errorCode: ErrorCode): Response {
  return { errorCode, topics: [] };
}
