// Puts a compacted segment in the place of those that it replaces, so that after a crash at any point either these or that one is found:
//
//   1  X.index.cleaned, X.log.cleaned …    complete                                       found: dropped
//   2  X.index.swap …, then X.log.swap     decided: the log goes on with it               found without any X.*.cleaned: completed
//   3  Y.log.deleted …                     the replaced ones are set aside, oldest first
//   4  X.log, then X.index …               it is the segment
//
// After each step the folder is synced: of names that were changed since a power failure may take any. unfinished-swap.ts does what is left
// to do of it at the next start.

import type { Filesystem } from "../base/filesystem.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { CLEANED_SUFFIX, LOG_SUFFIX, offsetFileName, SEGMENT_SUFFIXES, SWAP_SUFFIX } from "./file-names.ts";
import type { LogResources } from "./log-options.ts";
import type { Segment } from "./segment.ts";

const INDEX_SUFFIXES = SEGMENT_SUFFIXES.filter((suffix) => suffix !== LOG_SUFFIX);

/** What it consists of must be synced. */
export function decideSwap(compacted: Segment): void {
  compacted.rename(SWAP_SUFFIX, [...INDEX_SUFFIXES, LOG_SUFFIX]);
}

interface SwappingLog {
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly isClosed: boolean;
  readonly isIntact: boolean;
}

interface Swap {
  readonly log: SwappingLog;
  readonly resources: Pick<LogResources, "filesystem" | "removeLater">;
  readonly compacted: Segment;
  readonly replaced: readonly Segment[];
}

/** What comes after the decision, as long as the log is open: else the next start does it. Rejects with Node's errors. */
export async function completeSwap({ log, resources, compacted, replaced }: Swap): Promise<void> {
  const setAside = () => {
    const paths: string[] = [];
    for (const segment of replaced) segment.setAside(paths);
    resources.removeLater(paths, log.settings["file.delete.delay.ms"]);
  };
  // Unless it has left the log meanwhile.
  const name = () => !compacted.isSetAside && compacted.rename("", SEGMENT_SUFFIXES);
  for (const step of [setAside, name]) {
    await resources.filesystem.syncDirectoryLater(log.directory);
    if (log.isClosed || !log.isIntact) return;
    step();
  }
}

/** Removes the files of a compacted segment that was not decided on. */
export function dropCompacted(filesystem: Filesystem, directory: string, baseOffset: number): void {
  const path = (suffix: string, ending: string) => `${directory}/${offsetFileName(baseOffset, suffix)}${ending}`;
  const swapped = INDEX_SUFFIXES.map((suffix) => path(suffix, SWAP_SUFFIX)).filter((each) => filesystem.stat(each) !== undefined);
  for (const each of swapped) filesystem.remove(each);
  // Without X.log.cleaned they would be taken for decided on.
  if (swapped.length > 0) filesystem.syncDirectory(directory);
  for (const suffix of SEGMENT_SUFFIXES) filesystem.remove(path(suffix, CLEANED_SUFFIX));
}
