// The leader epochs of a log and their checkpoint file. An epoch without records is not written: until its first batch the cluster's
// metadata knows it. The file is synced with the log's other files; if it is lost, the batches have the epochs, too.

import type { Filesystem } from "../base/filesystem.ts";
import type { LeaderEpochs } from "../storage/leader-epochs.ts";
import { encodeLeaderEpochs } from "./checkpoint-file.ts";
import { LEADER_EPOCH_FILE } from "./file-names.ts";

export class LeaderEpochFile {
  readonly epochs: LeaderEpochs;
  readonly #filesystem: Filesystem;
  readonly #path: string;
  /** We know more than the file says. */
  #isDirty: boolean;

  constructor(
    filesystem: Filesystem,
    directory: string,
    found: { readonly leaderEpochs: LeaderEpochs; readonly areEpochsStored: boolean },
  ) {
    this.#filesystem = filesystem;
    this.#path = `${directory}/${LEADER_EPOCH_FILE}`;
    this.epochs = found.leaderEpochs;
    this.#isDirty = !found.areEpochsStored;
  }

  /** An older epoch, or the same, changes nothing. */
  start(leaderEpoch: number, startOffset: number): void {
    if (this.epochs.start(leaderEpoch, startOffset)) this.#isDirty = true;
  }

  truncateFromStart(startOffset: number): void {
    if (this.epochs.truncateFromStart(startOffset)) this.#isDirty = true;
  }

  /** `true` when there was something to write. */
  save(): boolean {
    if (!this.#isDirty) return false;
    this.#filesystem.replaceFileUnsynced(this.#path, encodeLeaderEpochs(this.epochs.entries));
    this.#isDirty = false;
    return true;
  }

  async sync(): Promise<void> {
    this.save();
    if (this.#filesystem.stat(this.#path) === undefined) return;
    const file = this.#filesystem.open(this.#path, "write");
    try {
      await file.sync();
    } finally {
      file.close();
    }
  }
}
