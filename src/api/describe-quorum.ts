// DescribeQuorum (key 55, KIP-595). Where Kafka's controllers keep a replicated log of metadata, each of our brokers sees the one
// MetadataStore: the broker that answers is the quorum, the others observe. Offsets count the units committed to the store.

import { Errors } from "../../protocol/errors.ts";
import { describeQuorum as describeQuorumApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { latestEpoch } from "../cluster/image.ts";
import { CLUSTER_METADATA_TOPIC } from "../cluster/topic-name.ts";
import { nodesFor } from "./endpoints.ts";
import { type ClientConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { CLUSTER_UNAUTHORIZED } from "./unauthorized.ts";

type Response = EncodableMessage<typeof describeQuorumApi.response>;
type PartitionResponse = Response["topics"][number]["partitions"][number];

const FIRST_VERSION_WITH_NODES = 2;
const USUAL_CONTROLLER_LISTENER = "CONTROLLER";
const NOT_HOSTED = "This server does not host this topic-partition.";

export const describeQuorum = serve(describeQuorumApi, "0-2", ["DESCRIBE CLUSTER"], (services, request, context): Response => {
  if (!context.access.permitsOnCluster("DESCRIBE CLUSTER")) {
    return { errorCode: CLUSTER_UNAUTHORIZED.error, errorMessage: CLUSTER_UNAUTHORIZED.message, topics: [] };
  }
  const [topic, ...moreTopics] = request.topics;
  const isMetadata =
    topic?.topicName === CLUSTER_METADATA_TOPIC && topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0;
  if (!isMetadata || moreTopics.length > 0) {
    const topics = request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => unknown(partitionIndex)),
    }));
    return { errorCode: Errors.NONE, errorMessage: "", topics };
  }
  const topics = [{ topicName: topic.topicName, partitions: [quorum(services)] }];
  const nodes = context.apiVersion >= FIRST_VERSION_WITH_NODES ? { nodes: voterNodes(services, context.connection) } : {};
  return { errorCode: Errors.NONE, errorMessage: "", topics, ...nodes };
});

function unknown(partitionIndex: number): PartitionResponse {
  const nothing = { leaderId: 0, leaderEpoch: 0, highWatermark: 0, currentVoters: [], observers: [] };
  return { partitionIndex, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: NOT_HOSTED, ...nothing };
}

function quorum({ brokerId, cluster, clock }: Services): PartitionResponse {
  const now = clock.now();
  const replica = (replicaId: number) => ({
    replicaId,
    logEndOffset: cluster.version,
    lastFetchTimestamp: now,
    lastCaughtUpTimestamp: now,
  });
  const others = [...cluster.image.brokers.keys()].filter((id) => id !== brokerId).sort((a, b) => a - b);
  return {
    partitionIndex: 0,
    errorCode: Errors.NONE,
    errorMessage: "",
    leaderId: brokerId,
    leaderEpoch: latestEpoch(cluster.image),
    highWatermark: cluster.version,
    currentVoters: [replica(brokerId)],
    observers: others.map(replica),
  };
}

/** Where clients reach us, under the name that a controller's listener has: there is no port that only controllers use. */
function voterNodes({ brokerId, cluster, config }: Services, connection: ClientConnection) {
  const name = config["controller.listener.names"]?.[0]?.toUpperCase() ?? USUAL_CONTROLLER_LISTENER;
  return nodesFor(cluster.image, connection)
    .filter(({ nodeId }) => nodeId === brokerId)
    .map(({ nodeId, host, port }) => ({ nodeId, listeners: [{ name, host, port }] }));
}
