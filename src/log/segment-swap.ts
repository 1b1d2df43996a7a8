// Puts a compacted segment in the place of those that it replaces, so that after a crash at any point either these or that one is found:
//
//   1  X.index.cleaned, X.log.cleaned …    being written                                  found: dropped
//   2  X.index.swap …, then X.log.swap     complete and on the disk: with the last of     found without X.log.cleaned: completed
//                                          these names it is decided
//   3  Y.log.deleted …                     the replaced ones are set aside, oldest first
//   4  X.log, then X.index …               it is the segment
//
// unfinished-swap.ts does what is left to do of it at the next start.

import type { Filesystem } from "../base/filesystem.ts";
import { CLEANED_SUFFIX, LOG_SUFFIX, offsetFileName, SEGMENT_SUFFIXES, SWAP_SUFFIX } from "./file-names.ts";
import type { Segment } from "./segment.ts";

const INDEX_SUFFIXES = SEGMENT_SUFFIXES.filter((suffix) => suffix !== LOG_SUFFIX);

/** Its files must be synced, and the folder is to be synced next. */
export function decideSwap(compacted: Segment): void {
  compacted.rename(SWAP_SUFFIX, [...INDEX_SUFFIXES, LOG_SUFFIX]);
}

/** Gives the paths of the files that are to be removed. */
export function completeSwap(compacted: Segment, replaced: readonly Segment[]): string[] {
  const paths: string[] = [];
  for (const segment of replaced) segment.setAside(paths);
  compacted.rename("", SEGMENT_SUFFIXES);
  return paths;
}

/** Removes the files of a compacted segment that did not come into its log. While one is left, X.log.cleaned says that it is nothing. */
export function dropCompacted(filesystem: Filesystem, directory: string, baseOffset: number): void {
  const path = (suffix: string, ending: string) => `${directory}/${offsetFileName(baseOffset, suffix)}${ending}`;
  const log = path(LOG_SUFFIX, CLEANED_SUFFIX);
  if (filesystem.stat(path(LOG_SUFFIX, SWAP_SUFFIX)) !== undefined) filesystem.rename(path(LOG_SUFFIX, SWAP_SUFFIX), log);
  for (const suffix of INDEX_SUFFIXES) for (const ending of [SWAP_SUFFIX, CLEANED_SUFFIX]) filesystem.remove(path(suffix, ending));
  filesystem.remove(log);
}
