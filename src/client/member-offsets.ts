// How far a member of a group has come, as the group stores it: the same two requests whichever protocol the member speaks.

import { Errors } from "../../protocol/errors.ts";
import { offsetCommit } from "../../protocol/messages/08-offset-commit.ts";
import { offsetFetch } from "../../protocol/messages/09-offset-fetch.ts";
import type { CoordinatorLink } from "./coordinator-link.ts";
import type { Position } from "./partition-fetch.ts";
import { failOn, present } from "./refusal.ts";
import type { TopicPartition } from "./topic-partition.ts";

/** From here on topics go by id. */
const BY_ID = 10;
/** From here on several groups are asked for at once. */
const BY_GROUP = 8;
const NO_EPOCH = -1;

export interface StoredBy {
  readonly groupId: string;
  /** null: somebody who looks on. */
  readonly memberId: string | null;
  readonly generationIdOrMemberEpoch: number;
  readonly instanceId: string | null;
  /** By name; where it is missing topics go by name. */
  readonly topicIds?: ReadonlyMap<string, string>;
}

/** Gives the error code, NONE where all are stored. Of topics that are gone nothing is stored, which is no error. */
export async function storeOffsets(link: CoordinatorLink, by: StoredBy, positions: readonly Position[]): Promise<number> {
  const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    ...named(name, by),
    partitions: ofTopic.map(({ partition, offset, leaderEpoch = NO_EPOCH }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: "",
    })),
  }));
  const { groupId, memberId, generationIdOrMemberEpoch, instanceId: groupInstanceId } = by;
  const membership = { memberId: memberId ?? "", generationIdOrMemberEpoch, groupInstanceId };
  const answer = await link.send(offsetCommit, newestFor(by), { groupId, ...membership, topics });
  const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  return codes.find((code) => code !== Errors.NONE && !isGone(code)) ?? Errors.NONE;
}

/** Partitions of which nothing is stored are missing, and those of topics that are gone. Raises Refusal. */
export async function storedOffsets(link: CoordinatorLink, by: StoredBy, partitions: readonly TopicPartition[]): Promise<Position[]> {
  const what = `group ${by.groupId}`;
  const { errorCode, topics } = await fetchOffsets(link, by, partitions);
  failOn(errorCode, what);
  const names = new Map([...(by.topicIds ?? [])].map(([name, id]) => [id, name]));
  return topics.flatMap(({ name: given, topicId = "", partitions: stored }) =>
    stored.flatMap(({ partitionIndex, committedOffset, committedLeaderEpoch, errorCode: fault }) => {
      if (isGone(fault)) return [];
      failOn(fault, what);
      if (committedOffset < 0) return [];
      const topic = given === "" ? present(names.get(topicId), what) : given;
      const leaderEpoch = committedLeaderEpoch === NO_EPOCH ? undefined : committedLeaderEpoch;
      return [{ topic, partition: partitionIndex, offset: committedOffset, leaderEpoch }];
    }),
  );
}

interface Fetched {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId?: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly committedLeaderEpoch: number;
      readonly errorCode: number;
    }[];
  }[];
}

async function fetchOffsets(link: CoordinatorLink, by: StoredBy, partitions: readonly TopicPartition[]): Promise<Fetched> {
  const { groupId, memberId, generationIdOrMemberEpoch } = by;
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    ...named(name, by),
    partitionIndexes: ofTopic.map(({ partition }) => partition),
  }));
  if ((await link.newestOf(offsetFetch)) < BY_GROUP) return link.send(offsetFetch, BY_GROUP - 1, { groupId, topics, requireStable: true });
  const group = { groupId, memberId, memberEpoch: memberId === null ? NO_EPOCH : generationIdOrMemberEpoch, topics };
  const answer = await link.send(offsetFetch, newestFor(by), { groups: [group], requireStable: true });
  return present(answer.groups[0], `group ${groupId}`);
}

function named(name: string, { topicIds }: StoredBy): { readonly name: string; readonly topicId?: string | undefined } {
  return topicIds === undefined ? { name } : { name, topicId: topicIds.get(name) };
}

function newestFor({ topicIds }: StoredBy): number {
  return topicIds === undefined ? BY_ID - 1 : BY_ID;
}

/** The topic was deleted, or a broker has not heard of it yet. */
export function isGone(errorCode: number): boolean {
  return errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION || errorCode === Errors.UNKNOWN_TOPIC_ID;
}
