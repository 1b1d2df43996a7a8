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
  readonly #directory: string;
  readonly #resources: Folders;
  readonly #leaderEpochs: LeaderEpochFile;

  constructor(directory: string, resources: Folders, leaderEpochs: LeaderEpochFile) {
    this.#directory = directory;
    this.#resources = resources;
    this.#leaderEpochs = leaderEpochs;
  }

  /** The names of new files, and the epochs. */
  async sync(): Promise<void> {
    if (!this.hasNewFiles) return;
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
