// OffsetCommit, versions 0 to 10. A partition that does not exist is refused by itself, before the group is asked; what the group
// refuses it refuses for all; metadata that are too long are refused by themselves again. Versions 2 to 4 bring a retention time,
// version 10 names topics by id.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { offsetCommit as api } from "../../../../protocol/messages/08-offset-commit.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import type { CommitOutcome } from "../commit.ts";
import type { CommittedOffset } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import { commitOffsets, type OffsetToCommit } from "../offset-commit.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type PartitionRequest = Request["topics"][number]["partitions"][number];

const TOPIC_ID_VERSION = 10;
const DEFAULT_RETENTION = -1;
const NO_TIMESTAMP = -1;

interface PartitionResult {
  readonly partitionIndex: number;
  /** `undefined`: as the group decides. */
  errorCode: ErrorCode | undefined;
}

interface TopicResult {
  readonly name: string;
  readonly topicId: string;
  /** Whichever way the topic was named. */
  readonly knownId: string;
  readonly partitions: PartitionResult[];
}

export const offsetCommitRequest = groupRequest(api, "0-10", ["READ GROUP", "READ TOPIC"], handle);

function handle(
  parts: RequestParts,
  request: Request,
  context: GroupRequestContext<"READ GROUP" | "READ TOPIC">,
): Response | Promise<Response> {
  const { groupId, memberId, groupInstanceId: instanceId, generationIdOrMemberEpoch: generation } = request;
  if (!context.access.permits("READ GROUP", groupId)) return refused(request, Errors.GROUP_AUTHORIZATION_FAILED);
  const offsets: OffsetToCommit[] = [];
  const nowMs = parts.clock.now();
  let isGroupAsked = false;
  const topics = request.topics.map((topic): TopicResult => {
    const name = context.apiVersion >= TOPIC_ID_VERSION ? parts.topics.nameOf(topic.topicId) : topic.name;
    const partitionCount = name === undefined ? undefined : parts.topics.partitionCount(name);
    const topicId = (name === undefined ? undefined : parts.topics.idOf(name)) ?? ZERO_UUID;
    const mayRead = name === undefined || context.access.permits("READ TOPIC", name);
    const partitions = topic.partitions.map((partition): PartitionResult => {
      const { partitionIndex } = partition;
      if (name === undefined) return { partitionIndex, errorCode: Errors.UNKNOWN_TOPIC_ID };
      if (!mayRead) return { partitionIndex, errorCode: Errors.TOPIC_AUTHORIZATION_FAILED };
      if (partitionCount === undefined || partitionIndex < 0 || partitionIndex >= partitionCount) {
        return { partitionIndex, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION };
      }
      isGroupAsked = true;
      const metadata = partition.committedMetadata ?? "";
      if (metadata.length > parts.settings["offset.metadata.max.bytes"])
        return { partitionIndex, errorCode: Errors.OFFSET_METADATA_TOO_LARGE };
      const committed = toCommitted(partition, { topicId, nowMs, retentionTimeMs: request.retentionTimeMs });
      offsets.push({ topic: name, partition: partitionIndex, committed });
      return { partitionIndex, errorCode: undefined };
    });
    return { name: name ?? "", topicId: topic.topicId, knownId: topicId, partitions };
  });
  if (!isGroupAsked) return toResponse(topics, () => Errors.NONE);
  const { apiVersion, connection } = context;
  const committing = parts.runtime.write<CommitOutcome>(
    parts.partitionFor(groupId),
    (state) => commitOffsets(state, { groupId, memberId, instanceId, generation, apiVersion, connection }, offsets),
    (error) => () => error,
  );
  return committing instanceof Promise ? committing.then((outcome) => toResponse(topics, outcome)) : toResponse(topics, committing);
}

function refused({ topics }: Request, errorCode: ErrorCode): Response {
  return {
    topics: topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  };
}

function toCommitted(
  partition: PartitionRequest,
  { topicId, nowMs, retentionTimeMs }: { readonly topicId: string; readonly nowMs: number; readonly retentionTimeMs: number },
): CommittedOffset {
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? "",
    commitTimestampMs: partition.commitTimestamp === NO_TIMESTAMP ? nowMs : partition.commitTimestamp,
    // For ever is as long as a number can tell.
    expireTimestampMs: retentionTimeMs === DEFAULT_RETENTION ? undefined : Math.min(nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER),
    topicId,
  };
}

function toResponse(topics: readonly TopicResult[], outcome: CommitOutcome): Response {
  return {
    topics: topics.map(({ name, topicId, knownId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex, errorCode }) => ({
        partitionIndex,
        errorCode: decided(errorCode, outcome(knownId, partitionIndex)),
      })),
    })),
  };
}

function decided(own: ErrorCode | undefined, groups: ErrorCode): ErrorCode {
  if (own === undefined) return groups;
  return own === Errors.OFFSET_METADATA_TOO_LARGE && groups !== Errors.NONE ? groups : own;
}
