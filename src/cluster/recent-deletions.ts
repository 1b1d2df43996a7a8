// Topics that were deleted a moment ago. A client that is still subscribed to one, or produces to it, asks for it again at once, and would
// make it anew, empty and with default settings, before whoever deleted it has looked.

import type { Clock } from "../base/clock.ts";

export class RecentDeletions {
  readonly #clock: Clock;
  readonly #keptForMs: () => number;
  /** When each was deleted, by name, the oldest first. */
  readonly #deletedAtMs = new Map<string, number>();

  constructor(clock: Clock, keptForMs: () => number) {
    this.#clock = clock;
    this.#keptForMs = keptForMs;
  }

  add(names: readonly string[]): void {
    this.#forget();
    if (this.#keptForMs() === 0) return;
    for (const name of names) {
      this.#deletedAtMs.delete(name);
      this.#deletedAtMs.set(name, this.#clock.now());
    }
  }

  has(name: string): boolean {
    this.#forget();
    return this.#deletedAtMs.has(name);
  }

  #forget(): void {
    const sinceMs = this.#clock.now() - this.#keptForMs();
    for (const [name, deletedAtMs] of this.#deletedAtMs) {
      if (deletedAtMs > sinceMs) return;
      this.#deletedAtMs.delete(name);
    }
  }
}
