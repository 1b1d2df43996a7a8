// Whose request to a store is next: what producers wait for goes before what consumers do, and that before upkeep. So many at once, and as
// many a second as the store takes; the others wait, each kind in the order in which it came.

import type { Clock, Timer } from "../base/clock.ts";
import type { Patience } from "./patience.ts";
import { RequestRate } from "./request-rate.ts";

/** The most urgent first. */
const PRIORITIES = ["put", "read", "merge", "delete", "list"] as const;
export type RequestPriority = (typeof PRIORITIES)[number];

const AT_ONCE = 64;
/** Of upkeep, whose requests take long: there is always room for what somebody waits for. */
const UPKEEP_AT_ONCE = 16;

interface Waiting {
  readonly go: (done: () => void) => void;
}

export class RequestQueue {
  readonly rate: RequestRate;
  readonly #clock: Clock;
  readonly #waiting: { readonly [Priority in RequestPriority]: Set<Waiting> } = {
    put: new Set(),
    read: new Set(),
    merge: new Set(),
    delete: new Set(),
    list: new Set(),
  };
  #runningCount = 0;
  #upkeepCount = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.rate = new RequestRate(clock);
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  get waitingCount(): number {
    return PRIORITIES.reduce((count, priority) => count + this.#waiting[priority].size, 0);
  }

  /** Resolves when it is this one's turn, with what to call when the request is over; rejects with the reason when nobody waits any more. */
  turn(priority: RequestPriority, patience: Patience): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        go: (done) => {
          stay();
          resolve(done);
        },
      };
      this.#waiting[priority].add(waiting);
      const stay = patience.whenEnded((reason) => {
        this.#waiting[priority].delete(waiting);
        reject(reason);
      });
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const priority = this.#mostUrgent();
      if (priority === undefined) return;
      const waitMs = this.rate.take();
      if (waitMs > 0) {
        this.#timer?.cancel();
        this.#timer = this.#clock.after(waitMs, () => this.#next());
        return;
      }
      this.#start(priority);
    }
  }

  #mostUrgent(): RequestPriority | undefined {
    if (this.#runningCount >= AT_ONCE) return undefined;
    return PRIORITIES.find((priority) => this.#waiting[priority].size > 0 && (!isUpkeep(priority) || this.#upkeepCount < UPKEEP_AT_ONCE));
  }

  #start(priority: RequestPriority): void {
    const [waiting] = this.#waiting[priority];
    if (waiting === undefined) return;
    this.#waiting[priority].delete(waiting);
    this.#runningCount++;
    if (isUpkeep(priority)) this.#upkeepCount++;
    waiting.go(() => {
      this.#runningCount--;
      if (isUpkeep(priority)) this.#upkeepCount--;
      this.#next();
    });
  }
}

function isUpkeep(priority: RequestPriority): boolean {
  return priority !== "put" && priority !== "read";
}
