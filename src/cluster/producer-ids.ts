// Producer ids for idempotent producers, taken from the cluster in blocks so that most requests need no transaction. No id is given
// twice, also not after a restart: what is left of a block is then lost, as in Kafka.

import type { Cluster } from "./cluster.ts";

const BLOCK_SIZE = 1000;

export class ProducerIds {
  readonly #cluster: Cluster;
  #next = 0;
  #end = 0;
  #fetching: Promise<void> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async take(): Promise<number> {
    while (this.#next === this.#end) {
      this.#fetching ??= this.#fetchBlock();
      await this.#fetching;
    }
    return this.#next++;
  }

  async #fetchBlock(): Promise<void> {
    try {
      const start = await this.#cluster.transact((image) => ({
        changes: [{ type: "producerIds", next: image.nextProducerId + BLOCK_SIZE }],
        result: image.nextProducerId,
      }));
      this.#next = start;
      this.#end = start + BLOCK_SIZE;
    } finally {
      this.#fetching = undefined;
    }
  }
}
