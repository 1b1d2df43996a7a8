// DeleteShareGroupOffsets, version 0 (KIP-932): a group without members forgets what it has read of topics.

import { Errors } from "../../../../protocol/errors.ts";
import { deleteShareGroupOffsets as api } from "../../../../protocol/messages/92-delete-share-group-offsets.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { deleteShareOffsets } from "../share/alter-offsets.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type Context = GroupRequestContext<"DELETE GROUP" | "READ TOPIC">;

export const deleteShareGroupOffsetsRequest = groupRequest(api, "0", ["DELETE GROUP", "READ TOPIC"], handle);

async function handle(parts: RequestParts, request: Request, { access }: Context): Promise<Response> {
  const { groupId, topics } = request;
  if (!parts.servesShareGroups()) return refused({ error: Errors.UNSUPPORTED_VERSION, message: "The version of API is not supported." });
  if (!access.permits("DELETE GROUP", groupId))
    return refused({ error: Errors.GROUP_AUTHORIZATION_FAILED, message: "Group authorization failed." });
  if (groupId === "") return refused({ error: Errors.INVALID_GROUP_ID, message: "The group id is invalid." });
  const ids = new Map<string, string>();
  for (const { topicName } of topics) {
    const topicId = parts.topics.idOf(topicName);
    if (topicId !== undefined && access.permits("READ TOPIC", topicName)) ids.set(topicName, topicId);
  }
  const outcome = await deleteShareOffsets(parts, groupId, new Set(ids.values()));
  if (isRefusal(outcome)) return refused(outcome);
  const respond = (topicName: string): Response["responses"][number] => {
    const topicId = ids.get(topicName);
    if (topicId === undefined) {
      if (!access.permits("READ TOPIC", topicName))
        return failed(topicName, Errors.TOPIC_AUTHORIZATION_FAILED, "Topic authorization failed.");
      return failed(topicName, Errors.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition.");
    }
    if (outcome.deleted.has(topicId)) return { topicName, topicId, errorCode: Errors.NONE };
    const { error, message } = outcome.refusals.get(topicId) ?? NOTHING_THERE;
    return failed(topicName, error, message);
  };
  return { errorCode: Errors.NONE, responses: topics.map(({ topicName }) => respond(topicName)) };
}

const NOTHING_THERE: Refusal = { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "There is no offset information to delete." };

function failed(topicName: string, errorCode: Refusal["error"], errorMessage: string): Response["responses"][number] {
  return { topicName, topicId: ZERO_UUID, errorCode, errorMessage };
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: message === "" ? null : message, responses: [] };
}
