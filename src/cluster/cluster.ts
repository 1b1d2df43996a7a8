// A broker's view of the cluster: follows the MetadataStore, keeps the newest image, and changes the cluster only by a transaction
// on the store. Listeners hear of every image, in order, before the transaction that made it resolves.

import type { MetadataStore } from "../storage/metadata-store.ts";
import { applyChanges, type Change, type ClusterImage, emptyImage } from "./image.ts";

/** `changes` lead from `previous` to `image`. */
export type ImageListener = (image: ClusterImage, previous: ClusterImage, changes: readonly Change[]) => void;
export type ComingImageListener = (next: ClusterImage) => Promise<void>;

/** What a transaction wants: changes to commit (none: nothing is stored) and what its caller is told. */
export interface Decision<T> {
  readonly changes: readonly Change[];
  readonly result: T;
}

export class Cluster {
  readonly #store: MetadataStore<Change>;
  readonly #listeners = new Set<ImageListener>();
  readonly #comingListeners = new Set<ComingImageListener>();
  readonly #unsubscribe: readonly ((() => void) | undefined)[];
  #image: ClusterImage;
  #previous: Promise<unknown> = Promise.resolve();

  private constructor(store: MetadataStore<Change>, image: ClusterImage) {
    this.#store = store;
    this.#image = image;
    this.#unsubscribe = [store.subscribe((changes) => this.#apply(changes)), store.subscribeToComing?.((changes) => this.#coming(changes))];
  }

  static async open(store: MetadataStore<Change>, clusterId: string): Promise<Cluster> {
    for (;;) {
      const version = store.version;
      const changes = await store.load();
      // What was committed in between would be missed.
      if (store.version === version) return new Cluster(store, applyChanges(emptyImage(clusterId), changes));
    }
  }

  get image(): ClusterImage {
    return this.#image;
  }

  /** Units of changes so far. */
  get version(): number {
    return this.#store.version;
  }

  onImage(listener: ImageListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with an image to come, before any broker sees it: only where the store tells of it (MetadataStore.subscribeToComing). */
  onComingImage(listener: ComingImageListener): () => void {
    this.#comingListeners.add(listener);
    return () => this.#comingListeners.delete(listener);
  }

  /**
   * `decide` sees the newest image, and may take its time; it is asked again when another change came in between. One transaction after another:
   * who decides for long is not overtaken by those who come later, but for other threads.
   */
  transact<T>(decide: (image: ClusterImage) => Decision<T> | Promise<Decision<T>>): Promise<T> {
    const transaction = this.#previous.then(() => this.#transact(decide));
    this.#previous = transaction.catch(() => undefined);
    return transaction;
  }

  async #transact<T>(decide: (image: ClusterImage) => Decision<T> | Promise<Decision<T>>): Promise<T> {
    for (;;) {
      const version = this.#store.version;
      const { changes, result } = await decide(this.#image);
      if (changes.length === 0 || (await this.#store.commit(changes, version))) return result;
    }
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe?.();
    this.#listeners.clear();
    this.#comingListeners.clear();
  }

  async #coming(changes: readonly Change[]): Promise<void> {
    const next = applyChanges(this.#image, changes);
    await Promise.all([...this.#comingListeners].map((listener) => listener(next)));
  }

  #apply(changes: readonly Change[]): void {
    const previous = this.#image;
    this.#image = applyChanges(previous, changes);
    for (const listener of this.#listeners) listener(this.#image, previous, changes);
  }
}
