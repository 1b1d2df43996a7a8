// One checkpoint file of a data folder, which the engines of several threads may write. Each engine keeps what it has to say about its own
// logs, and says it when it writes: into what the file holds at that moment.

import { dirname } from "node:path";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { encodePartitionOffsets, type PartitionOffset, readPartitionOffsets } from "./checkpoint-file.ts";
import { partitionOfFolder } from "./file-names.ts";
import type { FolderShare } from "./folder-share.ts";

export interface SharedCheckpointOptions {
  readonly filesystem: Filesystem;
  readonly path: string;
  readonly share: FolderShare;
  /** Which of the share's files it is. */
  readonly number: number;
  readonly logger: Logger;
}

export class SharedCheckpoint {
  readonly #options: SharedCheckpointOptions;
  /** By the partition's name: as the file has them. */
  #offsets: Map<string, number>;
  #writesSeen: number;
  /** What is to be written; `undefined` takes a partition out. */
  readonly #changes = new Map<string, number | undefined>();
  /** What the file held could not be read, and it was not written since. */
  #isDamaged: boolean;
  readonly #wasDamaged: boolean;
  /** The file may have been written without waiting for the disk. */
  #isUnsynced = true;

  constructor(options: SharedCheckpointOptions) {
    this.#options = options;
    this.#writesSeen = options.share.writes(options.number);
    const { offsets, isDamaged } = readPartitionOffsets(options.filesystem, options.path, options.logger);
    this.#offsets = offsets;
    this.#wasDamaged = isDamaged || options.filesystem.stat(options.path) === undefined;
    this.#isDamaged = isDamaged;
  }

  /** The file was missing when it was opened, or had something to say that could not be read. */
  get wasDamaged(): boolean {
    return this.#wasDamaged;
  }

  /** It has partitions that have no folder: that were deleted lately, or never were. */
  get namesUnknown(): boolean {
    const { filesystem, path } = this.#options;
    return [...this.#offsets.keys()].some((name) => filesystem.stat(`${dirname(path)}/${name}`) === undefined);
  }

  get(partitionName: string): number | undefined {
    if (this.#changes.has(partitionName)) return this.#changes.get(partitionName);
    this.#lookAgain();
    return this.#offsets.get(partitionName);
  }

  /** `undefined`: there is nothing to say of the partition. */
  set(partitionName: string, offset: number | undefined): void {
    if (this.get(partitionName) !== offset) this.#changes.set(partitionName, offset);
  }

  /** The file says nothing of the partition any more, if nothing is to be said of it. */
  writeRemoval(partitionName: string): void {
    if (this.#changes.has(partitionName) && this.#changes.get(partitionName) === undefined) this.write({ isSynced: false });
  }

  /**
   * Nothing happens when the file says all already. What takes a partition out is synced: were it back after a power failure, it would be taken
   * for what is known of a later partition of that name. Throws StorageError and Node's errors.
   */
  write(asked: { readonly isSynced: boolean }): void {
    const isSynced = asked.isSynced || [...this.#changes.values()].includes(undefined);
    if (this.#changes.size === 0 && !(isSynced && this.#isUnsynced) && !this.#isDamaged) return;
    const { share, filesystem, path, number } = this.#options;
    share.exclusively(() => {
      this.#lookAgain();
      const offsets = new Map(this.#offsets);
      for (const [name, offset] of this.#changes) {
        if (offset === undefined) offsets.delete(name);
        else offsets.set(name, offset);
      }
      const content = encodePartitionOffsets(entriesOf(offsets));
      if (isSynced) filesystem.replaceFile(path, content);
      else filesystem.replaceFileUnsynced(path, content);
      share.noteWrite(number);
      this.#writesSeen = share.writes(number);
      this.#offsets = offsets;
    });
    this.#changes.clear();
    this.#isDamaged = false;
    this.#isUnsynced = !isSynced;
  }

  #lookAgain(): void {
    const { share, filesystem, path, number, logger } = this.#options;
    const writes = share.writes(number);
    if (writes === this.#writesSeen) return;
    this.#offsets = readPartitionOffsets(filesystem, path, logger).offsets;
    this.#writesSeen = writes;
  }
}

function entriesOf(offsets: ReadonlyMap<string, number>): PartitionOffset[] {
  const entries: PartitionOffset[] = [];
  for (const [name, offset] of offsets) {
    const partition = partitionOfFolder(name);
    if (partition !== undefined) entries.push({ ...partition, offset });
  }
  return entries.sort((one, other) => (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1));
}
