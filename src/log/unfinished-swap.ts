// Completes what a compaction had decided when its process died. Compacted segments lie complete under the suffix `.swap` before the
// ones that they replace are taken away: whichever of these are still there, the new ones count.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Filesystem } from "../base/filesystem.ts";
import { batchesIn } from "./batch-scan.ts";
import { LOG_SUFFIX, offsetFileName, offsetInFileName, SEGMENT_SUFFIXES } from "./file-names.ts";

export const SWAP_SUFFIX = ".swap";

/** Gives the folder's names as they are afterwards. */
export function completeSwaps(filesystem: Filesystem, directory: string, names: readonly string[]): readonly string[] {
  const swapped = names.filter((name) => name.endsWith(SWAP_SUFFIX));
  if (swapped.length === 0) return names;
  for (const name of swapped) {
    const baseOffset = offsetInFileName(name, LOG_SUFFIX + SWAP_SUFFIX);
    if (baseOffset !== undefined)
      removeReplaced(filesystem, directory, { names, baseOffset, endOffset: endOffsetOf(filesystem, `${directory}/${name}`, baseOffset) });
  }
  for (const name of swapped) filesystem.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}`);
  return filesystem.list(directory);
}

interface Replaced {
  readonly names: readonly string[];
  readonly baseOffset: number;
  readonly endOffset: number;
}

function removeReplaced(filesystem: Filesystem, directory: string, { names, baseOffset, endOffset }: Replaced): void {
  for (const name of names) {
    const offset = offsetInFileName(name, LOG_SUFFIX);
    if (offset === undefined || offset < baseOffset || offset >= endOffset) continue;
    for (const suffix of SEGMENT_SUFFIXES) filesystem.remove(`${directory}/${offsetFileName(offset, suffix)}`);
  }
}

function endOffsetOf(filesystem: Filesystem, path: string, baseOffset: number): number {
  const file = filesystem.open(path, "read");
  let endOffset = baseOffset + 1;
  try {
    for (const batch of batchesIn(file, { from: 0, to: file.sizeBytes() })) endOffset = batch.nextOffset;
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  } finally {
    file.close();
  }
  return endOffset;
}
