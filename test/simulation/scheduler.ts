// Virtual time for a whole simulated world. Everything that takes time is an event; events run one after another, each followed by whatever
// it set in motion, so that a seed decides all that happens.

import type { Clock, Timer } from "../../src/base/clock.ts";

/** A small generator of random numbers (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.between(0, choices.length - 1)];
    if (chosen === undefined) throw new Error("nothing to choose from");
    return chosen;
  }
}

interface Event {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

const START_MS = 1_700_000_000_000;

export class Scheduler implements Clock {
  #nowMs = START_MS;
  readonly #turns: number;
  #order = 0;
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];
  readonly #cancelled = new Set<Event>();

  /** @param turns of the event loop that each event gets before the next: a disk that syncs takes several */
  constructor(turns = 1) {
    this.#turns = turns;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const event = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, action };
    this.#push(event);
    return { cancel: () => this.#cancelled.add(event) };
  }

  /** Work that takes time: what falls due meanwhile happens afterwards. */
  spend(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Runs events until `isDone`, or throws when that takes longer than `limitMs`. */
  async run(isDone: () => boolean, limitMs: number): Promise<void> {
    const deadlineMs = this.#nowMs + limitMs;
    await settled();
    while (!isDone()) {
      const event = this.#pop();
      if (event === undefined) throw new Error("nothing is left to happen");
      if (event.dueMs > deadlineMs) throw new Error(`not done after ${limitMs} ms of virtual time`);
      if (this.#cancelled.delete(event)) continue;
      this.#nowMs = Math.max(this.#nowMs, event.dueMs);
      event.action();
      for (let turn = 0; turn < this.#turns; turn++) await settled();
    }
  }

  #push(event: Event): void {
    const heap = this.#events;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(event, heap[above])) break;
      heap[index] = heap[above] ?? event;
      index = above;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
      if (!isBefore(heap[below], last)) break;
      heap[index] = heap[below] ?? last;
      index = below;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: Event | undefined, other: Event | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.dueMs === other.dueMs ? one.order < other.order : one.dueMs < other.dueMs;
}

/** Promises settle, and what waits for its turn on the event loop gets it. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The clock of one life of a broker: when it dies, nothing that it had planned happens. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (!this.#isDead) action();
    });
  }

  die(): void {
    this.#isDead = true;
  }
}

/** The clock of a process that may be stopped for a while, or for good: what falls due meanwhile happens when it goes on. */
export class HeldClock implements Clock {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #startMs: number;
  #waiting: (() => void)[] | undefined;

  /** @param rate at which it goes, beside the clock that is given */
  constructor(clock: Clock, rate = 1) {
    this.#clock = clock;
    this.#rate = rate;
    this.#startMs = clock.now();
  }

  now(): number {
    return Math.floor(this.#startMs + (this.#clock.now() - this.#startMs) * this.#rate);
  }

  after(delayMs: number, action: () => void): Timer {
    let isCancelled = false;
    const act = () => {
      if (!isCancelled) action();
    };
    const timer = this.#clock.after(Math.ceil(delayMs / this.#rate), () => this.#whenAwake(act));
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  #whenAwake(action: () => void): void {
    if (this.#waiting === undefined) action();
    else this.#waiting.push(action);
  }

  /** For what comes from outside: a request, an answer. */
  awake(): Promise<void> {
    return new Promise((resolve) => this.#whenAwake(resolve));
  }

  hold(): void {
    this.#waiting ??= [];
  }

  goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const act of waiting) act();
  }
}
