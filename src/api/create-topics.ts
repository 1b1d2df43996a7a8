// CreateTopics (key 19). From version 5 on the answer tells what was made, with its settings (KIP-525).

import { Errors } from "../../protocol/errors.ts";
import { createTopics as createTopicsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { isRefusal, type Refusal, type TopicChange } from "../cluster/create-topics.ts";
import { describeTopicSettings } from "../config/describe-config.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type TopicRequest = DecodedMessage<typeof createTopicsApi.request>["topics"][number];
type TopicResponse = EncodableMessage<typeof createTopicsApi.response>["topics"][number];

export const createTopics = serve(createTopicsApi, "0-7", async (services, request, context) => {
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const once = request.topics.filter(({ name }) => counts.get(name) === 1);
  const repeated = [...counts].filter(([, count]) => count > 1).map(([name]) => name);
  const outcomes = await services.topics.create(
    once.map((topic) => wishOf(topic, context.apiVersion)),
    request.validateOnly,
  );
  const answers = once.map(({ name }, index) => answerTo(services, name, outcomes[index], request.validateOnly));
  for (const outcome of outcomes) {
    if (isRefusal(outcome) || request.validateOnly) continue;
    services.logger.info({ topic: outcome.name, topicId: outcome.id, partitions: outcome.partitions.length }, "created a topic");
  }
  return { topics: [...answers, ...repeated.map((name) => refused(name, { error: Errors.INVALID_REQUEST, message: "Duplicate topic name." }))] };
});

function wishOf(topic: TopicRequest, apiVersion: number) {
  // Before version 4 there was no way to ask for the broker's defaults: -1 there goes with an assignment.
  const hasDefaults = apiVersion >= 4 || topic.assignments.length > 0;
  return {
    name: topic.name,
    partitionCount: hasDefaults || topic.numPartitions !== -1 ? topic.numPartitions : 0,
    replicationFactor: hasDefaults || topic.replicationFactor !== -1 ? topic.replicationFactor : 0,
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
