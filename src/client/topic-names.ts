// Names of topics by their ids, which is how a coordinator speaks of them.

import { Errors } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import type { Brokers } from "./brokers.ts";

export class TopicNames {
  readonly #brokers: Brokers;
  /** Of the ids that were asked for last. */
  #known: ReadonlyMap<string, string> = new Map();

  constructor(brokers: Brokers) {
    this.#brokers = brokers;
  }

  /** Of those that the cluster knows; a broker may hear of a topic later than the coordinator. */
  async of(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const wanted = new Set(ids);
    const known = [...this.#known].filter(([id]) => wanted.has(id));
    const unknown = [...wanted].filter((id) => !this.#known.has(id));
    this.#known = new Map([...known, ...(unknown.length === 0 ? [] : await this.#ask(unknown))]);
    return this.#known;
  }

  async #ask(ids: readonly string[]): Promise<[id: string, name: string][]> {
    const topics = ids.map((topicId) => ({ topicId, name: null }));
    const answer = await this.#brokers.ask(metadata, 12, { topics, allowAutoTopicCreation: false });
    return answer.topics.flatMap(({ errorCode, topicId, name }) => (errorCode === Errors.NONE && name !== null ? [[topicId, name]] : []));
  }
}
