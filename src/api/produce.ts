// Produce (key 0). Appends each partition's batch and answers when it is committed; with acks=0 there is no answer, and an error
// closes the connection. The hot path: without waiting for durability it runs to its end in one turn, without a promise; what is written
// at the end of the turn is answered then.
//
// Who waits does so for the request's timeout at most. As in Kafka each partition has an answer of its own then: what was committed, what
// was not in time (REQUEST_TIMED_OUT, though it stays appended), and what lost its leader. acks=1 waits as acks=all does: bytes are stored once.
//
// Versions 0 to 2 bring messages of magic 0 and 1, which are made into a batch first (up-conversion.ts), and may bring batches too. Kafka 4
// advertises and refuses these versions, for the sake of old librdkafka (KAFKA-18659).

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { produce as produceApi } from "../../protocol/messages/index.ts";
import {
  BATCH_HEADER_BYTES,
  batchHeader,
  Compression,
  CRC_START,
  compressionOf,
  TRANSACTIONAL_BIT,
} from "../../protocol/records/batch-header.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { PartitionImage } from "../cluster/partition-image.ts";
import { CLIENT_METRICS_TOPIC, isInternalTopic } from "../cluster/topic-name.ts";
import type { VerificationMode } from "../coordinator/transaction/partition-verifier.ts";
import type { Producer } from "../coordinator/transaction/transaction.ts";
import type { CommitOutcome, CommitWait } from "../partition/commit-waits.ts";
import type { Partition } from "../partition/partition.ts";
import { JudgingBudget } from "../storage/judging-budget.ts";
import type { AppendRefusal, AppendResult, Judging, WriteOutcome } from "../storage/partition-log.ts";
import { isOldFormat } from "../storage/up-conversion.ts";
import { AfterWrite, CloseConnection, InTurn, NO_ANSWER, type RequestContext, serve } from "./handler.ts";
import { convertLater, judgeLater } from "./judge-later.ts";
import type { Services } from "./services.ts";
import { storageFault } from "./storage-fault.ts";
import { type TransactionalAppend, type Verified, verifyTransaction } from "./transaction-verification.ts";

type Request = DecodedMessage<typeof produceApi.request>;
type Response = EncodableMessage<typeof produceApi.response>;
type TopicRequest = Request["topicData"][number];
type PartitionRequest = TopicRequest["partitionData"][number];
type PartitionResponse = Response["responses"][number]["partitionResponses"][number] & {
  readonly written?: WriteOutcome | undefined;
  /** Of a batch that is appended and not committed yet. */
  readonly commit?: CommitWait | undefined;
  /** Of a batch that takes long to judge: does it, and appends the batch. */
  readonly later?: () => Promise<PartitionResponse>;
};
type TopicResponse = { readonly name: string; readonly topicId: string; readonly partitionResponses: readonly PartitionResponse[] };

/** The client id with which Kafka's own tools write into internal topics. */
const ADMIN_CLIENT_ID = "__admin_client";
const FIRST_VERSION_WITH_BATCHES_ONLY = 3;
const FIRST_VERSION_WITH_ZSTD = 7;
const FIRST_VERSION_WITH_LEADER = 10;
/** Acknowledged by all replicas that are in sync. */
const ALL = -1;

type Context = RequestContext<"WRITE TOPIC" | "WRITE TRANSACTIONAL_ID">;
type Answer = Response | typeof NO_ANSWER;
type LaterAnswer = AfterWrite<typeof produceApi.response.struct.shape> | InTurn<typeof produceApi.response.struct.shape>;
/** `undefined`: the request belongs to no transaction. */
type VerifiedProduce = Verified | ErrorCode | undefined;

export const produce = serve(produceApi, "0-13", ["WRITE TOPIC", "WRITE TRANSACTIONAL_ID"], handle, { leavesFrame: true });

function handle(services: Services, request: Request, context: Context): Answer | Promise<Answer> | LaterAnswer {
  return services.appendRoom.isThere ? verifyAndAppend(services, request, context) : appendWithRoom(services, request, context);
}

