// The folders in which brokers keep their logs, and how large those are.

import { describeLogDirs } from "../../../protocol/messages/35-describe-log-dirs.ts";
import type { Brokers } from "../brokers.ts";
import { failOn } from "../refusal.ts";
import type { TopicPartition } from "../topic-partition.ts";

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
