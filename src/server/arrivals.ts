// Connections that have come to a listener and are not taken up yet. They are taken up in the order in which they came, one after another: who
// has to wait, because connections come too fast or there are too many, holds up those behind, as Kafka's acceptor does.

import type { Socket } from "node:net";
import type { Clock, Timer } from "../base/clock.ts";
import type { ListenerLimits } from "../quota/connection-limits.ts";

export interface ArrivalsOptions {
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  readonly take: (socket: Socket) => void;
  /** For the log: why the first one waits. */
  readonly waits: (socket: Socket, why: "tooFast" | "tooMany") => void;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  #waiting: Socket[] = [];
  /** When the first may be taken up, once it has been counted. */
  #readyMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  come(socket: Socket): void {
    this.#waiting.push(socket);
    if (this.#waiting.length === 1) this.goOn();
  }

  /** There may be room for those that wait. */
  goOn(): void {
    const { limits, clock, take, waits } = this.#options;
    for (let first = this.#waiting[0]; first !== undefined && this.#timer === undefined; first = this.#waiting[0]) {
      const nowMs = clock.now();
      this.#readyMs ??= nowMs + limits.arrive();
      if (this.#readyMs > nowMs) {
        waits(first, "tooFast");
        this.#waitUntil(this.#readyMs - nowMs);
      } else if (!limits.hasRoom) {
        waits(first, "tooMany");
        return;
      } else {
        this.#waiting.shift();
        this.#readyMs = undefined;
        take(first);
      }
    }
  }

  /** Gives those that were not taken up. */
  close(): readonly Socket[] {
    this.#timer?.cancel();
    const left = this.#waiting;
    this.#waiting = [];
    return left;
  }

  #waitUntil(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.goOn();
    });
  }
}
