// Removes files and folders some time after they were given another name, so that those who still read them can finish. What is not
// yet removed when the broker stops, the next start removes by its name.

import { Backlog } from "../base/backlog.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";

const RETRY_MS = 5000;

export class DelayedRemoval {
  readonly #filesystem: Filesystem;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #removesAtOnce: boolean;
  readonly #timers = new Set<Timer>();
  readonly #backlog: Backlog;

  constructor(filesystem: Filesystem, clock: Clock, logger: Logger, removesAtOnce: boolean) {
    this.#filesystem = filesystem;
    this.#clock = clock;
    this.#logger = logger;
    this.#removesAtOnce = removesAtOnce;
    this.#backlog = new Backlog(clock);
  }

  remove(paths: readonly string[], delayMs: number): void {
    if (this.#removesAtOnce) this.#removeAll(paths);
    else this.#after(delayMs, () => this.#removeAll(paths));
  }

  /** Of something that the disk refused just now. */
  tryAgain(action: () => void): void {
    this.#after(RETRY_MS, action);
  }

  #after(delayMs: number, action: () => void): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #removeAll(paths: readonly string[]): void {
    for (const path of paths) this.#backlog.add(path, () => this.#removeOne(path));
  }

  /** What cannot be removed is tried again: until then it takes room, and nobody else knows of it. */
  #removeOne(path: string): void {
    try {
      this.#filesystem.remove(path);
    } catch (error) {
      this.#logger.warn({ err: error, path }, "could not remove what was deleted");
      this.tryAgain(() => this.#removeOne(path));
    }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#backlog.clear();
  }
}
