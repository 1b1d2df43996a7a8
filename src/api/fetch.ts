// Fetch (key 1). Reads the partitions of the request, or of its session (KIP-227), and waits for minBytes as long as the client
// allows. Byte limits never starve a partition: the first batch of the first partition with data is given whole (KIP-74), and
// partitions that gave data go to the end of their session's order. Versions 0 to 3 are given other formats (old-fetch.ts).

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { fetch as fetchApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { EMPTY_BYTES, ZERO_UUID } from "../../protocol/schema/support.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import type { PartitionImage } from "../cluster/partition-image.ts";
import type { FetchPartition } from "../partition/fetch-session.ts";
import { waitForAny } from "../partition/fetch-wait.ts";
import type { IsolationLevel, Partition } from "../partition/partition.ts";

import type { LogRead } from "../storage/partition-log.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type FetchContext, type FetchPlan, isFollower, mayRead, placeOf, planFetch } from "./fetch-plan.ts";
import { type ClientConnection, type RequestContext, serve } from "./handler.ts";
import { FIRST_VERSION_WITH_BATCHES, readConverted, Unconvertible } from "./old-fetch.ts";
import type { Services } from "./services.ts";
import { storageFault } from "./storage-fault.ts";

type Request = DecodedMessage<typeof fetchApi.request>;
type Response = EncodableMessage<typeof fetchApi.response>;
type TopicResponse = Response["responses"][number];
type PartitionResponse = TopicResponse["partitions"][number];

const FIRST_VERSION_WITH_RACK = 11;
/** Of what is around an answer, what Kafka counts as fetched. */
const COUNTED_FRAME_BYTES = 4;
const FIRST_VERSION_WITH_LEADER = 12;
/** The only class of Kafka's own besides the one that always chooses the leader. */
const RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

export const fetch = serve(fetchApi, "0-18", ["READ TOPIC", "CLUSTER_ACTION CLUSTER"], handle);

async function handle(services: Services, request: Request, context: FetchContext): Promise<Response> {
  const plan = planFetch(services, request, context);
  if ("error" in plan) return { errorCode: plan.error, sessionId: 0, responses: [] };
  const deadlineMs = services.clock.now() + request.maxWaitMs;
  const isolationLevel = request.isolationLevel === 1 ? "read_committed" : "read_uncommitted";
  const limits = {
    maxBytes: Math.min(request.maxBytes, services.config["fetch.max.bytes"], context.quota?.mostFetchedBytes ?? Number.POSITIVE_INFINITY),
    isolationLevel,
    rackId: request.rackId,
    context,
    isFollower: isFollower(request),
    mayRead: (topic: string) => mayRead(request, context, topic),
  } as const;
  const { session } = plan;
  for (;;) {
    const moveCount = session?.moveCount;
    const wanted = plan.toRead();
    const pass = await readAll(services, wanted, limits);
    const isAllThereIsRoomFor = pass.isShortOfMemory && pass.sizeBytes > 0;
    const isEnough = pass.isUrgent || isAllThereIsRoomFor || pass.sizeBytes >= Math.min(request.minBytes, limits.maxBytes);
    const hasNothingToWaitFor = session === undefined ? wanted.length === 0 : session.isClosed || session.partitions.size === 0;
    const isOver = hasNothingToWaitFor || context.connection.isClosed || services.clock.now() >= deadlineMs;
    if (isEnough || isOver) return respond(services, plan, pass.results, context);
    context.connection.reserve(-pass.sizeBytes);
    release(pass.results);
    if (session?.moveCount !== moveCount) continue;
    const watched = session === undefined ? pass.watched : [session];
    const room = services.answerMemory.placeOf(context.connection);
    const outcome = await waitForAny(pass.isShortOfMemory ? [...watched, room] : watched, {
      clock: services.clock,
      deadlineMs,
      onAbandoned: (listener) => context.connection.onClose(listener),
    });
    if (outcome === "abandoned") return { errorCode: Errors.NONE, sessionId: 0, responses: [] };
    if (outcome === "expired") return respond(services, plan, (await readAll(services, plan.toRead(), limits)).results, context);
  }
}

interface Limits {
  readonly maxBytes: number;
  readonly isolationLevel: IsolationLevel;
  /** Where the client is; empty when it does not say. */
  readonly rackId: string;
  readonly context: RequestContext;
  readonly isFollower: boolean;
  readonly mayRead: (topic: string) => boolean;
}

interface Result {
  readonly wanted: FetchPartition;
  readonly response: PartitionResponse;
  readonly sizeBytes: number;
  /** Gives the memory of the records back. */
  readonly release?: (() => void) | undefined;
  readonly leader: PartitionImage | undefined;
  /** There is nothing to read where the client is. */
  readonly isCaughtUp?: boolean;
  /** The partition's when it was looked at. */
  readonly changeCount: number;
}

interface Pass {
  readonly results: readonly Result[];
  readonly sizeBytes: number;
  /** An error or a diverging epoch: the client must know at once. */
  readonly isUrgent: boolean;
  /** There may be more to read than the memory of answers had room for. */
  readonly isShortOfMemory: boolean;
  /** Those to wait for without a session. */
  readonly watched: readonly Partition[];
}

async function readAll(services: Services, wanted: readonly FetchPartition[], limits: Limits): Promise<Pass> {
  const results: Result[] = [];
  const watched: Partition[] = [];
  let sizeBytes = 0;
  let isUrgent = false;
  let isShortOfMemory = false;
  let shareBytes: number | undefined;
  for (const one of wanted) {
    for (let turn = services.readTurns.wait(); turn !== undefined; turn = services.readTurns.wait()) await turn;
    if (limits.context.connection.isClosed) break;
    const partition = readablePartition(services, one, limits);
    const leader = placeOf(services, one);
    const { changeCount } = one;
    one.look(partition, leader);
    const error = partitionError(services, one, partition, leader, limits);
    if (error !== undefined || partition === undefined) {
      // Only what lies outside of the log is seen to do so by reading.
      if (error === Errors.OFFSET_OUT_OF_RANGE && partition !== undefined) partition.traffic.fetchRequests++;
      isUrgent = true;
      results.push({
        wanted: one,
        response: failed(one.partition, error ?? Errors.NOT_LEADER_OR_FOLLOWER, leader, limits.context.apiVersion),
        sizeBytes: 0,
        leader,
        changeCount,
      });
      continue;
    }
    const nearer = nearerReplica(services, one, leader, limits);
    if (nearer !== undefined) {
      isUrgent = true;
      results.push({ wanted: one, response: readElsewhere(partition, nearer), sizeBytes: 0, leader, changeCount });
      continue;
    }
    if (one.session === undefined) watched.push(partition);
    shareBytes ??= services.answerMemory.shareBytes;
    const roomBytes = Math.min(shareBytes - sizeBytes, services.answerMemory.shareBytes);
    const read = await readOne(services, partition, one, limits, { readSoFarBytes: sizeBytes, roomBytes });
    isShortOfMemory ||= read.isShortOfMemory;
    isUrgent ||= read.response.errorCode !== Errors.NONE;
    sizeBytes += read.sizeBytes;
    isUrgent ||= read.response.divergingEpoch !== undefined;
    results.push({ wanted: one, leader, changeCount, ...read });
  }
  return { results, sizeBytes, isUrgent, isShortOfMemory, watched };
}

/** Clients that can say where they are may read from a follower. */
function readablePartition(services: Services, { topic, partition }: FetchPartition, { context }: Limits): Partition | undefined {
  if (context.apiVersion < FIRST_VERSION_WITH_RACK) return services.partitions.get(topic, partition);
  return services.partitions.readable(services.cluster.image, topic, partition);
}

/** The leader sends a client to a replica in its own rack, where it is not in that rack itself (KIP-392). */
function nearerReplica(
  services: Services,
  { topic, partition }: FetchPartition,
  image: PartitionImage | undefined,
  limits: Limits,
): number | undefined {
  const { rackId, context } = limits;
  if (rackId === "" || context.apiVersion < FIRST_VERSION_WITH_RACK || services.config["replica.selector.class"] !== RACK_AWARE)
    return undefined;
  if (services.partitions.get(topic, partition) === undefined) return undefined;
  const { brokers } = services.cluster.image;
  if (brokers.get(services.brokerId)?.rack === rackId) return undefined;
  // One on another machine reads only what it leads.
  const canRead = (replica: number) => replica === services.brokerId || brokers.get(replica)?.incarnation === undefined;
  return image?.inSyncReplicas.find((id) => brokers.get(id)?.rack === rackId && canRead(id));
}

function readElsewhere(partition: Partition, preferredReadReplica: number): PartitionResponse {
  return {
    partitionIndex: partition.index,
    errorCode: Errors.NONE,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.logStartOffset,
    preferredReadReplica,
    records: EMPTY_BYTES,
  };
}

function partitionError(
  services: Services,
  wanted: FetchPartition,
  partition: Partition | undefined,
  leader: PartitionImage | undefined,
  limits: Limits,
): ErrorCode | undefined {
  const isUnknownId = limits.context.apiVersion >= 13 && !services.cluster.image.topicsById.has(wanted.topicId);
  // A topic that has no name cannot be asked about, but a follower's right is not about topics.
  if (isUnknownId && !limits.isFollower) return Errors.UNKNOWN_TOPIC_ID;
  if (!limits.mayRead(wanted.topic)) return Errors.TOPIC_AUTHORIZATION_FAILED;
  if (isUnknownId) return Errors.UNKNOWN_TOPIC_ID;
  if (leader === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION;
  if (limits.isFollower) return Errors.NOT_LEADER_OR_FOLLOWER;
  if (partition === undefined) return services.partitions.whyAbsent(wanted.topic, wanted.partition);
  if (wanted.currentLeaderEpoch !== -1 && wanted.currentLeaderEpoch !== partition.leaderEpoch) {
    return wanted.currentLeaderEpoch < partition.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
  }
  if (wanted.fetchOffset < partition.logStartOffset || wanted.fetchOffset > partition.logEndOffset) return Errors.OFFSET_OUT_OF_RANGE;
  return undefined;
}

async function readOne(
  services: Services,
  partition: Partition,
  wanted: FetchPartition,
  { maxBytes, isolationLevel, context }: Limits,
  { readSoFarBytes, roomBytes }: { readonly readSoFarBytes: number; readonly roomBytes: number },
): Promise<Pick<Result, "response" | "sizeBytes" | "release" | "isCaughtUp"> & { readonly isShortOfMemory: boolean }> {
  partition.traffic.fetchRequests++;
  const head = {
    partitionIndex: wanted.partition,
    errorCode: Errors.NONE,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.logStartOffset,
    abortedTransactions: isolationLevel === "read_committed" ? [] : null,
    records: EMPTY_BYTES,
  };
  const divergingEpoch = divergence(partition, wanted);
  if (divergingEpoch !== undefined) return { response: { ...head, divergingEpoch }, sizeBytes: 0, isShortOfMemory: false };
  const askedBytes = Math.min(wanted.maxBytes, maxBytes - readSoFarBytes);
  const budgetBytes = Math.min(askedBytes, roomBytes);
  const isFirst = readSoFarBytes === 0;
  const isCaughtUp = wanted.fetchOffset >= partition.readableUntil(isolationLevel);
  if (isCaughtUp || (askedBytes <= 0 && !isFirst)) return { response: head, sizeBytes: 0, isShortOfMemory: false, isCaughtUp };
  if (roomBytes <= 0) return { response: head, sizeBytes: 0, isShortOfMemory: true };
  let read: LogRead | undefined;
  try {
    const asked = {
      offset: wanted.fetchOffset,
      maxBytes: Math.max(0, budgetBytes),
      isolationLevel,
      firstBatchWhole: isFirst && !services.answerMemory.isShort,
      willRelease: true,
    };
    const { apiVersion } = context;
    if (apiVersion < FIRST_VERSION_WITH_BATCHES) partition.traffic.fetchConversions++;
    const reading =
      apiVersion < FIRST_VERSION_WITH_BATCHES
        ? readConverted(services, partition, { ...asked, apiVersion, askedBytes })
        : partition.read(asked);
    read = reading instanceof Promise ? await reserved(reading, context.connection, Math.max(0, budgetBytes)) : reading;
    context.connection.reserve(read.sizeBytes);
    services.readTurns.took(read.sizeBytes);
    const aborted = isolationLevel === "read_committed" ? partition.abortedTransactions(wanted.fetchOffset, read.nextOffset) : null;
    const abortedTransactions = aborted instanceof Promise ? await aborted : aborted;
    return {
      response: { ...head, abortedTransactions, records: read.records },
      sizeBytes: read.sizeBytes,
      release: read.release,
      isShortOfMemory:
        (budgetBytes < askedBytes || services.answerMemory.isShort) && read.nextOffset < partition.readableUntil(isolationLevel),
    };
  } catch (error) {
    context.connection.reserve(-(read?.sizeBytes ?? 0));
    read?.release?.();
    partition.traffic.failedFetchRequests++;
    return {
      response: failed(wanted.partition, readFault(services, partition, error), undefined, context.apiVersion),
      sizeBytes: 0,
      isShortOfMemory: false,
    };
  }
}

function readFault(services: Services, partition: Partition, error: unknown): ErrorCode {
  if (error instanceof Unconvertible) return error.error;
  const fault = storageFault(services, partition, error, "could not read a partition");
  // As Kafka tells it: who asks again gets no further.
  return error instanceof StorageError && error.code === "SEGMENT_CORRUPT" ? Errors.CORRUPT_MESSAGE : fault;
}

/** What a read off the event loop may give is counted while it goes on. */
async function reserved(reading: Promise<LogRead>, connection: ClientConnection, sizeBytes: number): Promise<LogRead> {
  connection.reserve(sizeBytes);
  try {
    return await reading;
  } finally {
    connection.reserve(-sizeBytes);
  }
}

/** Where the client's log and ours part, if they do (KIP-595). */
function divergence(partition: Partition, wanted: FetchPartition): { readonly epoch: number; readonly endOffset: number } | undefined {
  if (wanted.lastFetchedEpoch === -1) return undefined;
  const { leaderEpoch, endOffset } = partition.log.endOffsetForEpoch(wanted.lastFetchedEpoch);
  if (leaderEpoch === -1 || (leaderEpoch === wanted.lastFetchedEpoch && endOffset >= wanted.fetchOffset)) return undefined;
  return { epoch: leaderEpoch, endOffset };
}

/** Who may read what is there hears who leads it, in versions that can say so. */
function failed(partitionIndex: number, errorCode: ErrorCode, leader: PartitionImage | undefined, apiVersion: number): PartitionResponse {
  const isLookedAt = leader !== undefined && errorCode !== Errors.TOPIC_AUTHORIZATION_FAILED;
  const response = {
    partitionIndex,
    errorCode,
    highWatermark: -1,
    abortedTransactions: isLookedAt ? null : [],
    records: EMPTY_BYTES,
  };
  const tellsLeader = errorCode === Errors.NOT_LEADER_OR_FOLLOWER || errorCode === Errors.FENCED_LEADER_EPOCH;
  if (!tellsLeader || leader === undefined || apiVersion < FIRST_VERSION_WITH_LEADER) return response;
  return { ...response, currentLeader: { leaderId: leader.leader, leaderEpoch: leader.leaderEpoch } };
}

function release(results: readonly Result[]): void {
  for (const result of results) result.release?.();
}

function respond(services: Services, plan: FetchPlan, results: readonly Result[], context: RequestContext): Response {
  const { session } = plan;
  if (results.some((result) => result.release !== undefined)) context.connection.whenSent(() => release(results));
  if (session !== undefined && plan.isIncremental && session.epoch !== plan.nextEpoch)
    return { errorCode: Errors.INVALID_FETCH_SESSION_EPOCH, sessionId: session.id, responses: [] };
  const told = plan.isIncremental ? results.filter(isNews) : results;
  const throttled = context.quota === undefined ? undefined : overQuota(services, plan, told, context);
  if (throttled !== undefined) return throttled;
  for (const { wanted, response, sizeBytes, isCaughtUp, changeCount } of results) {
    const isToldAgain = response.errorCode !== Errors.NONE || response.divergingEpoch !== undefined;
    wanted.toldHighWatermark = isToldAgain ? -1 : response.highWatermark;
    wanted.toldLogStartOffset = isToldAgain ? -1 : (response.logStartOffset ?? -1);
    if (sizeBytes > 0) {
      services.partitions.traffic.gave(wanted.topic, sizeBytes);
      if (plan.isIncremental) session?.moveToEnd(wanted);
    }
    if (isCaughtUp) session?.settle(wanted, changeCount);
  }
  const isOver = plan.isIncremental && session !== undefined && session.partitions.size === 0;
  if (isOver) services.fetchSessions.end(session.id);
  return { errorCode: Errors.NONE, sessionId: isOver ? 0 : (session?.id ?? 0), responses: byTopic(told) };
}

/** An empty answer in place of one that is too much; the session is as if nothing had been read. */
function overQuota(
  services: Services,
  { session, isIncremental }: FetchPlan,
  told: readonly Result[],
  { quota, apiVersion }: RequestContext,
): Response | undefined {
  const writer = new Writer();
  fetchApi.response.codec(apiVersion).write(writer, { errorCode: Errors.NONE, sessionId: 0, responses: byTopic(told) });
  const throttleMs = quota?.fetched(COUNTED_FRAME_BYTES + writer.sizeBytes) ?? 0;
  if (throttleMs === 0) return undefined;
  if (!isIncremental && session !== undefined) services.fetchSessions.end(session.id);
  return { errorCode: Errors.NONE, sessionId: isIncremental ? (session?.id ?? 0) : 0, responses: [] };
}

function isNews({ wanted, response, sizeBytes }: Result): boolean {
  return (
    sizeBytes > 0 ||
    response.errorCode !== Errors.NONE ||
    response.divergingEpoch !== undefined ||
    response.preferredReadReplica !== undefined ||
    response.highWatermark !== wanted.toldHighWatermark ||
    response.logStartOffset !== wanted.toldLogStartOffset
  );
}

function byTopic(results: readonly Result[]): TopicResponse[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: PartitionResponse[] }>();
  for (const { wanted, response } of results) {
    const key = wanted.topic === "" ? wanted.topicId : wanted.topic;
    const topic = topics.get(key);
    if (topic === undefined)
      topics.set(key, { topic: wanted.topic, topicId: wanted.topicId === "" ? ZERO_UUID : wanted.topicId, partitions: [response] });
    else topic.partitions.push(response);
  }
  return [...topics.values()];
}
