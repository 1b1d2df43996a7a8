// Offsets of partitions: where their logs begin and end, and where a time is. Each leader is asked once for all its partitions.

import { Errors } from "../../../protocol/errors.ts";
import { listOffsets } from "../../../protocol/messages/02-list-offsets.ts";
import { deleteRecords } from "../../../protocol/messages/21-delete-records.ts";
import { type Brokers, isMoving } from "../brokers.ts";
import { Refusal } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";
import { hasLeader, listTopics } from "./topics.ts";

/** What may stand for a timestamp. */
export const OffsetSpec = {
  LATEST: -1,
  EARLIEST: -2,
  MAX_TIMESTAMP: -3,
  EARLIEST_LOCAL: -4,
  LATEST_TIERED: -5,
  EARLIEST_PENDING_UPLOAD: -6,
} as const;

const TIMEOUT_MS = 30_000;
const CONSUMER = -1;

export interface FoundOffset {
  /** -1: there is none. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

/** `timestamp` in milliseconds, or one of OffsetSpec. A partition that cannot be asked has its Refusal. */
export async function offsetsAt(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  { timestamp, isCommittedOnly = false }: { readonly timestamp: number; readonly isCommittedOnly?: boolean },
): Promise<Map<string, FoundOffset | Refusal>> {
  const found = new Map<string, FoundOffset | Refusal>();
  await forEachLeader(brokers, partitions, found, async (leader, ofLeader) => {
    const connection = await brokers.byId(leader);
    const topics = byTopic(ofLeader).map(([name, indexes]) => ({
      name,
      partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp })),
    }));
    const answer = await connection.send(listOffsets, newestFor(timestamp), {
      replicaId: CONSUMER,
      isolationLevel: isCommittedOnly ? 1 : 0,
      topics,
      timeoutMs: TIMEOUT_MS,
    });
    for (const { name, partitions: answered } of answer.topics) {
      for (const { partitionIndex, errorCode, offset, timestamp: at, leaderEpoch } of answered) {
        const partition = nameOf({ topic: name, partition: partitionIndex });
        const isFound = errorCode === Errors.NONE;
        found.set(partition, isFound ? { offset, timestamp: at, leaderEpoch } : new Refusal(errorCode, partition, null));
      }
    }
  });
  return found;
}

/** Deletes what is before the offset (-1: everything so far); gives each partition's new start. */
export async function deleteRecordsBefore(
  brokers: Brokers,
  offsets: readonly (TopicPartition & { readonly offset: number })[],
): Promise<Map<string, number | Refusal>> {
  const found = new Map<string, number | Refusal>();
  await forEachLeader(brokers, offsets, found, async (leader, ofLeader) => {
    const connection = await brokers.byId(leader);
    const topics = byTopic(ofLeader).map(([name]) => ({
      name,
      partitions: ofLeader.filter(({ topic }) => topic === name).map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
    }));
    const answer = await connection.send(deleteRecords, 2, { topics, timeoutMs: TIMEOUT_MS });
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, lowWatermark } of partitions) {
        const partition = nameOf({ topic: name, partition: partitionIndex });
        found.set(partition, errorCode === Errors.NONE ? lowWatermark : new Refusal(errorCode, partition, null));
      }
    }
  });
  return found;
}

async function forEachLeader<Item extends TopicPartition>(
  brokers: Brokers,
  partitions: readonly Item[],
  found: Map<string, unknown>,
  ask: (leader: number, ofLeader: readonly Item[]) => Promise<void>,
): Promise<void> {
  let left = partitions;
  for (let tries = 0; left.length > 0; tries++) {
    const leaders = new Map(
      (await listTopics(brokers)).flatMap(({ name, partitions: listed }) =>
        listed.filter(hasLeader).map(({ index, leaderId }) => [nameOf({ topic: name, partition: index }), leaderId] as const),
      ),
    );
    const byLeader = Map.groupBy(left, (partition) => leaders.get(nameOf(partition)));
    for (const [leader, ofLeader] of byLeader) {
      if (leader === undefined) for (const partition of ofLeader) found.set(nameOf(partition), new Refusal(3, nameOf(partition), null));
      else await ask(leader, ofLeader);
    }
    left = left.filter((partition) => {
      const result = found.get(nameOf(partition));
      return result instanceof Refusal && isMoving(result.errorCode);
    });
    if (tries >= RETRIES) return;
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

const RETRIES = 20;
const RETRY_MS = 100;

function byTopic(partitions: readonly TopicPartition[]): [string, number[]][] {
  const groups = Map.groupBy(partitions, ({ topic }) => topic);
  return [...groups].map(([topic, list]) => [topic, list.map(({ partition }) => partition)]);
}

/** An older broker is not asked for what its version cannot know. */
function newestFor(timestamp: number): number {
  return timestamp <= OffsetSpec.LATEST_TIERED ? 11 : 10;
}
