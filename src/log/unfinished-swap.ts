// Completes what a compaction had decided when its process died (see segment-swap.ts). Compacted segments lie complete under the suffix
// `.swap` before the ones that they replace are taken away: whichever of these are still there, the new ones count.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Filesystem } from "../base/filesystem.ts";
import { batchesIn } from "./batch-scan.ts";
import { CLEANED_SUFFIX, LOG_SUFFIX, offsetInFileName, SEGMENT_SUFFIXES, SWAP_SUFFIX } from "./file-names.ts";

/** Gives the folder's names as they are afterwards. */
export function completeSwaps(filesystem: Filesystem, directory: string, names: readonly string[]): readonly string[] {
  const swapped = names.filter((name) => name.endsWith(SWAP_SUFFIX));
  if (swapped.length === 0) return names;
  const isDecided = (name: string) => !names.includes(logNameOf(name) + CLEANED_SUFFIX);
  for (const name of swapped.filter((each) => !isDecided(each))) filesystem.remove(`${directory}/${name}`);
  const decided = swapped.filter(isDecided);
  for (const name of decided) {
    const baseOffset = offsetInFileName(name, LOG_SUFFIX + SWAP_SUFFIX);
    if (baseOffset !== undefined)
      removeReplaced(filesystem, directory, { names, baseOffset, endOffset: endOffsetOf(filesystem, `${directory}/${name}`, baseOffset) });
  }
  for (const name of decided) filesystem.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}`);
  return filesystem.list(directory);
}

/** The name of the segment that a file belongs to. */
function logNameOf(name: string): string {
  return name.slice(0, name.indexOf(".")) + LOG_SUFFIX;
}

interface Replaced {
  readonly names: readonly string[];
  readonly baseOffset: number;
  readonly endOffset: number;
}

/** Also indexes whose segment is gone already: they would be taken for those of the new one. */
function removeReplaced(filesystem: Filesystem, directory: string, { names, baseOffset, endOffset }: Replaced): void {
  for (const name of names) {
    const offset = SEGMENT_SUFFIXES.map((suffix) => offsetInFileName(name, suffix)).find((each) => each !== undefined);
    if (offset !== undefined && offset >= baseOffset && offset < endOffset) filesystem.remove(`${directory}/${name}`);
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
