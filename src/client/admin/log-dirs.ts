// The folders in which brokers keep their logs, and how large those are.

import { alterReplicaLogDirs } from "../../../protocol/messages/34-alter-replica-log-dirs.ts";
import { describeLogDirs } from "../../../protocol/messages/35-describe-log-dirs.ts";
import type { Brokers } from "../brokers.ts";
import { failOn } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";

export interface LogDirectory {
  readonly path: string;
  readonly errorCode: number;
  readonly totalBytes: number;
  readonly usableBytes: number;
  readonly logs: readonly LogSize[];
}

export interface LogSize extends TopicPartition {
  readonly sizeBytes: number;
  readonly offsetLag: number;
  readonly isFuture: boolean;
}

export async function logDirectoriesOf(brokers: Brokers, brokerId: number): Promise<LogDirectory[]> {
  const connection = await brokers.byId(brokerId);
  const answer = await connection.send(describeLogDirs, 4, { topics: null });
  failOn(answer.errorCode, `broker ${brokerId}`);
  return answer.results.map(({ errorCode, logDir, topics, totalBytes, usableBytes }) => ({
    path: logDir,
    errorCode,
    totalBytes,
    usableBytes,
    logs: topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
        topic: name,
        partition: partitionIndex,
        sizeBytes: partitionSize,
        offsetLag,
        isFuture: isFutureKey,
      })),
    ),
  }));
}

/** Moves the replica that a broker has of each partition to another of its folders; gives an error code a partition. */
export async function moveToDirectory(
  brokers: Brokers,
  brokerId: number,
  { path, partitions }: { readonly path: string; readonly partitions: readonly TopicPartition[] },
): Promise<Map<string, number>> {
  const connection = await brokers.byId(brokerId);
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition }) => partition),
  }));
  const answer = await connection.send(alterReplicaLogDirs, 2, { dirs: [{ path, topics }] });
  return new Map(
    answer.results.flatMap(({ topicName, partitions: results }) =>
      results.map(({ partitionIndex, errorCode }) => [nameOf({ topic: topicName, partition: partitionIndex }), errorCode] as const),
    ),
  );
}
