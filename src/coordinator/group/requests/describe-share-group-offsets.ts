// DescribeShareGroupOffsets, versions 0 and 1 (KIP-932): the first offset of each partition that the group is not done with, as it is stored: what
// its leader knows may be ahead. Version 1 tells how many records are still to be done (KIP-1226). Whether the group exists matters only where no
// topics are named: those are all that it has state of.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { describeShareGroupOffsets as api } from "../../../../protocol/messages/90-describe-share-group-offsets.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import { isRefusal } from "../../../cluster/refusal.ts";
import type { EndOffset, TopicPartitionIndexes } from "../../end-offsets.ts";
import type { StateSummary } from "../../share/share-state-persister.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;
type DescribedGroup = Response["groups"][number];
type DescribedTopic = DescribedGroup["topics"][number];
type DescribedPartition = DescribedTopic["partitions"][number];
type Context = GroupRequestContext<"DESCRIBE GROUP" | "DESCRIBE TOPIC">;

const UNKNOWN = -1;
const LAG_VERSION = 1;

export const describeShareGroupOffsetsRequest = groupRequest(api, "0-1", ["DESCRIBE GROUP", "DESCRIBE TOPIC"], handle);

async function handle(parts: RequestParts, request: Request, context: Context): Promise<Response> {
  const groups = request.groups.map(({ groupId, topics }): DescribedGroup | Promise<DescribedGroup> => {
    if (!parts.servesShareGroups()) return refused(groupId, Errors.UNSUPPORTED_VERSION);
    if (!context.access.permits("DESCRIBE GROUP", groupId)) return refused(groupId, Errors.GROUP_AUTHORIZATION_FAILED);
    const asked = topics?.map(({ topicName: topic, partitions }) => ({ topic, partitions })) ?? allTopics(parts, groupId, context);
    return typeof asked === "number" ? refused(groupId, asked) : describe(parts, context, groupId, asked);
  });
  return { groups: await Promise.all(groups) };
}

function refused(groupId: string, errorCode: ErrorCode): DescribedGroup {
  return { groupId, topics: [], errorCode };
}

/** Those that the client may see. */
function allTopics(parts: RequestParts, groupId: string, { access }: Context): TopicPartitionIndexes[] | ErrorCode {
  return parts.runtime.read<TopicPartitionIndexes[] | ErrorCode>(
    parts.partitionFor(groupId),
    (state) => {
      const initialized = state.shareGroup(groupId)?.partitions.initialized.values() ?? [];
      return Array.from(initialized, ({ name: topic, partitions }) => ({ topic, partitions })).filter(({ topic }) =>
        access.permits("DESCRIBE TOPIC", topic),
      );
    },
    (error) => error,
  );
}

async function describe(
  parts: RequestParts,
  { access, apiVersion }: Context,
  groupId: string,
  asked: readonly TopicPartitionIndexes[],
): Promise<DescribedGroup> {
  const { topics } = parts;
  const visible = asked.filter(({ topic }) => access.permits("DESCRIBE TOPIC", topic));
  const [summaries, endOf] = await Promise.all([
    summarize(parts, groupId, visible),
    apiVersion >= LAG_VERSION ? parts.endOffsets(visible.filter(({ topic }) => topics.idOf(topic) !== undefined)) : nowhere,
  ]);
  const described = asked.map(({ topic, partitions }): DescribedTopic => {
    if (!visible.some((one) => one.topic === topic)) return hidden(topic, partitions);
    const topicId = topics.idOf(topic) ?? ZERO_UUID;
    return {
      topicName: topic,
      topicId,
      partitions: partitions.map((index) => describePartition(index, summaries.get(`${topicId} ${index}`), endOf(topic, index))),
    };
  });
  return { groupId, topics: described, errorCode: Errors.NONE };
}

function nowhere(): EndOffset {
  return { error: Errors.NONE };
}

/** By topic id and partition; those of which nothing is known are left out. */
async function summarize(
  { environment, topics }: RequestParts,
  groupId: string,
  asked: readonly TopicPartitionIndexes[],
): Promise<ReadonlyMap<string, StateSummary>> {
  const found = new Map<string, StateSummary>();
  const reads = asked.flatMap(({ topic, partitions }) => {
    const topicId = topics.idOf(topic);
    const partitionCount = topics.partitionCount(topic) ?? 0;
    if (topicId === undefined) return [];
    return partitions.map(async (partition) => {
      if (partition < 0 || partition >= partitionCount) return;
      const summary = await environment.shareStates.readSummary({ groupId, topicId, partition }, UNKNOWN);
      if (!isRefusal(summary)) found.set(`${topicId} ${partition}`, summary);
    });
  });
  await Promise.all(reads);
  return found;
}

function hidden(topicName: string, partitions: readonly number[]): DescribedTopic {
  const errorCode = Errors.TOPIC_AUTHORIZATION_FAILED;
  const errorMessage = "Topic authorization failed.";
  return {
    topicName,
    topicId: ZERO_UUID,
    partitions: partitions.map((partitionIndex) => ({ partitionIndex, startOffset: UNKNOWN, leaderEpoch: 0, errorCode, errorMessage })),
  };
}

/** @param end matters only where all that the lag is made of is known */
function describePartition(partitionIndex: number, summary: StateSummary | undefined, end: EndOffset): DescribedPartition {
  const { startOffset, leaderEpoch, deliveryCompleteCount } = summary ?? {
    startOffset: UNKNOWN,
    leaderEpoch: 0,
    deliveryCompleteCount: UNKNOWN,
  };
  const described = { partitionIndex, startOffset, leaderEpoch, lag: UNKNOWN, errorCode: Errors.NONE };
  if (startOffset === UNKNOWN || deliveryCompleteCount === UNKNOWN) return described;
  return "error" in end ? { ...described, errorCode: end.error } : { ...described, lag: end.offset - startOffset - deliveryCompleteCount };
}
