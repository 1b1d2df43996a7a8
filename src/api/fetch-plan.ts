// Which partitions a Fetch request reads: its own, or those of its session with the request's changes applied.
//
//   session id, epoch     meaning (KIP-227)
//   0, -1                 no session
//   0, 0                  full request, asks for a session
//   N, 0                  ends session N, full request, asks for a new one
//   N, -1                 ends session N, full request, no session
//   N, E > 0              only what changed since the last request of session N

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { fetch as fetchApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import type { PartitionImage } from "../cluster/partition-image.ts";
import { FetchPartition, type FetchSession } from "../partition/fetch-session.ts";
import type { RequestContext } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof fetchApi.request>;

export interface FetchPlan {
  readonly session: FetchSession | undefined;
  /** The answer leaves out what has not changed. */
  readonly isIncremental: boolean;
  /** The session's, until another request takes it up: that makes this one one too many. */
  readonly nextEpoch: number | undefined;
  /** Those that may have something to tell, in the order in which they are read; of a session, that changes while the request waits. */
  readonly toRead: () => readonly FetchPartition[];
}

/** What has partitions under keys. */
interface Asked {
  get(key: string): FetchPartition | undefined;
  set(key: string, partition: FetchPartition): void;
}

export type FetchContext = RequestContext<"READ TOPIC" | "CLUSTER_ACTION CLUSTER">;

/** Brokers of Kafka replicate by fetching; ours share the storage, and nobody follows them. */
export function isFollower({ replicaId, replicaState }: Request): boolean {
  return replicaId >= 0 || replicaState.replicaId >= 0;
}

/** Consumers need a right to each topic, followers one to all. */
export function mayRead(request: Request, { access }: FetchContext, topic: string): boolean {
  return isFollower(request) ? access.permitsOnCluster("CLUSTER_ACTION CLUSTER") : access.permits("READ TOPIC", topic);
}

export function planFetch(services: Services, request: Request, context: FetchContext): FetchPlan | { readonly error: ErrorCode } {
  const { apiVersion, connection } = context;
  const usesTopicIds = apiVersion >= 13;
  const { sessionId, sessionEpoch } = request;
  const manner = `${apiVersion} ${request.isolationLevel} ${request.rackId} ${connection.principal}`;
  if (sessionEpoch <= 0) {
    if (sessionId !== 0) services.fetchSessions.end(sessionId);
    const partitions = new Map<string, FetchPartition>();
    addPartitions(services, partitions, request, usesTopicIds);
    const session = sessionEpoch === 0 ? services.fetchSessions.open(partitions, { usesTopicIds, manner }) : undefined;
    const all = [...partitions.values()];
    return { session, isIncremental: false, nextEpoch: session?.epoch, toRead: () => all };
  }
  const session = services.fetchSessions.get(sessionId);
  if (session === undefined) return { error: Errors.FETCH_SESSION_ID_NOT_FOUND };
  if (session.epoch !== sessionEpoch) return { error: Errors.INVALID_FETCH_SESSION_EPOCH };
  if (session.usesTopicIds !== usesTopicIds) return { error: Errors.FETCH_SESSION_TOPIC_ID_ERROR };
  services.fetchSessions.use(session);
  session.readIn(manner);
  addPartitions(services, session, request, usesTopicIds);
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) session.forget(keyOf(usesTopicIds ? topicId : topic, partition));
  }
  const toRead = () => {
    if (!session.hasSeenCluster) comparePlaces(services, session, request, context);
    return session.unsettled();
  };
  return { session, isIncremental: true, nextEpoch: session.epoch, toRead };
}

/**
 * What became of the partitions of a session since the cluster changed. Who says where it is may have got other neighbours, and who might read
 * may not any more.
 */
function comparePlaces(services: Services, session: FetchSession, request: Request, context: FetchContext): void {
  session.hasSeenCluster = true;
  for (const partition of session.partitions.values()) {
    if (session.usesTopicIds) partition.topic = nameOf(services, partition.topicId);
    const isElsewhere = request.rackId !== "" || partition.place !== placeOf(services, partition);
    if (isElsewhere || !mayRead(request, context, partition.topic)) partition.changed();
  }
}

/** The partition in the image of the cluster. */
export function placeOf(services: Services, { topic, partition }: FetchPartition): PartitionImage | undefined {
  return services.cluster.image.topicsByName.get(topic)?.partitions[partition];
}

function addPartitions(services: Services, asked: Asked, request: Request, usesTopicIds: boolean): void {
  for (const topic of request.topics) {
    const topicId = usesTopicIds ? topic.topicId : "";
    const name = usesTopicIds ? nameOf(services, topicId) : topic.topic;
    for (const wanted of topic.partitions) {
      const key = keyOf(usesTopicIds ? topicId : name, wanted.partition);
      const known = asked.get(key);
      if (known === undefined) asked.set(key, new FetchPartition(name, topicId, wanted));
      else known.ask(wanted);
    }
  }
}

function nameOf(services: Services, topicId: string): string {
  return services.cluster.image.topicsById.get(topicId)?.name ?? "";
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
