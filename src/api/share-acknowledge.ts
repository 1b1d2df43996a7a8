// ShareAcknowledge (key 79): acknowledges records of share partitions without fetching more (KIP-932, KIP-1222). It has its place among the
// requests of the member's session. Answered when what it changes is stored.

import { Errors } from "../../protocol/errors.ts";
import { shareAcknowledge as shareAcknowledgeApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { FINAL_EPOCH, INITIAL_EPOCH, type ShareSession } from "../share/share-sessions.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import {
  acknowledgePartition,
  byTopicId,
  currentLeader,
  endpointsOf,
  memberOf,
  messageOf,
  refusal,
  type ShareContext,
  type ShareMember,
} from "./share-requests.ts";

type Request = DecodedMessage<typeof shareAcknowledgeApi.request>;
type Response = EncodableMessage<typeof shareAcknowledgeApi.response>;
type PartitionResponse = Response["responses"][number]["partitions"][number];

export const shareAcknowledge = serve(shareAcknowledgeApi, "1-2", ["READ GROUP", "READ TOPIC"], handle);

async function handle(services: Services, request: Request, context: ShareContext): Promise<Response> {
  const member = memberOf(services, request, context);
  if (isRefusal(member)) return refused(member);
  const session = sessionOf(services, member, request.shareSessionEpoch);
  if (isRefusal(session)) return refused(session);
  const asked = request.topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, acknowledgementBatches }) => ({
      topicId,
      partition: partitionIndex,
      batches: acknowledgementBatches,
    })),
  );
  const outcomes = asked.map((each) => acknowledgePartition(services, member, each, request, context));
  if (request.shareSessionEpoch === FINAL_EPOCH) services.shares.sessions.end(session);
  const told = new Map<string, { topicId: string; response: PartitionResponse }>();
  for (const [index, { topicId, partition }] of asked.entries()) {
    const outcome = await outcomes[index];
    const error = outcome?.error ?? Errors.NONE;
    const response = {
      partitionIndex: partition,
      errorCode: error,
      errorMessage: messageOf(outcome),
      currentLeader: currentLeader(services, topicId, partition, error),
    };
    told.set(`${topicId} ${partition}`, { topicId, response });
  }
  return {
    errorCode: Errors.NONE,
    acquisitionLockTimeoutMs: services.shares.settingsOf(member.groupId)["share.record.lock.duration.ms"],
    responses: byTopicId(told),
    nodeEndpoints: endpointsOf(
      services,
      [...told.values()].map(({ response }) => response),
      context,
    ),
  };
}

function sessionOf(services: Services, { groupId, memberId }: ShareMember, epoch: number): ShareSession | Refusal {
  if (epoch === INITIAL_EPOCH) return refusal(Errors.INVALID_SHARE_SESSION_EPOCH);
  const session = services.shares.sessions.use(groupId, memberId, epoch);
  return typeof session === "number" ? refusal(session) : session;
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: messageOf({ error, message }), responses: [], nodeEndpoints: [] };
}
