// Hashes of topics, kept until they change: many groups subscribe to the same ones.

import { hashOfTopic, hashOfTopics } from "./metadata-hash.ts";
import type { TopicsView } from "./topics-view.ts";

export class TopicHashes {
  readonly #topics: TopicsView;
  readonly #hashes = new Map<string, bigint>();
  /** Rises with each change. */
  #version = 0;

  constructor(topics: TopicsView) {
    this.#topics = topics;
  }

  get version(): number {
    return this.#version;
  }

  forget(names: Iterable<string>): void {
    this.#version++;
    for (const name of names) this.#hashes.delete(name);
  }

  /** Of those of the topics that there are. */
  hashOf(names: Iterable<string>): bigint {
    const hashes = new Map<string, bigint>();
    for (const name of names) {
      const hash = this.#hashOfOne(name);
      if (hash !== undefined) hashes.set(name, hash);
    }
    return hashOfTopics(hashes);
  }

  #hashOfOne(name: string): bigint | undefined {
    const known = this.#hashes.get(name);
    if (known !== undefined) return known;
    const id = this.#topics.idOf(name);
    const partitionCount = this.#topics.partitionCount(name);
    if (id === undefined || partitionCount === undefined) return undefined;
    const hash = hashOfTopic({ name, id, partitionCount, racks: (partition) => this.#topics.racks(id, partition) });
    this.#hashes.set(name, hash);
    return hash;
  }
}
