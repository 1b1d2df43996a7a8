// Folders of partitions that belong to no topic that is known. They are never deleted unasked, but wait under Kafka's name for strays until
// someone adopts or deletes them. What the checkpoints of the data folder had to say of such a partition goes with it, in checkpoint files
// of its own, which also have the topic's name whole where the folder's was cropped.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { StoredPartition } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import { encodePartitionOffsets, readPartitionOffsets } from "./checkpoint-file.ts";
import { partitionOfFolder, partitionOfStray, setAsideName } from "./file-names.ts";
import { readTopicId } from "./partition-metadata.ts";

const RECOVERY_POINT_FILE = "recovery-point-offset-checkpoint";
const LOG_START_FILE = "log-start-offset-checkpoint";

/** What is known of a log beside its own files. */
export interface StrayOffsets {
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
}

export interface StrayFolder extends StoredPartition, StrayOffsets {
  /** The folder's name. */
  readonly folder: string;
  /** Of all its files. */
  readonly sizeBytes: number;
}

/** Gives the stray's name. */
export function makeStray(
  filesystem: Filesystem,
  directory: string,
  { partition, uniqueHex, offsets }: { readonly partition: TopicPartition; readonly uniqueHex: string; readonly offsets: StrayOffsets },
): string {
  const name = topicPartitionName(partition);
  const aside = setAsideName(partition, uniqueHex, "stray");
  for (const [file, offset] of [
    [RECOVERY_POINT_FILE, offsets.recoveryPoint],
    [LOG_START_FILE, offsets.logStartOffset],
  ] as const)
    filesystem.replaceFileUnsynced(`${directory}/${name}/${file}`, encodePartitionOffsets([{ ...partition, offset }]));
  filesystem.rename(`${directory}/${name}`, `${directory}/${aside}`);
  return aside;
}

/** Sorted by topic, its id and the partition. */
export function findStrays(filesystem: Filesystem, directory: string, logger: Logger): readonly StrayFolder[] {
  return filesystem
    .list(directory)
    .flatMap((folder) => {
      const named = partitionOfStray(folder);
      return named === undefined ? [] : [readStray(filesystem, `${directory}/${folder}`, { folder, named, logger })];
    })
    .sort((one, other) => (one.topic === other.topic ? byIdAndPartition(one, other) : one.topic < other.topic ? -1 : 1));
}

function byIdAndPartition(one: StrayFolder, other: StrayFolder): number {
  const [oneId, otherId] = [one.topicId ?? "", other.topicId ?? ""];
  return oneId === otherId ? one.partition - other.partition : oneId < otherId ? -1 : 1;
}

function readStray(
  filesystem: Filesystem,
  path: string,
  { folder, named, logger }: { readonly folder: string; readonly named: TopicPartition; readonly logger: Logger },
): StrayFolder {
  const recoveryPoints = readPartitionOffsets(filesystem, `${path}/${RECOVERY_POINT_FILE}`, logger).offsets;
  const logStarts = readPartitionOffsets(filesystem, `${path}/${LOG_START_FILE}`, logger).offsets;
  const [noted] = recoveryPoints.keys();
  return {
    ...(noted === undefined ? named : (partitionOfFolder(noted) ?? named)),
    topicId: readTopicId(filesystem, path),
    folder,
    recoveryPoint: recoveryPoints.values().next().value ?? 0,
    logStartOffset: logStarts.values().next().value ?? 0,
    sizeBytes: filesystem.list(path).reduce((sum, name) => sum + (filesystem.stat(`${path}/${name}`)?.sizeBytes ?? 0), 0),
  };
}

/** The folder is the partition's again. Throws StorageError when there is another. */
export function takeBack(filesystem: Filesystem, directory: string, stray: StrayFolder): void {
  const path = `${directory}/${topicPartitionName(stray)}`;
  if (filesystem.stat(path) !== undefined) throw new StorageError("WRITE_FAILED", `There is a folder ${path} already`, { path });
  filesystem.rename(`${directory}/${stray.folder}`, path);
  for (const file of [RECOVERY_POINT_FILE, LOG_START_FILE]) filesystem.remove(`${path}/${file}`);
}
