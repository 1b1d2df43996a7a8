// What ShareFetch and ShareAcknowledge have in common: who may ask, how acknowledgements are judged, and what is told of partitions that this
// broker does not lead.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { type AcknowledgementBatch, AcknowledgeType } from "../share/acknowledgement.ts";
import { absent } from "../share/led-share-partition.ts";
import { nodesFor } from "./endpoints.ts";
import type { RequestContext } from "./handler.ts";
import type { Services } from "./services.ts";

export type ShareContext = RequestContext<"READ GROUP" | "READ TOPIC">;

/** Who asks, when nothing is wrong with that. */
export interface ShareMember {
  readonly groupId: string;
  readonly memberId: string;
}

interface ShareRequest {
  readonly groupId: string | null;
  readonly memberId: string | null;
  readonly isRenewAck: boolean;
}

const LONGEST_MEMBER_ID = 36;

export function refusal(error: ErrorCode, message = ""): Refusal {
  return { error, message };
}

export function messageOf(refused: Refusal | undefined): string | null {
  return refused === undefined || refused.message === "" ? null : refused.message;
}

export function memberOf(services: Services, { groupId, memberId }: ShareRequest, context: ShareContext): ShareMember | Refusal {
  if (!services.shares.isServed) return refusal(Errors.UNSUPPORTED_VERSION);
  if (groupId === null) return refusal(Errors.INVALID_REQUEST);
  if (!context.access.permits("READ GROUP", groupId)) return refusal(Errors.GROUP_AUTHORIZATION_FAILED);
  if (memberId === null || memberId === "" || memberId.length > LONGEST_MEMBER_ID) return refusal(Errors.INVALID_REQUEST);
  return { groupId, memberId };
}

/** What is wrong with the acknowledgements of a partition, whatever its state. */
export function batchesFault(
  batches: readonly AcknowledgementBatch[],
  { isRenewAck }: ShareRequest,
  apiVersion: number,
): Refusal | undefined {
  const mostType = apiVersion >= 2 ? AcknowledgeType.RENEW : AcknowledgeType.REJECT;
  let previousLast = -1;
  for (const { firstOffset, lastOffset, acknowledgeTypes } of batches) {
    const size = lastOffset - firstOffset + 1;
    const isInOrder = firstOffset <= lastOffset && firstOffset >= previousLast;
    const isForEach = acknowledgeTypes.length === 1 || acknowledgeTypes.length === size;
    const areKnown = acknowledgeTypes.every((type) => type >= 0 && type <= mostType && (type !== AcknowledgeType.RENEW || isRenewAck));
    if (!isInOrder || !isForEach || !areKnown) return refusal(Errors.INVALID_REQUEST);
    previousLast = lastOffset;
  }
  return undefined;
}

/** `undefined` when all of them hold, which is when they are stored. Never rejects. */
export async function acknowledgePartition(
  services: Services,
  { groupId, memberId }: ShareMember,
  asked: { readonly topicId: string; readonly partition: number; readonly batches: readonly AcknowledgementBatch[] },
  request: ShareRequest,
  context: ShareContext,
): Promise<Refusal | undefined> {
  const { topicId, partition, batches } = asked;
  const topic = services.cluster.image.topicsById.get(topicId);
  if (topic === undefined) return refusal(Errors.UNKNOWN_TOPIC_ID);
  const fault = batchesFault(batches, request, context.apiVersion);
  if (fault !== undefined) return fault;
  if (!context.access.permits("READ TOPIC", topic.name)) return refusal(Errors.TOPIC_AUTHORIZATION_FAILED);
  if (topic.partitions[partition] === undefined) return refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  if (batches.length === 0) return undefined;
  const isRenewing = batches.some(({ acknowledgeTypes }) => acknowledgeTypes.includes(AcknowledgeType.RENEW));
  if (isRenewing && !services.shares.settingsOf(groupId)["share.renew.acknowledge.enable"])
    return refusal(Errors.INVALID_RECORD_STATE, "Renewing acquisition locks is not enabled for the group.");
  const led = services.shares.partitions.get(groupId, topicId, partition);
  return led === undefined ? absent() : led.acknowledge(memberId, batches);
}

/** Who leads a partition that this broker does not lead. */
export function currentLeader(services: Services, topicId: string, partition: number, error: ErrorCode) {
  const image = services.cluster.image.topicsById.get(topicId)?.partitions[partition];
  if (!isAboutLeaders(error) || image === undefined) return { leaderId: 0, leaderEpoch: 0 };
  return { leaderId: image.leader, leaderEpoch: image.leaderEpoch };
}

interface ToldPartition {
  readonly errorCode: number;
  readonly currentLeader: { readonly leaderId: number };
}

/** Where the leaders are that the answer names. */
export function endpointsOf(services: Services, told: readonly ToldPartition[], { connection }: RequestContext) {
  const leaders = new Set(told.filter(({ errorCode }) => isAboutLeaders(errorCode)).map(({ currentLeader: { leaderId } }) => leaderId));
  if (leaders.size === 0) return [];
  return nodesFor(services.cluster.image, connection).filter(({ nodeId }) => leaders.has(nodeId));
}

export function isAboutLeaders(errorCode: number): boolean {
  return errorCode === Errors.NOT_LEADER_OR_FOLLOWER || errorCode === Errors.FENCED_LEADER_EPOCH;
}

export function byTopicId<Told>(
  told: ReadonlyMap<string, { readonly topicId: string; readonly response: Told }>,
): { topicId: string; partitions: Told[] }[] {
  const topics = new Map<string, Told[]>();
  for (const { topicId, response } of told.values()) {
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, [response]);
    else partitions.push(response);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
