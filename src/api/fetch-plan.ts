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
import type { FetchPartition, FetchSession } from "../partition/fetch-sessions.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof fetchApi.request>;

export interface FetchPlan {
  readonly session: FetchSession | undefined;
  /** The answer leaves out what has not changed. */
  readonly isIncremental: boolean;
  readonly partitions: readonly FetchPartition[];
}

export function planFetch(services: Services, request: Request, apiVersion: number): FetchPlan | { readonly error: ErrorCode } {
  const usesTopicIds = apiVersion >= 13;
  const { sessionId, sessionEpoch } = request;
  if (sessionEpoch <= 0) {
    if (sessionId !== 0) services.fetchSessions.close(sessionId);
    const partitions = new Map<string, FetchPartition>();
    addPartitions(services, partitions, request, usesTopicIds);
    const session = sessionEpoch === 0 ? services.fetchSessions.open(partitions, usesTopicIds) : undefined;
    return { session, isIncremental: false, partitions: [...partitions.values()] };
  }
  const session = services.fetchSessions.get(sessionId);
  if (session === undefined) return { error: Errors.FETCH_SESSION_ID_NOT_FOUND };
  if (session.epoch !== sessionEpoch) return { error: Errors.INVALID_FETCH_SESSION_EPOCH };
  if (session.usesTopicIds !== usesTopicIds) return { error: Errors.FETCH_SESSION_TOPIC_ID_ERROR };
  services.fetchSessions.use(session);
  addPartitions(services, session.partitions, request, usesTopicIds);
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) session.partitions.delete(keyOf(usesTopicIds ? topicId : topic, partition));
  }
  if (usesTopicIds) for (const partition of session.partitions.values()) partition.topic = nameOf(services, partition.topicId);
  return { session, isIncremental: true, partitions: [...session.partitions.values()] };
}

function addPartitions(services: Services, partitions: Map<string, FetchPartition>, request: Request, usesTopicIds: boolean): void {
  for (const topic of request.topics) {
    const topicId = usesTopicIds ? topic.topicId : "";
    const name = usesTopicIds ? nameOf(services, topicId) : topic.topic;
    for (const wanted of topic.partitions) {
      const key = keyOf(usesTopicIds ? topicId : name, wanted.partition);
      const known = partitions.get(key);
      if (known !== undefined) {
        known.fetchOffset = wanted.fetchOffset;
        known.maxBytes = wanted.partitionMaxBytes;
        known.currentLeaderEpoch = wanted.currentLeaderEpoch;
        known.lastFetchedEpoch = wanted.lastFetchedEpoch;
        continue;
      }
      partitions.set(key, {
        topic: name,
        topicId,
        partition: wanted.partition,
        fetchOffset: wanted.fetchOffset,
        maxBytes: wanted.partitionMaxBytes,
        currentLeaderEpoch: wanted.currentLeaderEpoch,
        lastFetchedEpoch: wanted.lastFetchedEpoch,
        toldHighWatermark: -1,
        toldLogStartOffset: -1,
      });
    }
  }
}

/** Under which a session has a partition. */
export function sessionKey({ usesTopicIds }: FetchSession, { topic, topicId, partition }: FetchPartition): string {
  return keyOf(usesTopicIds ? topicId : topic, partition);
}

function nameOf(services: Services, topicId: string): string {
  return services.cluster.image.topicsById.get(topicId)?.name ?? "";
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
