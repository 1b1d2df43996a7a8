// DeleteRecords (key 21, KIP-107). Moves the start of a partition's log up; -1 stands for the high watermark. An offset below the start is
// no error and changes nothing. Records of internal topics, and of topics that are only compacted, are not deleted. Where that takes its time
// the answer waits until it is done for good, for the request's timeout at most.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { deleteRecords as deleteRecordsApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { isInternalTopic } from "../cluster/topic-name.ts";
import type { Partition } from "../partition/partition.ts";
import { serve } from "./handler.ts";
import { partitionFault } from "./partition-fault.ts";
import type { Services } from "./services.ts";
import { storageFault } from "./storage-fault.ts";

type PartitionResult = EncodableMessage<typeof deleteRecordsApi.response>["topics"][number]["partitions"][number];

const HIGH_WATERMARK = -1;
const NO_LOW_WATERMARK = -1;

export const deleteRecords = serve(deleteRecordsApi, "0-2", ["DELETE TOPIC"], (services, request, { access }) => {
  // A partition that is named twice is asked for once, with what comes last.
  const topics = new Map<string, Map<number, number>>();
  for (const { name, partitions } of request.topics) {
    const offsets = topics.get(name) ?? new Map<number, number>();
    topics.set(name, offsets);
    for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset);
  }
  const results = [...topics].map(([name, offsets]) => {
    const mayDelete = access.permits("DELETE TOPIC", name);
    const partitions = [...offsets].map(([index, offset]) =>
      mayDelete ? deleteBefore(services, name, index, offset) : refused(index, Errors.TOPIC_AUTHORIZATION_FAILED),
    );
    return { name, partitions };
  });
  return finished(services, request.timeoutMs, results);
});

/** What takes longer is answered with REQUEST_TIMED_OUT; it may still be done. */
async function finished(
  { clock }: Services,
  timeoutMs: number,
  results: readonly { readonly name: string; readonly partitions: readonly (PartitionResult | Deletion)[] }[],
): Promise<{ readonly topics: { readonly name: string; readonly partitions: PartitionResult[] }[] }> {
  const { promise: timedOut, resolve } = Promise.withResolvers<undefined>();
  const timer = clock.after(Math.max(0, timeoutMs), () => resolve(undefined));
  const topics = await Promise.all(
    results.map(async ({ name, partitions }) => {
      const complete = partitions.map(async (result) => {
        if (!("done" in result)) return result;
        const { partition } = result;
        return (await Promise.race([result.done, timedOut])) ?? deleted(partition, Errors.REQUEST_TIMED_OUT);
      });
      return { name, partitions: await Promise.all(complete) };
    }),
  );
  timer.cancel();
  return { topics };
}

function refused(partitionIndex: number, errorCode: ErrorCode): PartitionResult {
  return { partitionIndex, errorCode, lowWatermark: NO_LOW_WATERMARK };
}

/** One that takes its time. */
interface Deletion {
  readonly partition: Partition;
  readonly done: Promise<PartitionResult>;
}

function deleteBefore(services: Services, topic: string, partitionIndex: number, wanted: number): PartitionResult | Deletion {
  if (isInternalTopic(topic)) return refused(partitionIndex, Errors.INVALID_TOPIC_EXCEPTION);
  const fault = partitionFault(services, topic, partitionIndex, -1);
  const partition = services.partitions.get(topic, partitionIndex);
  if (fault !== undefined || partition === undefined) return refused(partitionIndex, fault ?? Errors.NOT_LEADER_OR_FOLLOWER);
  if (!partition.settings["cleanup.policy"].includes("delete")) return refused(partitionIndex, Errors.POLICY_VIOLATION);
  const offset = wanted === HIGH_WATERMARK ? partition.highWatermark : wanted;
  if (offset < 0 || offset > partition.highWatermark) return refused(partitionIndex, Errors.OFFSET_OUT_OF_RANGE);
  if (offset <= partition.logStartOffset) return deleted(partition, Errors.NONE);
  const done = (): PartitionResult => {
    services.logger.info({ topic, partition: partitionIndex, logStartOffset: partition.logStartOffset }, "deleted records");
    return deleted(partition, partition.isLeader ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER);
  };
  const failed = (error: unknown): PartitionResult =>
    refused(partitionIndex, storageFault(services, partition, error, "could not delete records"));
  try {
    const deleting = partition.deleteRecordsBefore(offset);
    return deleting instanceof Promise ? { partition, done: deleting.then(done, failed) } : done();
  } catch (error) {
    return failed(error);
  }
}

function deleted({ index, logStartOffset }: Partition, errorCode: ErrorCode): PartitionResult {
  return { partitionIndex: index, errorCode, lowWatermark: logStartOffset };
}