/** Once there is room; nothing is appended when that takes too long. */
async function appendWithRoom(services: Services, request: Request, context: Context): Promise<Answer> {
  const { timeoutMs } = request;
  const startMs = services.clock.now();
  const waiting = { timeoutMs, sizeBytes: recordBytes(request), keep: () => withOwnRecords(request) };
  const answer = await services.appendRoom.append(waiting, (kept) => {
    const remainingMs = timeoutMs - (services.clock.now() - startMs);
    const appended = verifyAndAppend(services, { ...kept, timeoutMs: remainingMs }, context);
    return withoutTurn(appended);
  });
  return answer ?? answerTo(request, refusedAll(request, Errors.REQUEST_TIMED_OUT));
}

function recordBytes({ topicData }: Request): number {
  let sizeBytes = 0;
  for (const { partitionData } of topicData) for (const { records } of partitionData) sizeBytes += records?.length ?? 0;
  return sizeBytes;
}

function verifyAndAppend(services: Services, request: Request, context: Context): Answer | Promise<Answer> | LaterAnswer {
  const { transactionalId } = request;
  if (transactionalId === null) return appendAll(services, request, context, undefined);
  const verifying = verifyProduce(services, request, transactionalId, context);
  if (!(verifying instanceof Promise)) return appendAll(services, request, context, verifying);
  // The frame is only ours until we return.
  const kept = withOwnRecords(request);
  return verifying.then((verified) => withoutTurn(appendAll(services, kept, context, verified)));
}

/** For who has waited already. */
function withoutTurn(answer: Answer | Promise<Answer> | LaterAnswer): Answer | Promise<Answer> {
  if (answer instanceof AfterWrite) return answer.reply();
  return answer instanceof InTurn ? answer.reply : answer;
}

function appendAll(
  services: Services,
  request: Request,
  context: Context,
  verified: VerifiedProduce,
): Answer | Promise<Answer> | LaterAnswer {
  if (verified === Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED) return answerTo(request, refusedAll(request, verified));
  const call: Call = { services, request, context, verified, budget: new JudgingBudget(), judged: undefined };
  let isWaiting = false;
  let hasLong = false;
  let isGathered = false;
  const responses = request.topicData.map((topic) => {
    const name = topicName(services, topic, context.apiVersion);
    const mayWrite = name === "" || context.access.permits("WRITE TOPIC", name);
    const partitionResponses = topic.partitionData.map((data) => {
      if (!mayWrite) return failed(data.index, Errors.TOPIC_AUTHORIZATION_FAILED);
      const response = appendTo(call, name, data);
      if (response.written !== undefined) isGathered = true;
      else if (response.later !== undefined) hasLong = true;
      else if (response.commit !== undefined) isWaiting = true;
      return response;
    });
    return { name: topic.name, topicId: topic.topicId, partitionResponses };
  });
  if (hasLong) return answerLater(call, responses);
  if (isWaiting) return new InTurn(answerLater(call, responses));
  if (isGathered) return new AfterWrite(() => answerTo(request, afterWrite(responses)));
  return answerTo(request, responses);
}

/** Appends, one after another, what takes long to judge, then waits for what is not committed. */
async function answerLater(call: Call, responses: readonly TopicResponse[]): Promise<Answer> {
  const appended = await inOrder(responses, (response) => response.later?.() ?? response);
  const { clock } = call.services;
  const timer = clock.after(Math.max(0, call.request.timeoutMs), () => {
    for (const { partitionResponses } of appended) for (const { commit } of partitionResponses) commit?.giveUp();
  });
  const complete = await inOrder(appended, async (response, topic) => {
    return response.commit === undefined ? response : afterCommit(call, topic, response, await response.commit.outcome);
  });
  timer.cancel();
  return answerTo(call.request, afterWrite(complete));
}

async function inOrder(
  responses: readonly TopicResponse[],
  next: (response: PartitionResponse, topic: TopicResponse) => PartitionResponse | Promise<PartitionResponse>,
): Promise<readonly TopicResponse[]> {
  const complete: TopicResponse[] = [];
  for (const topic of responses) {
    const partitionResponses: PartitionResponse[] = [];
    for (const response of topic.partitionResponses) partitionResponses.push(await next(response, topic));
    complete.push({ ...topic, partitionResponses });
  }
  return complete;
}

