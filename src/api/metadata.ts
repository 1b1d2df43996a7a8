// Metadata (key 3). Brokers, topics, partitions and their leaders. A name that does not exist is created here when both the broker
// and the request allow it, unless it was deleted a moment ago. Whether the very answer that created it tells its leader, or only the next
// one as in Kafka, is a setting.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { metadata as metadataApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { Slices } from "../base/slices.ts";
import type { ClusterImage, TopicImage } from "../cluster/image.ts";
import type { MayMutate } from "../cluster/mutation-quota.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { isInternalTopic, topicNameFault } from "../cluster/topic-name.ts";
import { clusterOperations } from "./authorized-operations.ts";
import { nodesFor } from "./endpoints.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { TOPIC_UNAUTHORIZED } from "./unauthorized.ts";

type Request = DecodedMessage<typeof metadataApi.request>;
type TopicResponse = EncodableMessage<typeof metadataApi.response>["topics"][number];

/** Versions in which a request may carry topic ids that the broker must not act on. */
const FIRST_VERSION_WITH_IDS_IN_REQUEST = 10;
const FIRST_VERSION_BY_ID = 12;

const needs = ["DESCRIBE TOPIC", "CREATE TOPIC", "CREATE CLUSTER", "DESCRIBE CLUSTER"] as const;

type Context = RequestContext<(typeof needs)[number]>;

export const metadata = serve(metadataApi, "0-13", needs, async (services, request, context) => {
  const { apiVersion, access } = context;
  const found = await topicsFor(services, request, context);
  const tellsOperations = apiVersion >= 8 && request.includeTopicAuthorizedOperations;
  const brokers = nodesFor(services.cluster.image, context.connection);
  return {
    brokers,
    clusterId: services.cluster.image.clusterId,
    controllerId: brokers.some(({ nodeId }) => nodeId === services.brokerId) ? services.brokerId : (brokers[0]?.nodeId ?? -1),
    topics: tellsOperations ? found.map((topic) => withOperations(topic, access)) : found,
    ...(apiVersion <= 10 && request.includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: clusterOperations(access) } : {}),
    errorCode: Errors.NONE,
  };
});

async function topicsFor(services: Services, request: Request, context: Context): Promise<TopicResponse[]> {
  const { apiVersion, access } = context;
  if (request.topics === null || (apiVersion === 0 && request.topics.length === 0)) {
    const { image } = services.cluster;
    const shown = [...image.topicsByName.values()].filter(({ name }) => access.permitsQuietly("DESCRIBE TOPIC", name));
    return shown.map((topic) => known(image, topic));
  }
  const byId = request.topics.filter(({ topicId }) => topicId !== ZERO_UUID);
  const isRefused =
    apiVersion >= FIRST_VERSION_WITH_IDS_IN_REQUEST &&
    apiVersion < FIRST_VERSION_BY_ID &&
    (byId.length > 0 || request.topics.some(({ name }) => name === null));
  if (isRefused) return request.topics.map(({ name, topicId }) => unknown(Errors.INVALID_REQUEST, name ?? "", topicId));
  if (byId.length > 0) return [...new Set(byId.map(({ topicId }) => topicId))].map((id) => topicWithId(services, id, context));
  return topicsNamed(services, new Set(request.topics.map(({ name }) => name ?? "")), request, context);
}

function topicWithId({ cluster: { image } }: Services, id: string, { access }: Context): TopicResponse {
  const topic = image.topicsById.get(id);
  if (topic === undefined) return unknown(Errors.UNKNOWN_TOPIC_ID, null, id);
  return access.permits("DESCRIBE TOPIC", topic.name) ? known(image, topic) : unknown(Errors.TOPIC_AUTHORIZATION_FAILED, null, id);
}

/** Who may not describe a topic does not hear whether it exists. */
async function topicsNamed(
  services: Services,
  names: ReadonlySet<string>,
  { allowAutoTopicCreation }: Request,
  context: Context,
): Promise<TopicResponse[]> {
  const { apiVersion, access } = context;
  const described = new Set([...names].filter((name) => access.permits("DESCRIBE TOPIC", name)));
  const mayCreate = services.config["auto.create.topics.enable"] && (apiVersion < 4 || allowAutoTopicCreation);
  const before = services.cluster.image;
  const mutations = context.quota?.mutations("untold");
  const refused = mayCreate ? await createMissing(services, described, access, mutations) : undefined;
  const image = services.config["odradek.auto.create.answers.created"] ? services.cluster.image : before;
  return new Slices(services.clock).map([...names], (name) => {
    if (!described.has(name)) return { ...unknown(Errors.TOPIC_AUTHORIZATION_FAILED, name), isInternal: false };
    const refusal = refused?.get(name);
    if (refusal?.error === Errors.TOPIC_AUTHORIZATION_FAILED) return unknown(refusal.error, name);
    if (topicNameFault(name) !== undefined) return unknown(Errors.INVALID_TOPIC_EXCEPTION, name);
    const topic = image.topicsByName.get(name);
    if (topic !== undefined) return known(image, topic);
    const error = refusal?.error;
    // Clients ask again until their quota allows it.
    return unknown(error === undefined || error === Errors.THROTTLING_QUOTA_EXCEEDED ? Errors.UNKNOWN_TOPIC_OR_PARTITION : error, name);
  });
}

/** Gives those that could not be created. */
async function createMissing(
  { cluster, topics, logger }: Services,
  names: ReadonlySet<string>,
  access: Context["access"],
  mayMutate: MayMutate | undefined,
): Promise<ReadonlyMap<string, Refusal>> {
  const absent = [...names].filter((name) => !cluster.image.topicsByName.has(name));
  const mayCreate = (name: string) => access.permitsOnClusterQuietly("CREATE CLUSTER") || access.permits("CREATE TOPIC", name);
  const forbidden = new Set(absent.filter((name) => !mayCreate(name)));
  const missing = absent.filter((name) => !forbidden.has(name) && topicNameFault(name) === undefined && !topics.recentlyDeleted.has(name));
  const refused = new Map(await topics.autoCreateAll(missing, mayMutate));
  for (const topic of missing) {
    const refusal = refused.get(topic);
    const partitions = cluster.image.topicsByName.get(topic)?.partitions.length;
    if (refusal === undefined) logger.info({ topic, partitions }, "created a topic that a client asked for");
    else logger.warn({ topic, reason: refusal.message || errorName(refusal.error) }, "could not create a topic that a client asked for");
  }
  for (const topic of forbidden) refused.set(topic, TOPIC_UNAUTHORIZED);
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
  return { errorCode, name, topicId, isInternal: isInternalTopic(name ?? ""), partitions: [] };
}

/** Of topics whose name is told to whom may see it. */
function withOperations(topic: TopicResponse, access: Context["access"]): TopicResponse {
  const isHidden = topic.errorCode === Errors.UNKNOWN_TOPIC_ID || topic.errorCode === Errors.TOPIC_AUTHORIZATION_FAILED;
  return isHidden ? topic : { ...topic, topicAuthorizedOperations: access.operationsOn("TOPIC", topic.name ?? "") };
}
