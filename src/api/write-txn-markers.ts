// WriteTxnMarkers (key 27). A transaction's coordinator ends it in the partitions that this broker leads: a control batch is appended to
// each (KIP-98). In a partition of __consumer_offsets that is the group coordinator's business. Tools use it to end a transaction that hangs
// (KIP-664). Answered once the markers are committed. Version 2 says which protocol the transaction follows (KIP-1228).

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { writeTxnMarkers as writeTxnMarkersApi } from "../../protocol/messages/index.ts";
import { ControlType, type EndTransactionMarker } from "../../protocol/records/control-batch.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { GROUP_OFFSETS_TOPIC } from "../cluster/topic-name.ts";
import { type CommitWait, outcomeWithin } from "../partition/commit-waits.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { storageFault } from "./storage-fault.ts";

type Request = DecodedMessage<typeof writeTxnMarkersApi.request>;
type Response = EncodableMessage<typeof writeTxnMarkersApi.response>;
type MarkerRequest = Request["markers"][number];

interface Outcome {
  readonly producerId: number;
  readonly topic: string;
  readonly partitionIndex: number;
  readonly error: ErrorCode | Promise<ErrorCode>;
}

export const writeTxnMarkers = serve(writeTxnMarkersApi, "0-2", ["CLUSTER_ACTION CLUSTER", "ALTER CLUSTER"], handle);

function handle(
  services: Services,
  { markers }: Request,
  { access }: RequestContext<"CLUSTER_ACTION CLUSTER" | "ALTER CLUSTER">,
): Response | Promise<Response> {
  const isPermitted = access.permitsOnClusterQuietly("ALTER CLUSTER") || access.permitsOnCluster("CLUSTER_ACTION CLUSTER");
  if (!isPermitted) return refused(markers);
  const outcomes = markers.map((marker) => writeAll(services, marker));
  const isWaiting = outcomes.some((each) => each.some(({ error }) => error instanceof Promise));
  if (!isWaiting)
    return toResponse(
      markers,
      outcomes.map((each) => each.map(({ error }) => error as ErrorCode)),
    );
  return Promise.all(outcomes.map((each) => Promise.all(each.map(({ error }) => error)))).then((errors) => toResponse(markers, errors));
}

function writeAll(services: Services, marker: MarkerRequest): Outcome[] {
  const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = marker;
  const type = marker.transactionResult ? ControlType.COMMIT : ControlType.ABORT;
  const endMarker = { producerId, producerEpoch, coordinatorEpoch, type, timestamp: services.clock.now() };
  return marker.topics.flatMap(({ name: topic, partitionIndexes }) =>
    partitionIndexes.map((partitionIndex) => ({
      producerId,
      topic,
      partitionIndex,
      error: write(services, { topic, partitionIndex }, endMarker, transactionVersion),
    })),
  );
}

function write(
  services: Services,
  { topic, partitionIndex }: { readonly topic: string; readonly partitionIndex: number },
  marker: EndTransactionMarker,
  transactionVersion: number,
): ErrorCode | Promise<ErrorCode> {
  if (topic === GROUP_OFFSETS_TOPIC) {
    const ending = services.groups.endTransaction(partitionIndex, marker, transactionVersion);
    return typeof ending === "number" ? leadershipError(ending) : committed(services, ending);
  }
  const partition = services.partitions.get(topic, partitionIndex);
  if (partition === undefined) {
    const exists = services.cluster.image.topicsByName.get(topic)?.partitions[partitionIndex] !== undefined;
    return exists ? services.partitions.whyAbsent(topic, partitionIndex) : Errors.UNKNOWN_TOPIC_OR_PARTITION;
  }
  // Kafka writes markers with acks=all: the coordinator sends them again until there are enough.
  if (!partition.hasEnoughReplicas) return Errors.NOT_ENOUGH_REPLICAS;
  try {
    const result = partition.appendMarker(marker, transactionVersion);
    if (!result.ok) return result.error;
  } catch (error) {
    return storageFault(services, partition, error, "could not append a transaction marker");
  }
  const wait = partition.commitWait(partition.logEndOffset);
  return wait === undefined ? Errors.NONE : committed(services, wait);
}

/** The coordinator sends the marker again after each of these errors; that does no harm. */
async function committed({ clock, config }: Services, wait: CommitWait): Promise<ErrorCode> {
  switch (await outcomeWithin(wait, config["request.timeout.ms"], clock)) {
    case "committed":
      return Errors.NONE;
    case "resigned":
      return Errors.NOT_LEADER_OR_FOLLOWER;
    case "gaveUp":
      return Errors.REQUEST_TIMED_OUT;
  }
}

/** To whom it writes, a coordinator is the leader of a partition. */
function leadershipError(error: ErrorCode): ErrorCode {
  switch (error) {
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      return Errors.NOT_LEADER_OR_FOLLOWER;
    default:
      return error;
  }
}

function refused(markers: Request["markers"]): Response {
  const errorCode = Errors.CLUSTER_AUTHORIZATION_FAILED;
  return {
    markers: markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode })),
      })),
    })),
  };
}

function toResponse(markers: Request["markers"], errors: readonly (readonly ErrorCode[])[]): Response {
  return {
    markers: markers.map(({ producerId, topics }, index) => {
      const remaining = (errors[index] ?? []).values();
      return {
        producerId,
        topics: topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            errorCode: remaining.next().value ?? Errors.UNKNOWN_SERVER_ERROR,
          })),
        })),
      };
    }),
  };
}
