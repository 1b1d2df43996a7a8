// The metadata store as one broker sees it over a network that can be cut: while it is, the broker sees no change of the cluster and
// commits none. A commit waits until the network is whole, and is then decided anew.

import type { MetadataStore } from "../storage/metadata-store.ts";

type Listener<Change> = (changes: readonly Change[], version: number) => void;

export class SeveredMetadata<Change> implements MetadataStore<Change> {
  readonly #store: MetadataStore<Change>;
  readonly #listeners = new Set<Listener<Change>>();
  /** Called with what happens behind the broker's back. */
  readonly #onHidden: () => void;
  #hidden: Change[] = [];
  #severed: { readonly version: number; readonly joined: Promise<void>; readonly join: () => void } | undefined;

  constructor(store: MetadataStore<Change>, onHidden: () => void) {
    this.#store = store;
    this.#onHidden = onHidden;
  }

  get version(): number {
    return this.#severed?.version ?? this.#store.version;
  }

  load(): Promise<readonly Change[]> {
    return this.#store.load();
  }

  async commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    if (this.#severed === undefined) return this.#store.commit(changes, expectedVersion);
    await this.#severed.joined;
    return false;
  }

  subscribe(listener: Listener<Change>): () => void {
    this.#listeners.add(listener);
    const unsubscribe = this.#store.subscribe((changes, version) => {
      if (this.#severed === undefined) listener(changes, version);
      else this.#hide(changes);
    });
    return () => {
      this.#listeners.delete(listener);
      unsubscribe();
    };
  }

  sever(): void {
    if (this.#severed !== undefined) return;
    let join = () => {};
    const joined = new Promise<void>((resolve) => {
      join = resolve;
    });
    this.#severed = { version: this.#store.version, joined, join };
  }

  /** What was hidden is told as one unit: the broker takes up where the cluster is now, and nothing that was in between. */
  join(): void {
    if (this.#severed === undefined) return;
    const { join } = this.#severed;
    const hidden = this.#hidden;
    this.#severed = undefined;
    this.#hidden = [];
    if (hidden.length > 0) for (const listener of this.#listeners) listener(hidden, this.#store.version);
    join();
  }

  async close(): Promise<void> {
    this.join();
  }

  #hide(changes: readonly Change[]): void {
    this.#hidden.push(...changes);
    this.#onHidden();
  }
}
