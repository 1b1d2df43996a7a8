// DeleteTopics (key 20). By name, from version 6 on also by id. What is answered as deleted is gone.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { deleteTopics as deleteTopicsApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { repeated } from "../base/repeated.ts";
import type { Access } from "../security/access.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { TOPIC_UNAUTHORIZED } from "./unauthorized.ts";

type TopicResponse = EncodableMessage<typeof deleteTopicsApi.response>["responses"][number];
type Wanted = { readonly name: string | null; readonly topicId: string };

/** The first whose clients know that their quota may be used up. */
const FIRST_STRICT_VERSION = 5;

export const deleteTopics = serve(
  deleteTopicsApi,
  "0-6",
  ["DELETE CLUSTER", "DELETE TOPIC", "DESCRIBE TOPIC"],
  async (services, request, context) => {
    const all: Wanted[] = context.apiVersion >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    if (!services.config["delete.topic.enable"]) {
      const errorCode = context.apiVersion >= 3 ? Errors.TOPIC_DELETION_DISABLED : Errors.INVALID_REQUEST;
      return { responses: all.map((wanted) => refused(wanted, errorCode, "Topic deletion is disabled.")) };
    }
    const twice = repeated(all.map(keyOf));
    const asked: Wanted[] = [];
    const faulty = new Map<string, TopicResponse>();
    for (const wanted of all) {
      const key = keyOf(wanted);
      const fault = faultOf(wanted, twice.has(key));
      const unauthorized = fault === undefined ? unauthorizedAnswer(services, wanted, context.access) : undefined;
      if (unauthorized !== undefined) faulty.set(key, unauthorized);
      else if (fault === undefined) asked.push(wanted);
      else if (!faulty.has(key)) faulty.set(key, refused(wanted, Errors.INVALID_REQUEST, fault));
    }
    const responses = [...faulty.values()];
    const deletions = await services.topics.delete(
      asked.map(({ name, topicId }) => (name === null ? { id: topicId } : { name })),
      context.quota?.mutations(context.apiVersion >= FIRST_STRICT_VERSION ? "strict" : "permissive"),
    );
    deletions.forEach((deletion, index) => {
      const wanted = asked[index];
      if (wanted === undefined) return;
      if ("error" in deletion) {
        responses.push(refused(wanted, deletion.error, unknownMessage(deletion.error)));
      } else {
        services.logger.info({ topic: deletion.topic.name, topicId: deletion.topic.id }, "deleted a topic");
        responses.push({ name: deletion.topic.name, topicId: deletion.topic.id, errorCode: Errors.NONE });
      }
    });
    return { responses };
  },
);

/** Who may delete all that the cluster has is not asked about topics. Who may not describe a topic hears no more of it than they have said. */
function unauthorizedAnswer(
  { cluster: { image } }: Services,
  wanted: Wanted,
  access: Access<"DELETE CLUSTER" | "DELETE TOPIC" | "DESCRIBE TOPIC">,
): TopicResponse | undefined {
  if (access.permitsOnClusterQuietly("DELETE CLUSTER")) return undefined;
  const topic = wanted.name === null ? image.topicsById.get(wanted.topicId) : image.topicsByName.get(wanted.name);
  const name = wanted.name ?? topic?.name;
  if (name === undefined) return undefined;
  const { error, message } = TOPIC_UNAUTHORIZED;
  if (!access.permits("DESCRIBE TOPIC", name)) return refused(wanted, error, message);
  if (topic === undefined || access.permits("DELETE TOPIC", name)) return undefined;
  return refused({ ...wanted, name }, error, message);
}

/** Kafka's words: tools print them. */
function unknownMessage(error: ErrorCode): string | null {
  if (error === Errors.THROTTLING_QUOTA_EXCEEDED) return null;
  return error === Errors.UNKNOWN_TOPIC_ID ? "This server does not host this topic ID." : "This server does not host this topic-partition.";
}

function keyOf({ name, topicId }: Wanted): string {
  return name === null ? `id ${topicId}` : `name ${name}`;
}

function faultOf(wanted: Wanted, isRepeated: boolean): string | undefined {
  if (wanted.name === null && wanted.topicId === ZERO_UUID) return "Neither topic name nor id were specified.";
  if (wanted.name !== null && wanted.topicId !== ZERO_UUID) return "You may not specify both topic name and topic id.";
  if (!isRepeated) return undefined;
  return wanted.name === null ? "Duplicate topic id." : "Duplicate topic name.";
}

function refused({ name, topicId }: Wanted, errorCode: number, errorMessage: string | null): TopicResponse {
  return { name, topicId, errorCode, errorMessage };
}
