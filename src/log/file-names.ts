// The names in a log directory, as Apache Kafka gives them.
//
//   <topic>-<partition>/                             one folder a partition
//   <topic>-<partition>.<32 hex digits>-delete/      deleted by a user, to be removed
//   <topic>-<partition>.<32 hex digits>-stray/       of no topic that is known: stays until someone adopts or deletes it
//     00000000000000000042.log                       a segment, by the offset of its first record; likewise .index, .timeindex, .txnindex
//     00000000000000000042.snapshot                  producers as of that offset
//     00000000000000000042.log.deleted               to be removed
//     00000000000000000042.log.cleaned               being compacted: not yet part of the log; likewise the other files of a segment
//     00000000000000000042.log.swap                  compacted, about to take the place of what it replaces

import type { Random } from "../base/random.ts";
import type { TopicPartition } from "../storage/topic-partition.ts";

export const LOG_SUFFIX = ".log";
export const OFFSET_INDEX_SUFFIX = ".index";
export const TIME_INDEX_SUFFIX = ".timeindex";
export const TRANSACTION_INDEX_SUFFIX = ".txnindex";
export const SNAPSHOT_SUFFIX = ".snapshot";
/** Follow one of the others. */
export const DELETED_SUFFIX = ".deleted";
export const CLEANED_SUFFIX = ".cleaned";
export const SWAP_SUFFIX = ".swap";

export const SEGMENT_SUFFIXES = [LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX] as const;
/** Left by something that a crash cut short. */
export const LEFTOVER_SUFFIXES = [DELETED_SUFFIX, CLEANED_SUFFIX, ".tmp"] as const;

export const LEADER_EPOCH_FILE = "leader-epoch-checkpoint";
export const PARTITION_METADATA_FILE = "partition.metadata";

const LONGEST_FILE_NAME = 255;

/** "00000000000000000042.log" */
export function offsetFileName(offset: number, suffix: string): string {
  return `${String(offset).padStart(20, "0")}${suffix}`;
}

/** The offset in the name of a file with this suffix; `undefined` when it is not such a name. */
export function offsetInFileName(name: string, suffix: string): number | undefined {
  if (name.length !== 20 + suffix.length || !name.endsWith(suffix)) return undefined;
  const digits = name.slice(0, 20);
  return /^\d{20}$/.test(digits) ? Number(digits) : undefined;
}

/** The partition that a folder holds; `undefined` for folders that are no partition, or one to be deleted. */
export function partitionOfFolder(name: string): TopicPartition | undefined {
  const match = /^([a-zA-Z0-9._-]+)-(\d+)$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { topic: match[1], partition: Number(match[2]) };
}

export function isDeletedFolder(name: string): boolean {
  return /\.[0-9a-f]{32}-delete$/.test(name);
}

/** The name under which a partition's folder waits to be removed or looked at: the topic's is cropped when it is too long for a file. */
export function setAsideName({ topic, partition }: TopicPartition, uniqueHex: string, kind: "delete" | "stray"): string {
  const suffix = `-${partition}.${uniqueHex}-${kind}`;
  return `${topic.slice(0, LONGEST_FILE_NAME - suffix.length)}${suffix}`;
}

/** The partition whose stray a folder is, its topic's name perhaps cropped; `undefined` for other folders. */
export function partitionOfStray(name: string): TopicPartition | undefined {
  const partitionName = /^(.+)\.[0-9a-f]{32}-stray$/.exec(name)?.[1];
  return partitionName === undefined ? undefined : partitionOfFolder(partitionName);
}

/** For the name of something that is set aside. */
export function uniqueHex(random: Random): string {
  return random.uuidText().replaceAll("-", "");
}
