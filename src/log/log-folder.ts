// The folder of one log, as far as the names in it must survive a power failure.

import type { Filesystem } from "../base/filesystem.ts";
import type { LeaderEpochFile } from "./leader-epoch-file.ts";

interface Folders {
  readonly filesystem: Filesystem;
  /** Makes the folders of new logs durable. */
  readonly syncFolders: () => Promise<void>;
}

export class LogFolder {
  /** Files were made since the last sync. */
  hasNewFiles = true;
  #syncing: Promise<void> = Promise.resolve();
  readonly #directory: string;
  readonly #resources: Folders;
  readonly #leaderEpochs: LeaderEpochFile;

  constructor(directory: string, resources: Folders, leaderEpochs: LeaderEpochFile) {
    this.#directory = directory;
    this.#resources = resources;
    this.#leaderEpochs = leaderEpochs;
  }

  /** The names of new files, and the epochs. */
  sync(): Promise<void> {
    // What another is about to bring there is not there yet.
    if (this.hasNewFiles) this.#syncing = Promise.all([this.#syncing.catch(() => undefined), this.#sync()]).then(() => undefined);
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    this.hasNewFiles = false;
    try {
      await this.#leaderEpochs.sync();
      await this.#resources.filesystem.syncDirectoryLater(this.#directory);
      await this.#resources.syncFolders();
    } catch (error) {
      this.hasNewFiles = true;
      throw error;
    }
  }
}
