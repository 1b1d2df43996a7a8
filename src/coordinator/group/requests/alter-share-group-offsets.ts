// AlterShareGroupOffsets, version 0 (KIP-932): where a group without members begins to read partitions. Any offset is taken: what lies before the
// log's start is put right when the partition is read, what lies beyond its end is waited for.

import { Errors } from "../../../../protocol/errors.ts";
import { alterShareGroupOffsets as api } from "../../../../protocol/messages/91-alter-share-group-offsets.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { alterShareOffsets } from "../share/alter-offsets.ts";
import { nameOfShared } from "../share/share-states.ts";
import type { TopicShared } from "../share/shared-partitions.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Context = GroupRequestContext<"READ GROUP" | "READ TOPIC">;

const NO_TOPIC: Refusal = { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "This server does not host this topic-partition." };
const NOT_PERMITTED: Refusal = { error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "Topic authorization failed." };

export const alterShareGroupOffsetsRequest = groupRequest(api, "0", ["READ GROUP", "READ TOPIC"], handle);

async function handle(parts: RequestParts, request: Request, { access }: Context): Promise<Response> {
  const { groupId } = request;
  if (!parts.servesShareGroups()) return refused({ error: Errors.UNSUPPORTED_VERSION, message: "The version of API is not supported." });
  if (!access.permits("READ GROUP", groupId))
    return refused({ error: Errors.GROUP_AUTHORIZATION_FAILED, message: "Group authorization failed." });
  if (groupId === "") return refused({ error: Errors.INVALID_GROUP_ID, message: "The group id is invalid." });
  const faults = new Map<string, Refusal>();
  const topics = new Map<string, TopicShared & { readonly partitions: number[] }>();
  const starts = new Map<string, number>();
  for (const { topicName: name, partitions } of request.topics) {
    const topicId = parts.topics.idOf(name);
    const partitionCount = parts.topics.partitionCount(name) ?? 0;
    for (const { partitionIndex, startOffset } of partitions) {
      const fault = !access.permits("READ TOPIC", name)
        ? NOT_PERMITTED
        : partitionIndex < 0 || partitionIndex >= partitionCount
          ? NO_TOPIC
          : undefined;
      if (fault !== undefined) faults.set(`${name} ${partitionIndex}`, fault);
      if (fault !== undefined || topicId === undefined) continue;
      const known = topics.get(topicId);
      if (known === undefined) topics.set(topicId, { name, partitions: [partitionIndex] });
      else if (!known.partitions.includes(partitionIndex)) known.partitions.push(partitionIndex);
      starts.set(nameOfShared(topicId, partitionIndex), startOffset);
    }
  }
  const altered = await alterShareOffsets(parts, groupId, topics, starts);
  if (isRefusal(altered)) return refused(altered);
  return {
    errorCode: Errors.NONE,
    responses: request.topics.map(({ topicName, partitions }) => {
      // Also of topics that the client may not read, as Kafka does.
      const topicId = parts.topics.idOf(topicName);
      return {
        topicName,
        topicId: topicId ?? ZERO_UUID,
        partitions: partitions.map(({ partitionIndex }) => {
          const fault = faults.get(`${topicName} ${partitionIndex}`) ?? altered.get(nameOfShared(topicId ?? "", partitionIndex));
          return { partitionIndex, errorCode: fault?.error ?? Errors.NONE, errorMessage: fault?.message ?? null };
        }),
      };
    }),
  };
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: message === "" ? null : message, responses: [] };
}