/** What is told of the batch besides the error stays, as in Kafka. */
function afterCommit(
  { services, context }: Call,
  topic: TopicResponse,
  response: PartitionResponse,
  outcome: CommitOutcome,
): PartitionResponse {
  switch (outcome) {
    case "committed":
      return response;
    case "gaveUp":
      return { ...response, errorCode: Errors.REQUEST_TIMED_OUT };
    case "resigned": {
      const name = topicName(services, topic, context.apiVersion);
      const image = services.cluster.image.topicsByName.get(name)?.partitions[response.index];
      return notLeader({ ...response, errorCode: Errors.NOT_LEADER_OR_FOLLOWER }, image, context);
    }
  }
}

/** With who leads, in versions that can say so. */
function notLeader(response: PartitionResponse, image: PartitionImage | undefined, { apiVersion }: Context): PartitionResponse {
  if (image === undefined || apiVersion < FIRST_VERSION_WITH_LEADER) return response;
  return { ...response, currentLeader: { leaderId: image.leader, leaderEpoch: image.leaderEpoch } };
}

function answerTo({ acks }: Request, responses: readonly TopicResponse[]): Answer {
  if (acks !== 0) return { responses };
  for (const { partitionResponses } of responses) {
    const fault = partitionResponses.find(({ errorCode }) => errorCode !== Errors.NONE)?.errorCode;
    if (fault !== undefined) throw new CloseConnection(`produce with acks=0 failed: ${errorName(fault)}`);
  }
  return NO_ANSWER;
}

function refusedAll({ topicData }: Request, error: ErrorCode): readonly TopicResponse[] {
  return topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => failed(index, error)),
  }));
}

/** What was taken to be written and was not is answered with an error. */
function afterWrite(responses: readonly TopicResponse[]): readonly TopicResponse[] {
  const isWritten = responses.every(({ partitionResponses }) => partitionResponses.every(({ written }) => written?.hasFailed !== true));
  if (isWritten) return responses;
  return responses.map((topic) => ({ ...topic, partitionResponses: topic.partitionResponses.map(unlessNotWritten) }));
}

function unlessNotWritten(response: PartitionResponse): PartitionResponse {
  if (response.written?.hasFailed !== true) return response;
  return failed(response.index, Errors.KAFKA_STORAGE_ERROR);
}

/** Empty when no topic has the id. */
function topicName(services: Services, topic: Pick<TopicRequest, "name" | "topicId">, apiVersion: number): string {
  return apiVersion >= 13 ? (services.cluster.image.topicsById.get(topic.topicId)?.name ?? "") : topic.name;
}

/** Kafka lets its administrators write to internal topics; clients' metrics come from the broker that they were pushed to. */
function mayWriteInternal(topic: string, { clientId, connection }: RequestContext): boolean {
  return clientId === ADMIN_CLIENT_ID || (topic === CLIENT_METRICS_TOPIC && connection.brokerId !== undefined);
}

/** A request, as far as it concerns each of its batches. */
interface Call extends Judging {
  readonly services: Services;
  readonly request: Request;
  readonly context: Context;
  readonly verified: VerifiedProduce;
  readonly budget: JudgingBudget;
  /** The records are not what the client has sent, but made of that. */
  readonly isConverted?: true;
}

