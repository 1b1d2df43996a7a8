// CreateTopics (key 19). From version 5 on the answer tells what was made, with its settings (KIP-525).

import { Errors } from "../../protocol/errors.ts";
import { createTopics as createTopicsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import type { TopicChange, TopicWish } from "../cluster/create-topics.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { describeTopicSettings } from "../config/describe-config.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type TopicRequest = DecodedMessage<typeof createTopicsApi.request>["topics"][number];
type TopicResponse = EncodableMessage<typeof createTopicsApi.response>["topics"][number];

export const createTopics = serve(createTopicsApi, "0-7", async (services, request) => {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const once = request.topics.filter(({ name }) => counts.get(name) === 1);
  const repeated = [...counts].filter(([, count]) => count > 1).map(([name]) => name);
  const outcomes = await services.topics.create(once.map(wishOf), request.validateOnly);
  const answers = once.map(({ name }, index) => answerTo(services, name, outcomes[index], request.validateOnly));
  for (const outcome of outcomes) {
    if (isRefusal(outcome) || request.validateOnly) continue;
    services.logger.info({ topic: outcome.name, topicId: outcome.id, partitions: outcome.partitions.length }, "created a topic");
  }
  return {
    topics: [...answers, ...repeated.map((name) => refused(name, { error: Errors.INVALID_REQUEST, message: "Duplicate topic name." }))],
  };
});

function wishOf(topic: TopicRequest): TopicWish {
  return {
    name: topic.name,
    partitionCount: topic.numPartitions,
    replicationFactor: topic.replicationFactor,
    assignments: topic.assignments,
    configs: topic.configs,
  };
}

function answerTo(services: Services, name: string, outcome: TopicChange | Refusal | undefined, validateOnly: boolean): TopicResponse {
  if (outcome === undefined || isRefusal(outcome)) return refused(name, outcome ?? { error: Errors.UNKNOWN_SERVER_ERROR, message: "" });
  return {
    name,
    topicId: validateOnly ? ZERO_UUID : outcome.id,
    errorCode: Errors.NONE,
    topicConfigErrorCode: Errors.NONE,
    numPartitions: outcome.partitions.length,
    replicationFactor: outcome.partitions[0]?.replicas.length ?? 0,
    configs: describeTopicSettings(services.config, outcome.configs).map((setting) => ({
      name: setting.name,
      value: setting.value,
      readOnly: setting.isReadOnly,
      configSource: setting.source,
      isSensitive: setting.isSensitive,
    })),
  };
}

function refused(name: string, { error, message }: Refusal): TopicResponse {
  return { name, topicId: ZERO_UUID, errorCode: error, errorMessage: message, topicConfigErrorCode: Errors.NONE, configs: [] };
}
