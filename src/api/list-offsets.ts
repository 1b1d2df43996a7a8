// ListOffsets (key 2). Offsets by timestamp, and by the special timestamps of KIP-79, KIP-734, KIP-405 and KIP-1023.
// Without tiered storage the earliest local offset is the earliest one, and there is no latest tiered one.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { listOffsets as listOffsetsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { repeated } from "../base/repeated.ts";
import type { IsolationLevel, Partition } from "../partition/partition.ts";
import { type RequestContext, serve } from "./handler.ts";
import { partitionFault } from "./partition-fault.ts";
import type { Services } from "./services.ts";
import { storageFault } from "./storage-fault.ts";

type Request = DecodedMessage<typeof listOffsetsApi.request>;
type Response = EncodableMessage<typeof listOffsetsApi.response>;
type PartitionRequest = Request["topics"][number]["partitions"][number];
type PartitionResponse = Response["topics"][number]["partitions"][number];

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;

/** The request version that introduced each special timestamp. */
const FIRST_VERSION: ReadonlyMap<number, number> = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);

/** A replica id with which tools ask for the end of the log instead of the high watermark. */
const DEBUGGING_CONSUMER = -2;

export const listOffsets = serve(listOffsetsApi, "0-11", ["DESCRIBE TOPIC"], handle);

async function handle(services: Services, request: Request, context: RequestContext<"DESCRIBE TOPIC">): Promise<Response> {
  const isolationLevel = request.isolationLevel === 1 ? "read_committed" : "read_uncommitted";
  const twice = repeatedPartitions(request);
  const topics: Response["topics"][number][] = [];
  for (const topic of request.topics) {
    const mayDescribe = context.access.permits("DESCRIBE TOPIC", topic.name);
    const partitions: PartitionResponse[] = [];
    for (const wanted of topic.partitions) {
      const partition = services.partitions.get(topic.name, wanted.partitionIndex);
      const fault = mayDescribe
        ? (repetitionFault(twice, topic.name, wanted) ??
          versionFault(wanted.timestamp, context.apiVersion) ??
          partitionFault(services, topic.name, wanted.partitionIndex, wanted.currentLeaderEpoch))
        : Errors.TOPIC_AUTHORIZATION_FAILED;
      if (fault !== undefined || partition === undefined) {
        partitions.push({ partitionIndex: wanted.partitionIndex, errorCode: fault ?? Errors.NOT_LEADER_OR_FOLLOWER });
      } else {
        partitions.push(await answerOf(services, partition, wanted, { context, isolationLevel, replicaId: request.replicaId }));
      }
    }
    topics.push({ name: topic.name, partitions });
  }
  return { topics };
}

interface Asking {
  readonly context: RequestContext;
  readonly isolationLevel: IsolationLevel;
  readonly replicaId: number;
}

async function answerOf(services: Services, partition: Partition, wanted: PartitionRequest, asking: Asking): Promise<PartitionResponse> {
  const { context, isolationLevel, replicaId } = asking;
  const { partitionIndex, timestamp } = wanted;
  try {
    if (context.apiVersion === 0) return await oldStyle(partition, wanted);
    const found = await lookUp(partition, timestamp, isolationLevel, replicaId === DEBUGGING_CONSUMER);
    return { partitionIndex, errorCode: Errors.NONE, ...withoutEpochBefore(found, context.apiVersion) };
  } catch (error) {
    return { partitionIndex, errorCode: storageFault(services, partition, error, "could not look an offset up") };
  }
}

function repeatedPartitions(request: Request): ReadonlySet<string> {
  return repeated(request.topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex }) => `${name} ${partitionIndex}`)));
}

function repetitionFault(twice: ReadonlySet<string>, topic: string, { partitionIndex }: PartitionRequest): ErrorCode | undefined {
  return twice.has(`${topic} ${partitionIndex}`) ? Errors.INVALID_REQUEST : undefined;
}

function versionFault(timestamp: number, apiVersion: number): ErrorCode | undefined {
  if (timestamp >= 0) return undefined;
  const first = FIRST_VERSION.get(timestamp);
  return first === undefined || apiVersion < first ? Errors.UNSUPPORTED_VERSION : undefined;
}

interface Found {
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

const NOTHING: Found = { offset: -1, timestamp: -1, leaderEpoch: -1 };

async function lookUp(partition: Partition, timestamp: number, isolationLevel: IsolationLevel, uncommittedToo: boolean): Promise<Found> {
  const untilOffset = partition.readableUntil(isolationLevel);
  switch (timestamp) {
    case LATEST: {
      const offset = uncommittedToo ? partition.logEndOffset : untilOffset;
      return { offset, timestamp: -1, leaderEpoch: partition.leaderEpoch };
    }
    case EARLIEST:
    case EARLIEST_LOCAL: {
      const offset = partition.logStartOffset;
      const leaderEpoch = offset === partition.logEndOffset ? partition.leaderEpoch : partition.log.leaderEpochAt(offset);
      return { offset, timestamp: -1, leaderEpoch };
    }
    case MAX_TIMESTAMP: {
      const found = await partition.log.offsetOfMaxTimestamp();
      return found === undefined ? NOTHING : { offset: found.offset, timestamp: found.timestampMs, leaderEpoch: found.leaderEpoch };
    }
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOTHING;
    default: {
      const found = await partition.log.offsetForTimestamp(timestamp, untilOffset);
      return found === undefined ? NOTHING : { offset: found.offset, timestamp: found.timestampMs, leaderEpoch: found.leaderEpoch };
    }
  }
}

function withoutEpochBefore(found: Found, apiVersion: number): Partial<Found> {
  const { offset, timestamp } = found;
  return apiVersion >= 4 ? found : { offset, timestamp };
}

/**
 * Version 0 gives offsets up to a time, newest first: the end, and where the log starts. Kafka adds where its segments start, and knows of a
 * time only which segments were written before it; here it is the first record from then on. Clients ask for one offset.
 */
async function oldStyle(partition: Partition, wanted: PartitionRequest): Promise<PartitionResponse> {
  const found = await lookUp(partition, wanted.timestamp, "read_uncommitted", false);
  const isEnd = wanted.timestamp === LATEST || found.offset === -1;
  const offsets = isEnd ? [partition.highWatermark, partition.logStartOffset] : [found.offset];
  const known = offsets.filter((offset, index) => offsets.indexOf(offset) === index);
  return { partitionIndex: wanted.partitionIndex, errorCode: Errors.NONE, oldStyleOffsets: known.slice(0, wanted.maxNumOffsets) };
}
