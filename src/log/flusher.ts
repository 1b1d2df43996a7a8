// Brings a log to stable storage, one sync at a time: all who ask while one runs share the next (group commit).

export interface FlushTarget {
  /** Up to which the log is written now. */
  logEndOffset(): number;
  /** Syncs what was written when it was called. */
  sync(): Promise<void>;
  /** Everything below the offset is on stable storage. */
  flushed(untilOffset: number): void;
  /** What was written may be lost although nobody was told: the log must not go on. */
  failed(error: unknown): void;
}

export class Flusher {
  readonly #target: FlushTarget;
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(target: FlushTarget) {
    this.#target = target;
  }

  /** Resolves when what is written now is on stable storage. Rejects when the sync failed. */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    this.#waiting ??= this.#running.then(
      () => this.#runNext(),
      () => this.#runNext(),
    );
    return this.#waiting;
  }

  /** The same where nobody waits: a failure has been reported to the target. */
  flushSoon(): void {
    this.flush().catch(() => undefined);
  }

  #runNext(): Promise<void> {
    this.#waiting = undefined;
    return this.flush();
  }

  #run(): Promise<void> {
    this.#running = this.#sync().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #sync(): Promise<void> {
    const untilOffset = this.#target.logEndOffset();
    try {
      await this.#target.sync();
    } catch (error) {
      this.#target.failed(error);
      throw error;
    }
    this.#target.flushed(untilOffset);
  }
}
