// OffsetFetch, versions 0 to 10. Nothing committed is offset -1 and no error, whatever the reason: clients then do what
// auto.offset.reset says. Up to version 1 an error of the group is repeated for each partition, to version 7 it is one for the answer,
// from 8 on each group asked for has its own. Version 10 names topics by id.

import { type ErrorCode, Errors } from "../../../../protocol/errors.ts";
import { offsetFetch as api } from "../../../../protocol/messages/09-offset-fetch.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../../../protocol/schema/support.ts";
import { checkConsumerFetch } from "../consumer/commit-check.ts";
import type { Group } from "../group.ts";
import type { CommittedOffset } from "../group-record.ts";
import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import type { GroupRequestContext } from "../request-context.ts";
import { checkStreamsFetch } from "../streams/commit-check.ts";
import type { TopicsView } from "../topics-view.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

const GROUP_ERROR_VERSION = 2;
const GROUPS_VERSION = 8;
const TOPIC_ID_VERSION = 10;

interface AskedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

interface Ask {
  readonly groupId: string;
  /** `null` and -1 of somebody who is not a member, or whose version does not say. */
  readonly memberId: string | null;
  readonly memberEpoch: number;
  /** `null`: all that are committed. */
  readonly topics: readonly AskedTopic[] | null;
  readonly requireStable: boolean;
  readonly byTopicId: boolean;
}

interface FetchedPartition {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: ErrorCode;
}

interface FetchedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly FetchedPartition[];
}

interface FetchedGroup {
  readonly groupId: string;
  readonly errorCode: ErrorCode;
  readonly topics: readonly FetchedTopic[];
}

export const offsetFetchRequest = groupRequest(api, "0-10", ["DESCRIBE GROUP", "DESCRIBE TOPIC"], handle);

type Context = GroupRequestContext<"DESCRIBE GROUP" | "DESCRIBE TOPIC">;

function handle(parts: RequestParts, request: Request, context: Context): Response | Promise<Response> {
  const { requireStable } = request;
  if (context.apiVersion < GROUPS_VERSION) {
    const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitionIndexes })) ?? null;
    const ask = { groupId: request.groupId, memberId: null, memberEpoch: -1, topics, requireStable, byTopicId: false };
    const fetching = fetchGroup(parts, ask, context);
    const toResponse = (fetched: FetchedGroup) => singleResponse(ask, fetched, context.apiVersion);
    return fetching instanceof Promise ? fetching.then(toResponse) : toResponse(fetching);
  }
  const byTopicId = context.apiVersion >= TOPIC_ID_VERSION;
  const fetching = request.groups.map(({ groupId, memberId, memberEpoch, topics }) =>
    fetchGroup(parts, { groupId, memberId, memberEpoch, topics: topics ?? null, requireStable, byTopicId }, context),
  );
  if (fetching.every((each): each is FetchedGroup => !(each instanceof Promise))) return { groups: fetching };
  return Promise.all(fetching).then((groups) => ({ groups }));
}

function fetchGroup(parts: RequestParts, ask: Ask, { access }: Context): FetchedGroup | Promise<FetchedGroup> {
  const { groupId } = ask;
  if (!access.permits("DESCRIBE GROUP", groupId)) return { groupId, errorCode: Errors.GROUP_AUTHORIZATION_FAILED, topics: [] };
  return parts.runtime.write<FetchedGroup>(
    parts.partitionFor(groupId),
    (state) => {
      const errorCode = checkFetch(state.group(groupId), ask);
      if (errorCode !== Errors.NONE) return { records: [], tellsStored: true, applied: () => ({ groupId, errorCode, topics: [] }) };
      const topics =
        ask.topics === null
          ? allTopics(parts.topics, state, ask).filter(({ name }) => access.permitsQuietly("DESCRIBE TOPIC", name))
          : ask.topics.map((topic) => askedTopic(parts.topics, state, ask, topic, access));
      const fetched: FetchedGroup = { groupId, errorCode: Errors.NONE, topics };
      // A consumer starts from what it is told: it must not be told of an offset that could still be lost.
      return { records: [], tellsStored: true, applied: () => fetched };
    },
    (errorCode) => ({ groupId, errorCode, topics: [] }),
  );
}

/** A classic group is not asked who fetches, nor one that is not there, or that commits nothing. */
function checkFetch(group: Group | undefined, { memberId, memberEpoch }: Ask): ErrorCode {
  if (group === undefined || group.kind === "classic" || group.kind === "share") return Errors.NONE;
  return group.kind === "consumer" ? checkConsumerFetch(group, memberId, memberEpoch) : checkStreamsFetch(group, memberId, memberEpoch);
}

function allTopics(view: TopicsView, state: GroupState, ask: Ask): FetchedTopic[] {
  const topics: FetchedTopic[] = [];
  for (const [name, offsets] of state.offsets.ofGroup(ask.groupId) ?? []) {
    const topicId = view.idOf(name);
    if (ask.byTopicId && topicId === undefined) continue;
    const partitions = [...offsets.keys()].map((partitionIndex) => fetchPartition(state, ask, { name, topicId, partitionIndex }));
    topics.push({ name, topicId: topicId ?? ZERO_UUID, partitions });
  }
  return topics;
}

function askedTopic(view: TopicsView, state: GroupState, ask: Ask, topic: AskedTopic, access: Context["access"]): FetchedTopic {
  const name = ask.byTopicId ? view.nameOf(topic.topicId) : topic.name;
  const topicId = ask.byTopicId ? topic.topicId : name === undefined ? undefined : view.idOf(name);
  const mayDescribe = name === undefined || access.permits("DESCRIBE TOPIC", name);
  const partitions = topic.partitionIndexes.map((partitionIndex) => {
    if (name === undefined) return nothing(partitionIndex, Errors.UNKNOWN_TOPIC_ID);
    if (!mayDescribe) return nothing(partitionIndex, Errors.TOPIC_AUTHORIZATION_FAILED);
    return fetchPartition(state, ask, { name, topicId, partitionIndex });
  });
  return { name: name ?? "", topicId: topicId ?? ZERO_UUID, partitions };
}

interface AskedPartition {
  readonly name: string;
  /** Of the topic that there is now. */
  readonly topicId: string | undefined;
  readonly partitionIndex: number;
}

function fetchPartition(state: GroupState, ask: Ask, { name, topicId, partitionIndex }: AskedPartition): FetchedPartition {
  if (ask.requireStable && state.offsets.isUnstable(ask.groupId, name, partitionIndex))
    return nothing(partitionIndex, Errors.UNSTABLE_OFFSET_COMMIT);
  const committed = state.offsets.get(ask.groupId, name, partitionIndex);
  if (committed === undefined || isOfEarlierTopic(committed, topicId)) return nothing(partitionIndex, Errors.NONE);
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed;
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: Errors.NONE };
}

/** The topic was deleted and made again since: the offset means nothing in the new one. */
function isOfEarlierTopic(committed: CommittedOffset, topicId: string | undefined): boolean {
  return topicId !== undefined && committed.topicId !== ZERO_UUID && committed.topicId !== topicId;
}

function nothing(partitionIndex: number, errorCode: ErrorCode): FetchedPartition {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode };
}

function singleResponse(ask: Ask, fetched: FetchedGroup, apiVersion: number): Response {
  if (fetched.errorCode === Errors.NONE || apiVersion >= GROUP_ERROR_VERSION)
    return { topics: fetched.topics, errorCode: fetched.errorCode };
  const topics = (ask.topics ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => nothing(partitionIndex, fetched.errorCode)),
  }));
  return { topics, errorCode: fetched.errorCode };
}
