// How late the event loop of this thread is: for so long nobody was served. A timer tells, which is due again and again; the time by which it comes
// too late is a delay, seen up to a tick too short. One that is long is a line in the log, which names the request that was taken up last
// and how much of the delay was the processor's time of this thread: the rest it waited, for a disk or for a machine that does other work.
//
// Requests note themselves in two fields. Nothing else is done for it on their way.

import { apiByKey } from "../../protocol/messages/index.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { Seldom } from "../base/seldom.ts";

const TICK_MS = 50;
/** What is worth a line. */
const LONG_MS = 250;
const SAY_MS = 60_000;
const MOST_KINDS = 100;
/** Upper ends of the buckets in which delays are counted; what is longer is in a last one. */
export const DELAY_BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500] as const;

/** Since it was started. */
export interface DelayFigures {
  readonly longestMs: number;
  /** How many ticks came so late: of each of DELAY_BUCKETS_MS, and of what is longer. */
  readonly counts: readonly number[];
}

export class LoopDelay {
  /** Of requests taken up, and the API of the last. */
  requestCount = 0;
  lastApiKey = -1;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #threadBusyMs: () => number;
  readonly #said: Seldom;
  readonly #counts: number[] = new Array(DELAY_BUCKETS_MS.length + 1).fill(0);
  #longestMs = 0;
  #timer: Timer | undefined;
  #dueMs = 0;
  #busyMs = 0;
  #requestsBefore = 0;

  /** @param busyMs the processor's time of this thread so far, in ms */
  constructor(clock: Clock, logger: Logger, busyMs = threadBusyMs) {
    this.#clock = clock;
    this.#logger = logger;
    this.#threadBusyMs = busyMs;
    this.#said = new Seldom({ intervalMs: SAY_MS, mostKeys: MOST_KINDS, now: () => clock.now() });
  }

  start(): void {
    this.#busyMs = this.#threadBusyMs();
    this.#tickLater();
  }

  close(): void {
    this.#timer?.cancel();
  }

  get figures(): DelayFigures {
    return { longestMs: this.#longestMs, counts: this.#counts };
  }

  #nowMs(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }

  #tickLater(): void {
    this.#dueMs = this.#nowMs() + TICK_MS;
    this.#requestsBefore = this.requestCount;
    this.#timer = this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const delayMs = Math.max(0, this.#nowMs() - this.#dueMs);
    const busyBeforeMs = this.#busyMs;
    this.#busyMs = this.#threadBusyMs();
    this.#longestMs = Math.max(this.#longestMs, delayMs);
    const found = DELAY_BUCKETS_MS.findIndex((endMs) => delayMs <= endMs);
    const bucket = found === -1 ? DELAY_BUCKETS_MS.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    if (delayMs >= LONG_MS) this.#say(delayMs, this.#busyMs - busyBeforeMs);
    this.#tickLater();
  }

  #say(delayMs: number, busyMs: number): void {
    const requests = this.requestCount - this.#requestsBefore;
    const api = requests === 0 ? undefined : (apiByKey.get(this.lastApiKey)?.name ?? String(this.lastApiKey));
    const meanwhile = this.#said.say(api ?? "");
    if (meanwhile === undefined) return;
    const facts = { delayMs: Math.round(delayMs), busyMs: Math.round(busyMs), requests, ...(api === undefined ? {} : { api }) };
    this.#logger.warn({ ...facts, ...(meanwhile === 0 ? {} : { meanwhile }) }, "the event loop was late: nobody was served meanwhile");
  }
}

/** What a thread has used of the processor; of a Node that does not tell it of threads, that of the process. */
function threadBusyMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}
