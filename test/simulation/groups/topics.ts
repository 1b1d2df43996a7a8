// The topics of a simulated cluster, which come and go. A topic that was deleted and comes again has another id.

import type { TopicsView } from "../../../src/coordinator/group/topics-view.ts";
import { topicId } from "../../coordinator/support/group-bench.ts";

const NO_RACKS: readonly string[] = [];

export class Topics {
  readonly #byName = new Map<string, { readonly id: string; readonly partitionCount: number }>();
  readonly #nameById = new Map<string, string>();
  #made = 0;
  readonly view: TopicsView = {
    partitionCount: (name) => this.#byName.get(name)?.partitionCount,
    idOf: (name) => this.#byName.get(name)?.id,
    nameOf: (id) => this.#nameById.get(id),
    partitionCountOf: (id) => this.#byName.get(this.#nameById.get(id) ?? "")?.partitionCount,
    names: () => this.#byName.keys(),
    racks: () => NO_RACKS,
  };

  names(): string[] {
    return [...this.#byName.keys()];
  }

  create(name: string, partitionCount: number): void {
    const id = topicId(`${name}-${++this.#made}`);
    this.#byName.set(name, { id, partitionCount });
    this.#nameById.set(id, name);
  }

  grow(name: string, partitionCount: number): void {
    const topic = this.#byName.get(name);
    if (topic !== undefined) this.#byName.set(name, { ...topic, partitionCount });
  }

  delete(name: string): void {
    this.#nameById.delete(this.#byName.get(name)?.id ?? "");
    this.#byName.delete(name);
  }

  /** Every partition of these topics, as "id:0". */
  partitionsOf(names: Iterable<string>): string[] {
    const all: string[] = [];
    for (const name of names) {
      const topic = this.#byName.get(name);
      for (let index = 0; index < (topic?.partitionCount ?? 0); index++) all.push(`${topic?.id}:${index}`);
    }
    return all;
  }
}
