// ShareFetch (key 78): acquires records of share partitions for a member of a share group, and acknowledges what it acquired before (KIP-932,
// KIP-1206, KIP-1222). Acknowledgements come first and are answered when they are stored, whatever becomes of the fetch; the fetch waits for
// records as long as the member allows.

import { Errors } from "../../protocol/errors.ts";
import { shareFetch as shareFetchApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import type { Watchable, Watcher } from "../base/watchers.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { waitForAny } from "../partition/fetch-wait.ts";
import { FINAL_EPOCH, INITIAL_EPOCH, type ShareSession } from "../share/share-sessions.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { nothing, type ShareFetchResult, type ShareFetchWish, ShareReading } from "./share-reading.ts";
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

type Request = DecodedMessage<typeof shareFetchApi.request>;
type Response = EncodableMessage<typeof shareFetchApi.response>;
type PartitionResponse = Response["responses"][number]["partitions"][number];

const RECORD_LIMIT = 1;
/** Of what is around an answer, what Kafka counts as fetched. */
const COUNTED_FRAME_BYTES = 4;

export const shareFetch = serve(shareFetchApi, "1-2", ["READ GROUP", "READ TOPIC"], handle);

async function handle(services: Services, request: Request, context: ShareContext): Promise<Response> {
  const member = memberOf(services, request, context);
  if (isRefusal(member)) return refused(member);
  const fault = renewalFault(request);
  if (fault !== undefined) return refused(fault);
  const session = await sessionOf(services, member, request, context);
  if (isRefusal(session)) return refused(session);
  const acknowledging = acknowledgeAll(services, member, request, context);
  const isOver = request.shareSessionEpoch === FINAL_EPOCH;
  if (isOver) services.shares.sessions.end(session);
  const isFetching = !isOver && !request.isRenewAck;
  const results = isFetching ? await fetchAll(services, wishOf(services, member, request, context), session, request) : undefined;
  const outcomes = await acknowledging;
  return respond(services, member, { request, context, results, outcomes });
}

/** Who renews locks fetches nothing. */
function renewalFault({ isRenewAck, maxBytes, minBytes, maxRecords, maxWaitMs }: Request): Refusal | undefined {
  if (!isRenewAck || (maxBytes === 0 && minBytes === 0 && maxRecords === 0 && maxWaitMs === 0)) return undefined;
  return refusal(Errors.INVALID_REQUEST);
}

async function sessionOf(
  services: Services,
  member: ShareMember,
  request: Request,
  context: ShareContext,
): Promise<ShareSession | Refusal> {
  const { sessions } = services.shares;
  const { shareSessionEpoch: epoch, topics, forgottenTopicsData } = request;
  if (epoch === INITIAL_EPOCH) {
    const isAcknowledging = topics.some(({ partitions }) => partitions.some(({ acknowledgementBatches: { length } }) => length > 0));
    if (isAcknowledging) return refusal(Errors.INVALID_REQUEST);
  }
  const session =
    epoch === INITIAL_EPOCH
      ? sessions.begin(member.groupId, member.memberId, context.connection)
      : sessions.use(member.groupId, member.memberId, epoch);
  if (session === undefined) {
    await pause(services, request.maxWaitMs, context);
    return refusal(Errors.SHARE_SESSION_LIMIT_REACHED);
  }
  if (typeof session === "number") return refusal(session);
  const isFirst = epoch === INITIAL_EPOCH;
  for (const { topicId, partitions } of topics) for (const { partitionIndex } of partitions) session.add(topicId, partitionIndex, isFirst);
  for (const { topicId, partitions } of forgottenTopicsData) for (const partition of partitions) session.forget(topicId, partition);
  return session;
}

/** So that who finds no room does not ask without a pause. */
async function pause({ clock }: Services, ms: number, { connection }: ShareContext): Promise<void> {
  if (ms <= 0) return;
  const options = { clock, deadlineMs: clock.now() + ms, onAbandoned: (listener: () => void) => connection.onClose(listener) };
  await waitForAny([], options);
}

interface Acknowledged {
  readonly topicId: string;
  readonly partition: number;
  readonly refusal: Refusal | undefined;
}

function acknowledgeAll(services: Services, member: ShareMember, request: Request, context: ShareContext): Promise<Acknowledged[]> {
  const outcomes: Promise<Acknowledged>[] = [];
  for (const { topicId, partitions } of request.topics) {
    for (const { partitionIndex: partition, acknowledgementBatches: batches } of partitions) {
      if (batches.length === 0) continue;
      const outcome = acknowledgePartition(services, member, { topicId, partition, batches }, request, context);
      outcomes.push(outcome.then((refused) => ({ topicId, partition, refusal: refused })));
    }
  }
  return Promise.all(outcomes);
}

function wishOf(services: Services, member: ShareMember, request: Request, context: ShareContext): ShareFetchWish {
  const { minBytes, maxRecords, batchSize, shareAcquireMode } = request;
  const mostBytes = Math.min(services.config["fetch.max.bytes"], context.quota?.mostFetchedBytes ?? Number.POSITIVE_INFINITY);
  return {
    ...member,
    context,
    isolationLevel:
      services.shares.settingsOf(member.groupId)["share.isolation.level"] === "read_committed" ? "read_committed" : "read_uncommitted",
    minBytes,
    maxBytes: Math.min(request.maxBytes, mostBytes),
    maxRecords,
    batchSize,
    mode: shareAcquireMode === RECORD_LIMIT ? "record_limit" : "batch_optimized",
  };
}

/** What each partition has to tell; nothing of those that were not read. */
async function fetchAll(
  services: Services,
  wish: ShareFetchWish,
  session: ShareSession,
  { maxWaitMs }: Request,
): Promise<readonly ShareFetchResult[]> {
  const { clock, answerMemory } = services;
  const { connection } = wish.context;
  const wanted = session.inTurn();
  if (wanted.length === 0 || wish.maxRecords <= 0 || wish.maxBytes <= 0) return [];
  const reading = new ShareReading(services, wish);
  const deadlineMs = clock.now() + maxWaitMs;
  for (let isOver = maxWaitMs <= 0; ; ) {
    const { failed, isUrgent, ready, idle, watched } = reading.look(wanted);
    isOver ||= connection.isClosed;
    const moves = new Moves(watched);
    let isShortOfMemory = false;
    const isEnough = isOver || isUrgent || reading.hasEnough(ready);
    if (isEnough === true || (isEnough !== false && (await isEnough))) {
      const acquired = await reading.acquire(ready);
      if (isOver || isUrgent || acquired.results.length > 0) {
        moves.end();
        return [...failed, ...idle, ...acquired.results];
      }
      ({ isShortOfMemory } = acquired);
    }
    moves.end();
    if (moves.isAny) continue;
    const room = isShortOfMemory ? [answerMemory.placeOf(connection)] : [];
    const onAbandoned = (listener: () => void) => connection.onClose(listener);
    isOver = (await waitForAny([...watched, ...room], { clock, deadlineMs, onAbandoned })) !== "moved";
  }
}

/** Whether something moved while it was looked at. */
class Moves implements Watcher {
  isAny = false;
  readonly #watched: readonly Watchable[];

  constructor(watched: readonly Watchable[]) {
    this.#watched = watched;
    for (const each of watched) each.watch(this);
  }

  moved(): void {
    this.isAny = true;
  }

  end(): void {
    for (const each of this.#watched) each.unwatch(this);
  }
}

interface Outcome {
  readonly request: Request;
  readonly context: ShareContext;
  /** Of those that had something to tell; `undefined` where nothing was fetched. */
  readonly results: readonly ShareFetchResult[] | undefined;
  readonly outcomes: readonly Acknowledged[];
}

function respond(services: Services, { groupId }: ShareMember, { request, context, results, outcomes }: Outcome): Response {
  const releases = (results ?? []).flatMap(({ release }) => (release === undefined ? [] : [release]));
  if (releases.length > 0) {
    context.connection.whenSent(() => {
      for (const release of releases) release();
    });
  }
  const told = new Map<string, { topicId: string; response: PartitionResponse }>();
  const isFirst = request.shareSessionEpoch === INITIAL_EPOCH;
  for (const result of results ?? []) {
    const { wanted } = result;
    if (!isFirst && wanted.isTold && result.error === Errors.NONE && result.ranges.length === 0) continue;
    wanted.isTold = result.error === Errors.NONE;
    told.set(`${wanted.topicId} ${wanted.partition}`, { topicId: wanted.topicId, response: partitionResponse(services, result) });
  }
  for (const { topicId, partition, refusal: refused } of outcomes) {
    const key = `${topicId} ${partition}`;
    const response = told.get(key)?.response ?? partitionResponse(services, nothing({ topicId, partition, isTold: true }, Errors.NONE));
    const error = refused?.error ?? Errors.NONE;
    const leader = response.errorCode === Errors.NONE ? currentLeader(services, topicId, partition, error) : response.currentLeader;
    told.set(key, {
      topicId,
      response: { ...response, acknowledgeErrorCode: error, acknowledgeErrorMessage: messageOf(refused), currentLeader: leader },
    });
  }
  const answer = {
    errorCode: Errors.NONE,
    acquisitionLockTimeoutMs: services.shares.settingsOf(groupId)["share.record.lock.duration.ms"],
    responses: byTopicId(told),
    nodeEndpoints: endpointsOf(
      services,
      [...told.values()].map(({ response }) => response),
      context,
    ),
  };
  return isOverQuota(answer, context) ? { ...answer, responses: [], nodeEndpoints: [] } : answer;
}

function partitionResponse(
  services: Services,
  { wanted: { topicId, partition }, error, records, ranges }: ShareFetchResult,
): PartitionResponse {
  return {
    partitionIndex: partition,
    errorCode: error,
    acknowledgeErrorCode: Errors.NONE,
    currentLeader: currentLeader(services, topicId, partition, error),
    records,
    acquiredRecords: ranges,
  };
}

/** What was acquired for it stays locked. */
function isOverQuota(answer: Response, { quota, apiVersion }: ShareContext): boolean {
  if (quota === undefined) return false;
  const writer = new Writer();
  shareFetchApi.response.codec(apiVersion).write(writer, answer);
  return quota.fetched(COUNTED_FRAME_BYTES + writer.sizeBytes) > 0;
}

function refused({ error, message }: Refusal): Response {
  return { errorCode: error, errorMessage: messageOf({ error, message }), responses: [], nodeEndpoints: [] };
}
