// Those who want to know when something moves: offsets of a partition, partitions of a fetch session, the memory of answers. Telling them
// costs nothing where nobody watches.

export interface Watcher {
  /** Called synchronously, from within what moved it; must not throw. */
  moved(): void;
}

export interface Watchable {
  watch(watcher: Watcher): void;
  unwatch(watcher: Watcher): void;
}

export class Watchers implements Watchable {
  #watchers: Set<Watcher> | undefined;

  watch(watcher: Watcher): void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  tell(): void {
    if (this.#watchers === undefined || this.#watchers.size === 0) return;
    for (const watcher of this.#watchers) watcher.moved();
  }
}
