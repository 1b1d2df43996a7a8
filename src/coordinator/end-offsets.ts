// Where partitions end, as their leaders say it: their high watermarks.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { listOffsets } from "../../protocol/messages/index.ts";
import type { ClusterImage } from "../cluster/image.ts";
import type { Peers } from "../cluster/peers.ts";

export interface TopicPartitionIndexes {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export type EndOffset = { readonly offset: number } | { readonly error: ErrorCode };

/** Asks for many at a time; never rejects. The answer tells of each, also of what does not exist. */
export type EndOffsets = (asked: readonly TopicPartitionIndexes[]) => Promise<(topic: string, partition: number) => EndOffset>;

const VERSION = 7;
const LATEST = -1;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;

export function endOffsets(peers: Peers, image: () => ClusterImage): EndOffsets {
  return async (asked) => {
    const found = new Map<string, EndOffset>();
    const put = (topic: string, partition: number, end: EndOffset) => found.set(`${topic} ${partition}`, end);
    const calls = [...byLeader(asked, image())].map(async ([leader, topics]) => {
      const request = topics.map(({ topic: name, partitions }) => ({
        name,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: LATEST })),
      }));
      const response = await peers.call(leader, listOffsets, VERSION, {
        replicaId: NO_REPLICA,
        isolationLevel: READ_UNCOMMITTED,
        topics: request,
      });
      for (const { name, partitions } of response?.topics ?? [])
        for (const { partitionIndex, errorCode, offset } of partitions)
          put(name, partitionIndex, errorCode === Errors.NONE ? { offset } : { error: errorCode as ErrorCode });
    });
    await Promise.all(calls);
    return (topic, partition) => found.get(`${topic} ${partition}`) ?? { error: Errors.LEADER_NOT_AVAILABLE };
  };
}

function byLeader(asked: readonly TopicPartitionIndexes[], image: ClusterImage): Map<number, { topic: string; partitions: number[] }[]> {
  const leaders = new Map<number, { topic: string; partitions: number[] }[]>();
  for (const { topic, partitions } of asked) {
    for (const partition of partitions) {
      const leader = image.topicsByName.get(topic)?.partitions[partition]?.leader ?? -1;
      if (leader === -1) continue;
      const topics = leaders.get(leader) ?? [];
      leaders.set(leader, topics);
      const last = topics.at(-1);
      if (last?.topic === topic) last.partitions.push(partition);
      else topics.push({ topic, partitions: [partition] });
    }
  }
  return leaders;
}
