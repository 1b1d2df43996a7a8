// The checkpoints at the top of a data folder, each with an offset per partition: up to where recovery can trust the disk, where logs
// start after records were deleted, up to where they were compacted, and the high watermarks, which only Kafka itself reads.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import type { FolderShare } from "./folder-share.ts";
import { SharedCheckpoint } from "./shared-checkpoint.ts";

export interface CheckpointedLog {
  readonly topicPartition: TopicPartition;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly durableOffset: number;
}

export class OffsetCheckpoints {
  readonly #recoveryPoints: SharedCheckpoint;
  readonly #logStarts: SharedCheckpoint;
  readonly #highWatermarks: SharedCheckpoint;
  readonly #compacted: SharedCheckpoint;

  constructor(filesystem: Filesystem, directory: string, { share, logger }: { readonly share: FolderShare; readonly logger: Logger }) {
    const open = (name: string, number: number) =>
      new SharedCheckpoint({ filesystem, path: `${directory}/${name}-offset-checkpoint`, share, number, logger });
    this.#recoveryPoints = open("recovery-point", 0);
    this.#logStarts = open("log-start", 1);
    this.#highWatermarks = open("replication", 2);
    this.#compacted = open("cleaner", 3);
  }

  recoveryPoint(partitionName: string): number {
    return this.#recoveryPoints.get(partitionName) ?? 0;
  }

  logStartOffset(partitionName: string): number {
    return this.#logStarts.get(partitionName) ?? 0;
  }

  /** The file may have said something of this partition that cannot be read, or has the name of another. */
  doubtsLogStart(partitionName: string): boolean {
    return this.#logStarts.get(partitionName) === undefined && (this.#logStarts.wasDamaged || this.#logStarts.namesUnknown);
  }

  /** What was there at least, as the last checkpoint has it; two files say so. */
  leastEndOffset(partitionName: string): number {
    return Math.min(this.recoveryPoint(partitionName), this.#highWatermarks.get(partitionName) ?? 0);
  }

  /** Up to where the log was compacted; `undefined` when it never was. */
  compactedUntil(partitionName: string): number | undefined {
    return this.#compacted.get(partitionName);
  }

  /** Not synced: what is lost of it is compacted once more. */
  noteCompacted(partitionName: string, offset: number): void {
    this.#compacted.set(partitionName, offset);
    this.#compacted.write({ isSynced: false });
  }

  note(log: CheckpointedLog): void {
    const name = topicPartitionName(log.topicPartition);
    this.#recoveryPoints.set(name, log.recoveryPoint);
    this.#highWatermarks.set(name, log.durableOffset);
    this.noteLogStart(name, log.logStartOffset);
  }

  noteLogStart(partitionName: string, offset: number): void {
    this.#logStarts.set(partitionName, offset > 0 ? offset : undefined);
  }

  /** Of a log that was set aside and is back. */
  restore({
    recoveryPoint,
    logStartOffset,
    ...partition
  }: TopicPartition & Pick<CheckpointedLog, "recoveryPoint" | "logStartOffset">): void {
    this.note({ topicPartition: partition, recoveryPoint, logStartOffset, durableOffset: recoveryPoint });
  }

  forget(partitionName: string): void {
    for (const checkpoint of [this.#recoveryPoints, this.#logStarts, this.#highWatermarks, this.#compacted])
      checkpoint.set(partitionName, undefined);
  }

  /** Before a log begins whose name another had that was deleted: what was noted of that one must not be taken for its own. */
  begin(partitionName: string): void {
    for (const checkpoint of [this.#recoveryPoints, this.#logStarts, this.#compacted]) checkpoint.writeRemoval(partitionName);
  }

  write(): void {
    for (const checkpoint of [this.#recoveryPoints, this.#logStarts, this.#highWatermarks]) checkpoint.write({ isSynced: true });
    // Only where the file was damaged.
    this.#compacted.write({ isSynced: false });
  }

  /** So that deleted records do not come back when the process dies: quick, since it happens with each deletion. */
  writeLogStarts(): void {
    this.#logStarts.write({ isSynced: false });
  }

  /** So that engines of other threads see what was noted and forgotten here. */
  publish(): void {
    for (const checkpoint of [this.#recoveryPoints, this.#logStarts, this.#highWatermarks, this.#compacted])
      checkpoint.write({ isSynced: false });
  }
}
