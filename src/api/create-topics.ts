// CreateTopics (key 19). From version 5 on the answer tells what was made, with its settings (KIP-525).

import { Errors } from "../../protocol/errors.ts";
import { createTopics as createTopicsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { repeated } from "../base/repeated.ts";
import { Slices } from "../base/slices.ts";
import { exceedsBatch, MAX_CHANGES, TOO_MANY_PARTITIONS } from "../cluster/batch-limit.ts";
import type { TopicChange, TopicWish } from "../cluster/create-topics.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { CLUSTER_METADATA_TOPIC } from "../cluster/topic-name.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { describeTopicSettings } from "../config/describe-config.ts";
import { serve } from "./handler.ts";
import { whenOpened } from "./opened-partitions.ts";
import type { Services } from "./services.ts";

type TopicRequest = DecodedMessage<typeof createTopicsApi.request>["topics"][number];
type TopicResponse = EncodableMessage<typeof createTopicsApi.response>["topics"][number];

/** The first whose clients know that their quota may be used up. */
const FIRST_STRICT_VERSION = 6;
const FORBIDDEN: Refusal = { error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "Authorization failed." };

export const createTopics = serve(
  createTopicsApi,
  "0-7",
  ["CREATE CLUSTER", "CREATE TOPIC", "DESCRIBE_CONFIGS TOPIC"],
  async (services, request, context) => {
    const { access } = context;
    const twice = repeated(request.topics.map(({ name }) => name));
    const mayCreate = (name: string) => access.permitsOnClusterQuietly("CREATE CLUSTER") || access.permits("CREATE TOPIC", name);
    // That nobody may make the topic of the cluster's metadata, everybody is told.
    const isForbidden = (name: string) => !twice.has(name) && name !== CLUSTER_METADATA_TOPIC && !mayCreate(name);
    const forbidden = new Set(request.topics.map(({ name }) => name).filter(isForbidden));
    const once = request.topics.filter(({ name }) => !twice.has(name) && !forbidden.has(name));
    const outcomes = hasTooManyPartitions(services, once)
      ? once.map(() => TOO_MANY_PARTITIONS)
      : await services.topics.create(once.map(wishOf), {
          validateOnly: request.validateOnly,
          isTooMuch: exceedsBatch,
          mayMutate: context.quota?.mutations(context.apiVersion >= FIRST_STRICT_VERSION ? "strict" : "permissive"),
        });
    const settings = new ToldSettings(services.config);
    const answers = await new Slices(services.clock).map(once, ({ name }, index) =>
      answerTo(name, outcomes[index], access.permitsQuietly("DESCRIBE_CONFIGS TOPIC", name) ? settings : undefined),
    );
    for (const outcome of outcomes) {
      if (isRefusal(outcome) || request.validateOnly) continue;
      services.logger.info({ topic: outcome.name, topicId: outcome.id, partitions: outcome.partitions.length }, "created a topic");
    }
    await whenOpened(services, new Set(outcomes.flatMap((outcome) => (isRefusal(outcome) ? [] : [outcome.name]))), request.timeoutMs);
    return {
      topics: [
        ...answers,
        ...[...twice].map((name) => refused(name, { error: Errors.INVALID_REQUEST, message: "Duplicate topic name." })),
        ...[...forbidden].map((name) => refused(name, FORBIDDEN)),
      ],
    };
  },
);

/** Before anything else is looked at, as in Kafka. */
function hasTooManyPartitions({ config }: Services, topics: readonly TopicRequest[]): boolean {
  let count = 0;
  for (const { numPartitions, assignments } of topics) {
    if (numPartitions > 0) count += numPartitions;
    else if (numPartitions === -1) count += assignments.length > 0 ? assignments.length : config["num.partitions"];
  }
  return count > MAX_CHANGES;
}

function wishOf(topic: TopicRequest): TopicWish {
  return {
    name: topic.name,
    partitionCount: topic.numPartitions,
    replicationFactor: topic.replicationFactor,
    assignments: topic.assignments,
    configs: topic.configs,
  };
}

/** Topics of a request that have the same settings of their own share what is told of them. */
class ToldSettings {
  readonly #config: BrokerConfig;
  readonly #told = new Map<string, TopicResponse["configs"]>();

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  of(configs: TopicChange["configs"]): TopicResponse["configs"] {
    const key = JSON.stringify(configs);
    const told = this.#told.get(key) ?? this.#tell(configs);
    this.#told.set(key, told);
    return told;
  }

  #tell(configs: TopicChange["configs"]): TopicResponse["configs"] {
    return describeTopicSettings(this.#config, configs).map((setting) => ({
      name: setting.name,
      value: setting.value,
      readOnly: setting.isReadOnly,
      configSource: setting.source,
      isSensitive: setting.isSensitive,
    }));
  }
}

function answerTo(name: string, outcome: TopicChange | Refusal | undefined, settings: ToldSettings | undefined): TopicResponse {
  if (outcome === undefined || isRefusal(outcome)) return refused(name, outcome ?? { error: Errors.UNKNOWN_SERVER_ERROR, message: "" });
  const made = { name, topicId: outcome.id, errorCode: Errors.NONE };
  if (settings === undefined) return { ...made, topicConfigErrorCode: Errors.TOPIC_AUTHORIZATION_FAILED, configs: [] };
  return {
    ...made,
    topicConfigErrorCode: Errors.NONE,
    numPartitions: outcome.partitions.length,
    replicationFactor: outcome.partitions[0]?.replicas.length ?? 0,
    configs: settings.of(outcome.configs),
  };
}

function refused(name: string, { error, message }: Refusal): TopicResponse {
  return { name, topicId: ZERO_UUID, errorCode: error, errorMessage: message || null, topicConfigErrorCode: Errors.NONE, configs: [] };
}