function appendTo(call: Call, topic: string, data: PartitionRequest): PartitionResponse {
  const { services, request, context, verified } = call;
  const { index, records } = data;
  const byId = context.apiVersion >= 13;
  if (byId && topic === "") return failed(index, Errors.UNKNOWN_TOPIC_ID);
  const image = services.cluster.image.topicsByName.get(topic)?.partitions[index];
  if (image === undefined) return failed(index, Errors.UNKNOWN_TOPIC_OR_PARTITION);
  if (request.acks < -1 || request.acks > 1) return failed(index, Errors.INVALID_REQUIRED_ACKS);
  if (records === null || records.length === 0) return withoutRecords(index, context.apiVersion);
  const attributes = records.length < BATCH_HEADER_BYTES ? 0 : records.readInt16BE(CRC_START);
  if (context.apiVersion < FIRST_VERSION_WITH_ZSTD) {
    if (context.apiVersion < FIRST_VERSION_WITH_BATCHES_ONLY) {
      if (call.isConverted !== true && isOldFormat(records)) return appendConverted(call, topic, index, records);
    } else if (compressionOf(attributes) === Compression.ZSTD) return failed(index, Errors.UNSUPPORTED_COMPRESSION_TYPE);
  }
  if (isInternalTopic(topic) && !mayWriteInternal(topic, context)) return failed(index, Errors.INVALID_TOPIC_EXCEPTION);
  const partition = services.partitions.get(topic, index);
  if (partition === undefined) {
    const response = failed(index, services.partitions.whyAbsent(topic, index));
    return response.errorCode === Errors.NOT_LEADER_OR_FOLLOWER ? notLeader(response, image, context) : response;
  }
  if (request.acks === ALL && !partition.hasEnoughReplicas) {
    partition.traffic.produceRequests++;
    partition.traffic.failedProduceRequests++;
    return failed(index, Errors.NOT_ENOUGH_REPLICAS);
  }
  if ((attributes & TRANSACTIONAL_BIT) === 0) return append(call, partition, index, records);
  if (verified === undefined) return failed(index, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  if (typeof verified === "number") return failed(index, verified);
  const error = verified.errorOf(partition, baseSequenceOf(records));
  if (error !== Errors.NONE) return notVerified(index, error, context.apiVersion);
  return append(call, partition, index, records, verified);
}

function withoutRecords(index: number, apiVersion: number): PartitionResponse {
  if (apiVersion < FIRST_VERSION_WITH_BATCHES_ONLY) return { index, errorCode: Errors.NONE, baseOffset: -1 };
  return failed(index, Errors.INVALID_RECORD);
}

/** Messages of an old format; what is asked of a batch before it is appended is asked of what they become. */
function appendConverted(call: Call, topic: string, index: number, messages: Buffer): PartitionResponse {
  // The frame is only ours until the handler returns.
  const kept = Buffer.from(messages);
  const later = async (): Promise<PartitionResponse> => {
    const partition = call.services.partitions.get(topic, index);
    const records = partition === undefined ? kept : await convertLater(call.services, partition, kept);
    if (partition !== undefined && Buffer.isBuffer(records)) partition.traffic.produceConversions++;
    if (!Buffer.isBuffer(records)) return failed(index, records.error, records.message);
    const response = appendTo({ ...call, isConverted: true }, topic, { index, records });
    return response.later?.() ?? response;
  };
  return { ...failed(index, Errors.UNKNOWN_SERVER_ERROR), later };
}

function append(call: Call, partition: Partition, index: number, records: Buffer, verified?: Verified): PartitionResponse {
  const { services, request, budget } = call;
  const hadWholeBudget = budget.isWhole;
  if (call.judged === undefined) partition.traffic.produceRequests++;
  let result: AppendResult;
  try {
    result = partition.append(records, "client", verified?.transactionVersion, call);
    if (result.ok) verified?.appended(partition);
  } catch (error) {
    partition.traffic.failedProduceRequests++;
    return failed(index, storageFault(services, partition, error, "could not append to a partition"));
  }
  if (result.ok) {
    return {
      index,
      errorCode: Errors.NONE,
      baseOffset: result.baseOffset,
      logAppendTimeMs: result.logAppendTimeMs,
      logStartOffset: partition.logStartOffset,
      written: result.written,
      // A batch that was appended before, by the same producer, is as durable as it was then.
      commit: request.acks === 0 || result.written !== undefined ? undefined : partition.commitWait(result.lastOffset + 1),
    };
  }
  if (result.isLong === true) return appendLater(call, partition, { index, records, hadWholeBudget });
  countRefusal(partition, result, records.length);
  return refused(services, partition, index, result);
}

/** As Kafka counts: what is too large has metrics of its own, what does not fit together is no failure. */
function countRefusal({ traffic }: Partition, { error }: AppendRefusal, sizeBytes: number): void {
  switch (error) {
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
      traffic.bytesRejected += sizeBytes;
      return;
    case Errors.CORRUPT_MESSAGE:
    case Errors.NOT_LEADER_OR_FOLLOWER:
      return;
    default:
      traffic.failedProduceRequests++;
  }
}

/**
 * As in Kafka, clients are told more than the error only where single records offend. The Java client would show a text of ours instead of
 * its own for the error. Ours is in the log.
 */
function refused({ logger }: Services, partition: Partition, index: number, result: AppendRefusal): PartitionResponse {
  logger.debug({ topic: partition.topic, partition: index, error: errorName(result.error), reason: result.message }, "refused a batch");
  return {
    index,
    errorCode: result.error,
    baseOffset: -1,
    logStartOffset: result.recordErrors.length > 0 ? partition.logStartOffset : -1,
    recordErrors: result.recordErrors.map(({ batchIndex, message }) => ({ batchIndex, batchIndexErrorMessage: message })),
    errorMessage: result.recordErrors.length > 0 ? result.message : null,
  };
}

/** Judged when others have had their turn; the partition and its transaction are looked at again then. */
function appendLater(call: Call, partition: Partition, long: LongBatch): PartitionResponse {
  const { index } = long;
  // The frame is only ours until the handler returns.
  const records = Buffer.from(long.records);
  const later = async () => {
    const judged = await judgeLater(call.services, { ...long, partition, records, budget: call.budget });
    if (judged.ok) return appendTo({ ...call, judged }, partition.topic, { index, records });
    countRefusal(partition, judged, records.length);
    return refused(call.services, partition, index, judged);
  };
  return { ...failed(index, Errors.UNKNOWN_SERVER_ERROR), later };
}

interface LongBatch {
  readonly index: number;
  readonly records: Buffer;
  /** It is too long by itself, and not because of what came before it. */
  readonly hadWholeBudget: boolean;
}

// ---- transactions (KIP-890)

/**
 * Asks for all partitions of the request together; an error when the batches are not of one producer, or the client may not use the
 * transactional id.
 */
function verifyProduce(
  services: Services,
  request: Request,
  transactionalId: string,
  { apiVersion, access }: Context,
): Verified | ErrorCode | Promise<Verified> {
  const appends: TransactionalAppend[] = [];
  let producer: Producer | undefined;
  for (const topic of request.topicData) {
    const name = topicName(services, topic, apiVersion);
    for (const { index, records } of topic.partitionData) {
      if (records === null || !isTransactional(records)) continue;
      if (!access.permits("WRITE TRANSACTIONAL_ID", transactionalId)) return Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
      const producerId = fields.producerId.read(records, 0);
      const producerEpoch = fields.producerEpoch.read(records, 0);
      producer ??= { producerId, producerEpoch };
      if (producer.producerId !== producerId || producer.producerEpoch !== producerEpoch) return Errors.INVALID_PRODUCER_ID_MAPPING;
      const partition = services.partitions.get(name, index);
      if (partition !== undefined && access.permits("WRITE TOPIC", name))
        appends.push({ partition, baseSequence: baseSequenceOf(records) });
    }
  }
  if (producer === undefined) return Errors.NONE;
  return verifyTransaction(services, { transactionalId, producer, mode: modeOf(apiVersion), appends });
}

const { fields } = batchHeader;

function isTransactional(records: Buffer): boolean {
  return records.length >= BATCH_HEADER_BYTES && (records.readInt16BE(CRC_START) & TRANSACTIONAL_BIT) !== 0;
}

function baseSequenceOf(records: Buffer): number {
  return fields.baseSequence.read(records, 0);
}

function modeOf(apiVersion: number): VerificationMode {
  if (apiVersion >= 12) return "add";
  return apiVersion === 11 ? "verifyAbortable" : "verify";
}

function withOwnRecords(request: Request): Request {
  const topicData = request.topicData.map((topic) => ({
    ...topic,
    partitionData: topic.partitionData.map((data) => ({ ...data, records: data.records === null ? null : Buffer.from(data.records) })),
  }));
  return { ...request, topicData };
}

/** Where the coordinator could not be asked, producers hear what makes them try again without asking for metadata. */
function notVerified(index: number, error: ErrorCode, apiVersion: number): PartitionResponse {
  switch (error) {
    case Errors.NETWORK_EXCEPTION:
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      break;
    case Errors.CONCURRENT_TRANSACTIONS:
      if (modeOf(apiVersion) === "add") return failed(index, error);
      break;
    default:
      return failed(index, error);
  }
  const message = `Unable to verify the partition has been added to the transaction. Underlying error: ${errorName(error)}`;
  return failed(index, Errors.NOT_ENOUGH_REPLICAS, message);
}

function failed(index: number, errorCode: ErrorCode, errorMessage: string | null = null): PartitionResponse {
  return { index, errorCode, baseOffset: -1, errorMessage };
}
