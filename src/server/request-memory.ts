// The memory of requests that are being received, over all listeners of a broker, kept within queued.max.request.bytes. As in Kafka, a
// request takes what it announced as long as anything is free, and while nothing is, no further one is begun: what was begun can always be
// finished. Requests that lie whole in what one read gave need no memory of their own.

export class RequestMemory {
  /** Below 0: no limit. */
  readonly #limitBytes: () => number;
  #takenBytes = 0;
  #waiting: (() => void)[] = [];

  /** @param limitBytes read each time that it matters */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes;
  }

  get isUsedUp(): boolean {
    const limitBytes = this.#limitBytes();
    return limitBytes >= 0 && this.#takenBytes >= limitBytes;
  }

  take(bytes: number): void {
    this.#takenBytes += bytes;
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
    if (this.#waiting.length === 0 || this.isUsedUp) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const listener of waiting) listener();
  }

  /** Calls once, when something may be free again. */
  whenFree(listener: () => void): void {
    this.#waiting.push(listener);
  }
}
