// Completes what a compaction had decided when its process died (see segment-swap.ts). Compacted segments lie complete under the suffix
// `.swap` before the ones that they replace are taken away, oldest first: whichever of these are still there, the new ones count. Only one
// that does not read through gives way, as long as nothing that it would replace is gone.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { batchesIn } from "./batch-scan.ts";
import { CLEANED_SUFFIX, LOG_SUFFIX, offsetInFileName, SEGMENT_SUFFIXES, SWAP_SUFFIX } from "./file-names.ts";

/** Gives the folder's names as they are afterwards. */
export function completeSwaps(filesystem: Filesystem, directory: string, logger: Logger): readonly string[] {
  const names = filesystem.list(directory);
  const swapped = names.filter((name) => name.endsWith(SWAP_SUFFIX));
  if (swapped.length === 0) return names;
  const dropped = new Set<string>();
  const decided: { readonly log: string; readonly content: SwapContent }[] = [];
  for (const log of new Set(swapped.map(logNameOf))) {
    const path = `${directory}/${log}${SWAP_SUFFIX}`;
    const content = swapped.includes(log + SWAP_SUFFIX) ? readSwap(filesystem, path) : undefined;
    const isDecided = !names.some((name) => name.endsWith(CLEANED_SUFFIX) && logNameOf(name) === log);
    if (isDecided && content?.isWhole === false && names.includes(log)) {
      logger.warn({ segment: path }, "a compacted segment is damaged; kept those that it was to replace");
      dropped.add(log);
    } else if (!isDecided) dropped.add(log);
    else if (content !== undefined) decided.push({ log, content });
  }
  drop(
    filesystem,
    directory,
    swapped.filter((name) => dropped.has(logNameOf(name))),
  );
  for (const { log, content } of decided) {
    const baseOffset = offsetInFileName(log, LOG_SUFFIX);
    if (baseOffset !== undefined) removeReplaced(filesystem, directory, { names, baseOffset, endOffset: content.endOffset });
  }
  // A power failure must not bring back what was removed beside what takes its place.
  filesystem.syncDirectory(directory);
  for (const name of swapped)
    if (!dropped.has(logNameOf(name))) filesystem.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}`);
  return filesystem.list(directory);
}

/** Names that end so in part say that it was not decided, until none is left that would look so. */
function drop(filesystem: Filesystem, directory: string, names: readonly string[]): void {
  const path = (name: string, ending: string) => `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}${ending}`;
  const logs = names.filter((name) => name.endsWith(LOG_SUFFIX + SWAP_SUFFIX));
  for (const name of logs) filesystem.rename(path(name, SWAP_SUFFIX), path(name, CLEANED_SUFFIX));
  if (logs.length > 0) filesystem.syncDirectory(directory);
  for (const name of names) filesystem.remove(path(name, SWAP_SUFFIX));
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

interface SwapContent {
  readonly endOffset: number;
  /** Every byte of it belongs to a batch that is as it was written. */
  readonly isWhole: boolean;
}

function readSwap(filesystem: Filesystem, path: string): SwapContent {
  const file = filesystem.open(path, "read");
  const sizeBytes = file.sizeBytes();
  let endOffset = (offsetInFileName(path.slice(path.lastIndexOf("/") + 1), LOG_SUFFIX + SWAP_SUFFIX) ?? 0) + 1;
  let validBytes = 0;
  try {
    for (const batch of batchesIn(file, { from: 0, to: sizeBytes })) {
      endOffset = batch.nextOffset;
      if (batch.isCrcValid()) validBytes += batch.sizeBytes;
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  } finally {
    file.close();
  }
  return { endOffset, isWhole: validBytes === sizeBytes };
}
