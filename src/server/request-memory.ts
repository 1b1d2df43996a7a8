// The memory of requests that are being received, over all listeners of a broker, kept within queued.max.request.bytes. As in Kafka, a
// request takes what it announced as long as anything is free, and while nothing is, no further one is begun: what was begun can always be
// finished. Requests that lie whole in what one read gave need no memory of their own. Unlike in Kafka, who announced a request and sends no
// more of it loses his connection when others wait for the memory.

import type { Clock, Timer } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";

const LOOK_EVERY_MS = 1000;
/** A request of which nothing came between so many looks makes room for others. Sockets are read between any two, however late they come. */
const STALLED_LOOKS = 4;

/** A request under way. */
export interface RequestHolder {
  /** What has come of it; NaN while it is not read, which is not its sender's fault. */
  readonly receivedBytes: number;
  destroy(error: Error): void;
}

interface Held {
  receivedBytes: number;
  /** Since more of it was last seen. */
  looks: number;
}

export class RequestMemory {
  /** Below 0: no limit. */
  readonly #limitBytes: () => number;
  readonly #clock: Clock;
  readonly #holders = new Map<RequestHolder, Held>();
  #takenBytes = 0;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  /** @param limitBytes read each time that it matters */
  constructor(limitBytes: () => number, clock: Clock = systemClock) {
    this.#limitBytes = limitBytes;
    this.#clock = clock;
  }

  get isUsedUp(): boolean {
    const limitBytes = this.#limitBytes();
    return limitBytes >= 0 && this.#takenBytes >= limitBytes;
  }

  take(bytes: number, holder: RequestHolder): void {
    this.#takenBytes += bytes;
    if (this.#limitBytes() >= 0) this.#holders.set(holder, { receivedBytes: 0, looks: 0 });
  }

  give(bytes: number, holder: RequestHolder): void {
    this.#takenBytes -= bytes;
    this.#holders.delete(holder);
    if (this.#waiting.length === 0 || this.isUsedUp) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const listener of waiting) listener();
  }

  /** Calls once, when something may be free again. */
  whenFree(listener: () => void): void {
    this.#waiting.push(listener);
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    for (const [holder, held] of [...this.#holders]) {
      const { receivedBytes } = holder;
      if (receivedBytes !== held.receivedBytes) Object.assign(held, { receivedBytes, looks: 0 });
      else if (++held.looks >= STALLED_LOOKS)
        holder.destroy(new Error("sent nothing more of a request for some seconds, while the memory for requests was used up"));
    }
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }
}
