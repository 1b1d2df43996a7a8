// Who holds which partition, seen from the partition: the epoch of the member that has it, or has been told to give it up and has not said
// that it did. A partition has one holder.

import type { HeldPartitions } from "./consumer-member.ts";

export class PartitionHolders {
  /** By topic id and partition. */
  readonly #epochs = new Map<string, Map<number, number>>();

  isHeld(topicId: string, partition: number): boolean {
    return this.#epochs.get(topicId)?.has(partition) === true;
  }

  hold(partitions: HeldPartitions, memberEpoch: number): void {
    for (const [topicId, indexes] of partitions) {
      let epochs = this.#epochs.get(topicId);
      if (epochs === undefined) {
        epochs = new Map();
        this.#epochs.set(topicId, epochs);
      }
      for (const index of indexes.keys()) epochs.set(index, memberEpoch);
    }
  }

  /** Those that another one has taken since, at another epoch, stay his. */
  release(partitions: HeldPartitions, memberEpoch: number): void {
    for (const [topicId, indexes] of partitions) {
      const epochs = this.#epochs.get(topicId);
      if (epochs === undefined) continue;
      for (const index of indexes.keys()) if (epochs.get(index) === memberEpoch) epochs.delete(index);
      if (epochs.size === 0) this.#epochs.delete(topicId);
    }
  }
}
