// Removes files and folders some time after they were given another name, so that those who still read them can finish. What is not
// yet removed when the broker stops, the next start removes by its name.

import type { Clock, Timer } from "../base/clock.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";

export class DelayedRemoval {
  readonly #filesystem: Filesystem;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timers = new Set<Timer>();

  constructor(filesystem: Filesystem, clock: Clock, logger: Logger) {
    this.#filesystem = filesystem;
    this.#clock = clock;
    this.#logger = logger;
  }

  remove(paths: readonly string[], delayMs: number): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer);
      for (const path of paths) this.#removeOne(path);
    });
    this.#timers.add(timer);
  }

  #removeOne(path: string): void {
    try {
      this.#filesystem.remove(path);
    } catch (error) {
      this.#logger.warn({ err: error, path }, "could not remove what was deleted");
    }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
