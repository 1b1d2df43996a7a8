// Metadata (key 3). Brokers, topics, partitions and their leaders. A name that does not exist is created here when both the broker
// and the request allow it, unless it was deleted a moment ago. Whether the very answer that created it tells its leader, or only the next
// one as in Kafka, is a setting.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { metadata as metadataApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import type { ClusterImage, TopicImage } from "../cluster/image.ts";
import type { MayMutate } from "../cluster/mutation-quota.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { isInternalTopic, topicNameFault } from "../cluster/topic-name.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import { nodesFor } from "./endpoints.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof metadataApi.request>;
type TopicResponse = EncodableMessage<typeof metadataApi.response>["topics"][number];

/** Versions in which a request may carry topic ids that the broker must not act on. */
const FIRST_VERSION_WITH_IDS_IN_REQUEST = 10;
const FIRST_VERSION_BY_ID = 12;

export const metadata = serve(
  metadataApi,
  "0-13",
  ["DESCRIBE TOPIC", "CREATE CLUSTER", "CREATE TOPIC"],
  async (services, request, context) => {
    const operations = context.apiVersion >= 8 && request.includeTopicAuthorizedOperations ? authorizedOperations.topic : undefined;
    const topics = (await topicsFor(services, request, context)).map((topic) => withOperations(topic, operations));
    const brokers = nodesFor(services.cluster.image, context.connection);
    return {
      brokers,
      clusterId: services.cluster.image.clusterId,
      controllerId: brokers.some(({ nodeId }) => nodeId === services.brokerId) ? services.brokerId : (brokers[0]?.nodeId ?? -1),
      topics,
      ...(context.apiVersion <= 10 && request.includeClusterAuthorizedOperations
        ? { clusterAuthorizedOperations: authorizedOperations.cluster }
        : {}),
      errorCode: Errors.NONE,
    };
  },
);

async function topicsFor(services: Services, request: Request, context: RequestContext): Promise<TopicResponse[]> {
  const { apiVersion } = context;
  if (request.topics === null || (apiVersion === 0 && request.topics.length === 0)) {
    const { image } = services.cluster;
    return [...image.topicsByName.values()].map((topic) => known(image, topic));
  }
  const byId = request.topics.filter(({ topicId }) => topicId !== ZERO_UUID);
  const isRefused =
    apiVersion >= FIRST_VERSION_WITH_IDS_IN_REQUEST &&
    apiVersion < FIRST_VERSION_BY_ID &&
    (byId.length > 0 || request.topics.some(({ name }) => name === null));
  if (isRefused) return request.topics.map(({ name, topicId }) => unknown(Errors.INVALID_REQUEST, name ?? "", topicId));
  if (byId.length > 0) {
    const ids = new Set(byId.map(({ topicId }) => topicId));
    return [...ids].map((id) => {
      const topic = services.cluster.image.topicsById.get(id);
      return topic === undefined ? unknown(Errors.UNKNOWN_TOPIC_ID, null, id) : known(services.cluster.image, topic);
    });
  }
  const names = new Set(request.topics.map(({ name }) => name ?? ""));
  const mayCreate = services.config["auto.create.topics.enable"] && (apiVersion < 4 || request.allowAutoTopicCreation);
  const before = services.cluster.image;
  const refused = mayCreate ? await createMissing(services, names, context.quota?.mutations("untold")) : undefined;
  const image = services.config["odradek.auto.create.answers.created"] ? services.cluster.image : before;
  return Array.from(names, (name) => {
    if (topicNameFault(name) !== undefined) return unknown(Errors.INVALID_TOPIC_EXCEPTION, name);
    const topic = image.topicsByName.get(name);
    if (topic !== undefined) return known(image, topic);
    const error = refused?.get(name)?.error;
    // Clients ask again until their quota allows it.
    return unknown(error === undefined || error === Errors.THROTTLING_QUOTA_EXCEEDED ? Errors.UNKNOWN_TOPIC_OR_PARTITION : error, name);
  });
}

/** Gives those that could not be created. */
async function createMissing(
  { cluster, topics, logger }: Services,
  names: ReadonlySet<string>,
  mayMutate: MayMutate | undefined,
): Promise<ReadonlyMap<string, Refusal>> {
  const missing = [...names].filter(
    (name) => topicNameFault(name) === undefined && !cluster.image.topicsByName.has(name) && !topics.recentlyDeleted.has(name),
  );
  const refused = await topics.autoCreateAll(missing, mayMutate);
  for (const topic of missing) {
    const refusal = refused.get(topic);
    const partitions = cluster.image.topicsByName.get(topic)?.partitions.length;
    if (refusal === undefined) logger.info({ topic, partitions }, "created a topic that a client asked for");
    else logger.warn({ topic, reason: refusal.message || errorName(refusal.error) }, "could not create a topic that a client asked for");
  }
  return refused;
}

function known({ brokers }: ClusterImage, topic: TopicImage): TopicResponse {
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map((partition, partitionIndex) => ({
      errorCode: partition.leader === -1 ? Errors.LEADER_NOT_AVAILABLE : Errors.NONE,
      partitionIndex,
      leaderId: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: partition.replicas,
      isrNodes: partition.inSyncReplicas,
      offlineReplicas: partition.replicas.filter((id) => !brokers.has(id)),
    })),
  };
}

function unknown(errorCode: ErrorCode, name: string | null, topicId = ZERO_UUID): TopicResponse {
  return { errorCode, name, topicId, partitions: [] };
}

function withOperations(topic: TopicResponse, operations: number | undefined): TopicResponse {
  if (operations === undefined || topic.errorCode === Errors.UNKNOWN_TOPIC_ID) return topic;
  return { ...topic, topicAuthorizedOperations: operations };
}
