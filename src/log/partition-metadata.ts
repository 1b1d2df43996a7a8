// `partition.metadata` in a partition's folder: the id of the topic that it belongs to, whatever its name says.

import type { Filesystem } from "../base/filesystem.ts";
import { PARTITION_METADATA_FILE } from "./file-names.ts";

/** `undefined` when there is no such file or it does not say. */
export function readTopicId(filesystem: Filesystem, folder: string): string | undefined {
  const path = `${folder}/${PARTITION_METADATA_FILE}`;
  if (filesystem.stat(path) === undefined) return undefined;
  return /^version: 0\ntopic_id: ([\w-]{22})\s*$/.exec(filesystem.readFile(path).toString("utf8"))?.[1];
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
