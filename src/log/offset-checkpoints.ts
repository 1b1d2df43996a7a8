// The checkpoints at the top of a data folder, each with an offset per partition: up to where recovery can trust the disk, where logs
// start after records were deleted, up to where they were compacted, and the high watermarks, which only Kafka itself reads.

import type { Filesystem } from "../base/filesystem.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { encodePartitionOffsets, type PartitionOffset, readPartitionOffsets } from "./checkpoint-file.ts";
import { partitionOfFolder } from "./file-names.ts";

export interface CheckpointedLog {
  readonly topicPartition: TopicPartition;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly durableOffset: number;
}

const RECOVERY_POINTS = "recovery-point-offset-checkpoint";
const LOG_STARTS = "log-start-offset-checkpoint";
const HIGH_WATERMARKS = "replication-offset-checkpoint";
const COMPACTED = "cleaner-offset-checkpoint";

export class OffsetCheckpoints {
  readonly #filesystem: Filesystem;
  readonly #directory: string;
  /** By the partition's name; of logs that are not open, what was last known. */
  readonly #recoveryPoints: Map<string, number>;
  readonly #logStarts: Map<string, number>;
  readonly #highWatermarks: Map<string, number>;
  readonly #compacted: Map<string, number>;
  /** By the file's name. */
  readonly #written = new Map<string, string>();

  constructor(filesystem: Filesystem, directory: string) {
    this.#filesystem = filesystem;
    this.#directory = directory;
    this.#recoveryPoints = readPartitionOffsets(filesystem, `${directory}/${RECOVERY_POINTS}`);
    this.#logStarts = readPartitionOffsets(filesystem, `${directory}/${LOG_STARTS}`);
    this.#highWatermarks = readPartitionOffsets(filesystem, `${directory}/${HIGH_WATERMARKS}`);
    this.#compacted = readPartitionOffsets(filesystem, `${directory}/${COMPACTED}`);
  }

  recoveryPoint(partitionName: string): number {
    return this.#recoveryPoints.get(partitionName) ?? 0;
  }

  logStartOffset(partitionName: string): number {
    return this.#logStarts.get(partitionName) ?? 0;
  }

  /** Up to where the log was compacted; `undefined` when it never was. */
  compactedUntil(partitionName: string): number | undefined {
    return this.#compacted.get(partitionName);
  }

  /** Not synced: what is lost of it is compacted once more. */
  noteCompacted(partitionName: string, offset: number): void {
    this.#compacted.set(partitionName, offset);
    this.#writeFile(COMPACTED, this.#compacted, (path, content) => this.#filesystem.replaceFileUnsynced(path, content));
  }

  note(log: CheckpointedLog): void {
    const name = topicPartitionName(log.topicPartition);
    this.#recoveryPoints.set(name, log.recoveryPoint);
    this.#highWatermarks.set(name, log.durableOffset);
    if (log.logStartOffset > 0) this.#logStarts.set(name, log.logStartOffset);
    else this.#logStarts.delete(name);
  }

  forget(partitionName: string): void {
    this.#recoveryPoints.delete(partitionName);
    this.#logStarts.delete(partitionName);
    this.#highWatermarks.delete(partitionName);
    this.#compacted.delete(partitionName);
  }

  write(): void {
    for (const [file, offsets] of [
      [RECOVERY_POINTS, this.#recoveryPoints],
      [LOG_STARTS, this.#logStarts],
      [HIGH_WATERMARKS, this.#highWatermarks],
    ] as const) {
      this.#writeFile(file, offsets, (path, content) => this.#filesystem.replaceFile(path, content));
    }
  }

  /** So that deleted records do not come back when the process dies: quick, since it happens with each deletion. */
  writeLogStarts(): void {
    this.#writeFile(LOG_STARTS, this.#logStarts, (path, content) => this.#filesystem.replaceFileUnsynced(path, content));
    this.#written.delete(LOG_STARTS);
  }

  #writeFile(file: string, offsets: ReadonlyMap<string, number>, write: (path: string, content: string) => void): void {
    const content = encodePartitionOffsets(entriesOf(offsets));
    if (this.#written.get(file) === content) return;
    write(`${this.#directory}/${file}`, content);
    this.#written.set(file, content);
  }
}

function entriesOf(offsets: ReadonlyMap<string, number>): PartitionOffset[] {
  const entries: PartitionOffset[] = [];
  for (const [name, offset] of offsets) {
    const partition = partitionOfFolder(name);
    if (partition !== undefined) entries.push({ ...partition, offset });
  }
  return entries.sort((one, other) => (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1));
}
