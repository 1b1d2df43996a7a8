// TxnOffsetCommit, versions 0 to 5. As OffsetCommit, but the offsets are pending until the producer's transaction ends. Up to version 2
// there is no member to fence by; later a producer of an earlier generation is refused (KIP-447).

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { txnOffsetCommit as api } from "../../../../protocol/messages/28-txn-offset-commit.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import type { CommitOutcome } from "../commit.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import { commitOffsets, type OffsetToCommit } from "../offset-commit.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

/** Older clients break on COORDINATOR_LOAD_IN_PROGRESS. */
const LOAD_IN_PROGRESS_VERSION = 2;

type Context = GroupRequestContext<"READ GROUP" | "READ TOPIC">;

/** Every partition is answered `errorCode`. */
export function refuseWholeTxnOffsetCommit(request: Request, errorCode: ErrorCode): Response {
  return toResponse(request, () => errorCode);
}

/** Whether any partition exists and may be read; others are refused without asking anyone. */
export function namesCommittablePartitions({ topics }: RequestParts, context: Context, request: Request): boolean {
  const faultOf = faults(topics, context);
  return request.topics.some(({ name, partitions }) =>
    partitions.some(({ partitionIndex }) => faultOf(name, partitionIndex) === undefined),
  );
}

/** Everything that could be committed is answered `error`. */
export function refuseTxnOffsetCommit({ topics }: RequestParts, context: Context, request: Request, error: ErrorCode): Response {
  const isTooNew = context.apiVersion < LOAD_IN_PROGRESS_VERSION && error === Errors.COORDINATOR_LOAD_IN_PROGRESS;
  const told = isTooNew ? Errors.COORDINATOR_NOT_AVAILABLE : error;
  const faultOf = faults(topics, context);
  return toResponse(request, (topic, partition) => faultOf(topic, partition) ?? told);
}

export const txnOffsetCommitRequest = groupRequest(api, "0-5", ["READ GROUP", "READ TOPIC"], handle);

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { groupId, memberId, groupInstanceId: instanceId, generationId: generation, producerId, producerEpoch } = request;
  const largestMetadata = parts.settings["offset.metadata.max.bytes"];
  const faultOf = faults(parts.topics, context);
  const offsets = toCommit(parts, request, largestMetadata, faultOf);
  const commit = { groupId, memberId, instanceId, generation, apiVersion: context.apiVersion, producer: { producerId, producerEpoch } };
  const committing = parts.runtime.write<ErrorCode | CommitOutcome>(
    parts.partitionFor(groupId),
    (state) => commitOffsets(state, commit, offsets),
    (error) => error,
  );
  const respond = (outcome: ErrorCode | CommitOutcome): Response => {
    if (typeof outcome === "number") return refuseTxnOffsetCommit(parts, context, request, outcome);
    const tooLarge = new Set(
      request.topics.flatMap(({ name, partitions }) =>
        partitions.filter((each) => metadataOf(each).length > largestMetadata).map((each) => `${name} ${each.partitionIndex}`),
      ),
    );
    return toResponse(request, (topic, partition) => {
      const fault = faultOf(topic, partition) ?? outcome(parts.topics.idOf(topic) ?? ZERO_UUID, partition);
      const isTooLarge = fault === Errors.NONE && tooLarge.has(`${topic} ${partition}`);
      return isTooLarge ? Errors.OFFSET_METADATA_TOO_LARGE : fault;
    });
  };
  return committing instanceof Promise ? committing.then(respond) : respond(committing);
}

/** What stands in the way of committing an offset of a partition. */
type FaultOf = (topic: string, partition: number) => ErrorCode | undefined;

function faults(topics: RequestParts["topics"], { access }: Context): FaultOf {
  return (topic, partition) => {
    if (!access.permits("READ TOPIC", topic)) return Errors.TOPIC_AUTHORIZATION_FAILED;
    return exists(topics, topic, partition) ? undefined : Errors.UNKNOWN_TOPIC_OR_PARTITION;
  };
}

function toCommit(parts: RequestParts, request: Request, largestMetadata: number, faultOf: FaultOf): OffsetToCommit[] {
  const commitTimestampMs = parts.clock.now();
  const offsets: OffsetToCommit[] = [];
  for (const { name: topic, partitions } of request.topics) {
    const topicId = parts.topics.idOf(topic) ?? ZERO_UUID;
    for (const one of partitions) {
      const metadata = metadataOf(one);
      if (faultOf(topic, one.partitionIndex) !== undefined || metadata.length > largestMetadata) continue;
      const { committedOffset: offset, committedLeaderEpoch: leaderEpoch } = one;
      const committed = { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs: undefined, topicId };
      offsets.push({ topic, partition: one.partitionIndex, committed });
    }
  }
  return offsets;
}

function metadataOf({ committedMetadata }: { readonly committedMetadata: string | null }): string {
  return committedMetadata ?? "";
}

function exists(topics: RequestParts["topics"], topic: string, partition: number): boolean {
  const partitionCount = topics.partitionCount(topic);
  return partitionCount !== undefined && partition >= 0 && partition < partitionCount;
}

function toResponse(request: Request, errorOf: (topic: string, partition: number) => ErrorCode): Response {
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorOf(name, partitionIndex) })),
    })),
  };
}
