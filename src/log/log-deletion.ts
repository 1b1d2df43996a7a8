// Deletes logs: each is closed and its folder gets another name, at once or where many are deleted one after another, and is removed some
// time later. What the disk refuses is tried again, as long as the folder has not come to be that of another topic.

import type { Backlog } from "../base/backlog.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { type TopicPartition, topicPartitionName } from "../storage/topic-partition.ts";
import type { DelayedRemoval } from "./delayed-removal.ts";
import { setAsideName, uniqueHex } from "./file-names.ts";
import { readTopicId } from "./partition-metadata.ts";
import type { SegmentedLog } from "./segmented-log.ts";

/** Of logs that are not open. */
const DEFAULT_DELETE_DELAY_MS = 60_000;

export interface LogDeletionOptions {
  readonly filesystem: Filesystem;
  readonly directory: string;
  readonly random: Random;
  readonly logger: Logger;
  readonly removal: DelayedRemoval;
  /** Those that are open, by name. */
  readonly logs: ReadonlyMap<string, SegmentedLog>;
  /** Nobody speaks of the log any more. */
  readonly forget: (partitionName: string) => void;
  /** Has those that are not closed yet, or whose folders still have their names, by these. */
  readonly backlog: Backlog;
}

export class LogDeletion {
  readonly #options: LogDeletionOptions;

  constructor(options: LogDeletionOptions) {
    this.#options = options;
  }

  /** Nothing happens when there is none. Never throws. */
  delete(partition: TopicPartition): void {
    const name = topicPartitionName(partition);
    this.#options.backlog.add(name, () => {
      const log = this.#options.logs.get(name);
      log?.abandon();
      this.#options.forget(name);
      this.#setAside(partition, name, log?.settings["file.delete.delay.ms"] ?? DEFAULT_DELETE_DELAY_MS);
    });
  }

  #setAside(partition: TopicPartition, name: string, delayMs: number): void {
    const { filesystem, directory, random, logger, removal, logs, backlog } = this.#options;
    const folder = `${directory}/${name}`;
    const aside = `${directory}/${setAsideName(partition, uniqueHex(random), "delete")}`;
    try {
      if (filesystem.stat(folder) === undefined) return;
      filesystem.rename(folder, aside);
    } catch (error) {
      logger.warn({ err: error, folder }, "could not set a deleted log aside");
      const topicId = this.#topicIdOf(name);
      removal.tryAgain(() => {
        const isStillThere = topicId !== undefined && !logs.has(name) && this.#topicIdOf(name) === topicId;
        if (isStillThere) backlog.add(name, () => this.#setAside(partition, name, delayMs));
      });
      return;
    }
    removal.remove([aside], delayMs);
  }

  #topicIdOf(name: string): string | undefined {
    const { filesystem, directory } = this.#options;
    try {
      return readTopicId(filesystem, `${directory}/${name}`);
    } catch {
      return undefined;
    }
  }
}
