// `partition.metadata` in a partition's folder: the id of the topic that it belongs to, whatever its name says.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { isMeantBy } from "../storage/stored-topic-id.ts";
import { PARTITION_METADATA_FILE } from "./file-names.ts";

/** `undefined` when there is no such file or it does not say. */
export function readTopicId(filesystem: Filesystem, folder: string): string | undefined {
  const path = `${folder}/${PARTITION_METADATA_FILE}`;
  if (filesystem.stat(path) === undefined) return undefined;
  return /^version: 0\ntopic_id: ([\w-]{22})\s*$/.exec(filesystem.readFile(path).toString("utf8"))?.[1];
}

/** The same, but `undefined` as well for one that differs from the one expected as only damage does, which is said. */
export function soundTopicId(
  filesystem: Filesystem,
  folder: string,
  { expected, logger }: { readonly expected: string; readonly logger: Logger },
): string | undefined {
  const path = `${folder}/${PARTITION_METADATA_FILE}`;
  if (filesystem.stat(path) === undefined) return undefined;
  const topicId = readTopicId(filesystem, folder);
  if (topicId !== undefined && (topicId === expected || !isMeantBy(topicId, expected))) return topicId;
  logger.warn({ path, positionBytes: 0, topicId: expected }, "what says of which topic a partition is is damaged, and is written anew");
  return undefined;
}

/** Not synced: `open` writes it again when it is lost. */
export function writeTopicId(filesystem: Filesystem, folder: string, topicId: string): void {
  filesystem.replaceFileUnsynced(`${folder}/${PARTITION_METADATA_FILE}`, `version: 0\ntopic_id: ${topicId}`);
}

/** With that file in it, or not at all. */
export function makePartitionFolder(filesystem: Filesystem, folder: string, topicId: string): void {
  filesystem.makeDirectory(folder);
  try {
    writeTopicId(filesystem, folder, topicId);
  } catch (error) {
    removePartitionFolder(filesystem, folder);
    throw error;
  }
}

/** One in which nothing could be made. One that stays is taken as it is when its log is opened again. */
export function removePartitionFolder(filesystem: Filesystem, folder: string): void {
  try {
    filesystem.remove(folder);
  } catch {
    return;
  }
}
