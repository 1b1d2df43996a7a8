// All that a broker asks of the object store goes through here: in the order of its urgency, no faster than the store takes it, each attempt
// with a deadline. What only reads is tried again, with longer and longer pauses, until its own deadline. A put is not: whoever puts tries
// again under a new key, since what went out under this one may still arrive. Nor is a deletion, which upkeep comes back to. A read that
// clients wait for, and that takes longer than nearly all do, has a second one beside it.
//
// Whether the store answers is said by its health: when several requests in a row had no answer, and when one has again.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { type ByteRange, type ListedPage, type ObjectStore, ObjectStoreError } from "../base/object-store.ts";
import type { Random } from "../base/random.ts";
import { Seldom } from "../base/seldom.ts";
import { Backoff } from "./backoff.ts";
import { Hedging } from "./hedging.ts";
import { Patience } from "./patience.ts";
import { type RequestPriority, RequestQueue } from "./request-queue.ts";
import type { StoreHealth } from "./store-health.ts";

export interface PatientStoreOptions {
  /** One attempt a call. */
  readonly store: ObjectStore;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const REQUEST_KINDS = ["put", "get", "list", "delete"] as const;
export type StoreRequestKind = (typeof REQUEST_KINDS)[number];

export interface StoreCounts {
  /** Attempts, by kind. */
  readonly requests: Readonly<Record<StoreRequestKind, number>>;
  /** Attempts that failed otherwise than by an object that is not there. */
  readonly errors: Readonly<Record<StoreRequestKind, number>>;
  readonly putBytes: number;
  readonly gotBytes: number;
  /** Reads beside another that took long. */
  readonly hedges: number;
  /** Attempts that the store answered with a wish for fewer. */
  readonly throttled: number;
  readonly running: number;
  readonly waiting: number;
  /** Requests a second, while the store takes fewer than we might have. */
  readonly limitPerSecond: number | undefined;
}

/** Of an attempt, and so much more for each MiB. */
const PUT_MS = 10_000;
const GET_MS = 5_000;
const MIB_MS = 1_000;
/** Of a request that reads, with all its attempts; waiting for its turn counts. */
const READ_MS = 20_000;
const UPKEEP_READ_MS = 120_000;
const WITHOUT_RETRY_MS = 60_000;
/** So many in a row without an answer: the store is away. */
const AWAY_AFTER = 4;
/** The same of those that it asked for fewer of. */
const AWAY_AFTER_THROTTLED = 20;
const SELDOM_MS = 60_000;
const PURPOSE = "objects";

interface Attempts {
  readonly kind: StoreRequestKind;
  readonly priority: RequestPriority;
  readonly attemptMs: number;
  readonly deadlineMs: number;
  readonly isRepeated: boolean;
  readonly signal: AbortSignal | undefined;
}

export class PatientStore {
  /** For what clients wait for. */
  readonly foreground: ObjectStore;
  /** For merging, and what else can wait. */
  readonly upkeep: ObjectStore;
  readonly #options: PatientStoreOptions;
  readonly #queue: RequestQueue;
  readonly #hedging = new Hedging();
  readonly #seldom: Seldom;
  /** Of those whose requests are under way. */
  readonly #waiting = new Set<Patience>();
  #isClosed = false;
  readonly #requests = zeros();
  readonly #errors = zeros();
  #putBytes = 0;
  #gotBytes = 0;
  #hedgeCount = 0;
  #throttledCount = 0;
  #unansweredCount = 0;

  constructor(options: PatientStoreOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.clock);
    this.#seldom = new Seldom({ intervalMs: SELDOM_MS, mostKeys: 1, now: () => options.clock.now() });
    this.foreground = this.#view({ put: "put", get: "read", readMs: READ_MS });
    this.upkeep = this.#view({ put: "merge", get: "merge", readMs: UPKEEP_READ_MS });
  }

  get counts(): StoreCounts {
    return {
      requests: { ...this.#requests },
      errors: { ...this.#errors },
      putBytes: this.#putBytes,
      gotBytes: this.#gotBytes,
      hedges: this.#hedgeCount,
      throttled: this.#throttledCount,
      running: this.#queue.runningCount,
      waiting: this.#queue.waitingCount,
      limitPerSecond: this.#queue.rate.limitPerSecond,
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const patience of [...this.#waiting]) patience.end(closed());
    this.#options.store.close();
  }

  #view(by: { readonly put: RequestPriority; readonly get: RequestPriority; readonly readMs: number }): ObjectStore {
    const { store } = this.#options;
    return {
      put: (key, parts, signal) => this.#put(by.put, key, parts, signal),
      get: (key, range, signal) => this.#get(by, key, range, signal),
      list: (prefix, after) => {
        const attempts: Attempts = {
          kind: "list",
          priority: "list",
          attemptMs: GET_MS,
          deadlineMs: UPKEEP_READ_MS,
          isRepeated: true,
          signal: undefined,
        };
        return this.#attempt(attempts, (): Promise<ListedPage> => store.list(prefix, after));
      },
      delete: (keys) => {
        const attempts: Attempts = {
          kind: "delete",
          priority: "delete",
          attemptMs: PUT_MS,
          deadlineMs: WITHOUT_RETRY_MS,
          isRepeated: false,
          signal: undefined,
        };
        return this.#attempt(attempts, () => store.delete(keys));
      },
      close: () => this.close(),
    };
  }

  async #put(priority: RequestPriority, key: string, parts: readonly Buffer[], signal: AbortSignal | undefined): Promise<void> {
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
    const attemptMs = PUT_MS + millisecondsFor(sizeBytes);
    const attempts: Attempts = { kind: "put", priority, attemptMs, deadlineMs: WITHOUT_RETRY_MS + attemptMs, isRepeated: false, signal };
    await this.#attempt(attempts, (attemptSignal) => this.#options.store.put(key, parts, attemptSignal));
    this.#putBytes += sizeBytes;
  }

  async #get(
    by: { readonly get: RequestPriority; readonly readMs: number },
    key: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    // Of an object that is read whole we do not know how long it is; those that are long are read in ranges.
    const attemptMs = GET_MS + millisecondsFor(range?.length ?? 8 * 1024 * 1024);
    const attempts: Attempts = { kind: "get", priority: by.get, attemptMs, deadlineMs: by.readMs, isRepeated: true, signal };
    const body = await this.#attempt(attempts, (attemptSignal) => this.#options.store.get(key, range, attemptSignal));
    this.#gotBytes += body.length;
    return body;
  }

  async #attempt<T>(attempts: Attempts, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, random } = this.#options;
    const { signal, deadlineMs } = attempts;
    const endMs = clock.now() + deadlineMs;
    const backoff = new Backoff(random);
    const patience = new Patience();
    const giveUp = () => patience.end(givenUp(signal));
    if (this.#isClosed) patience.end(closed());
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp);
    this.#waiting.add(patience);
    const timer = clock.after(deadlineMs, () => patience.end(late(deadlineMs)));
    try {
      for (;;) {
        try {
          return await this.#hedged(attempts, work, patience);
        } catch (error) {
          const pauseMs = backoff.nextMs();
          const isWorthIt = attempts.isRepeated && isPassing(error) && patience.endedBy === undefined && clock.now() + pauseMs < endMs;
          if (!isWorthIt) throw error;
          await pause(clock, pauseMs, patience);
        }
      }
    } finally {
      timer.cancel();
      this.#waiting.delete(patience);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  async #hedged<T>(attempts: Attempts, work: (signal: AbortSignal) => Promise<T>, patience: Patience): Promise<T> {
    const afterMs = attempts.priority === "read" ? this.#hedging.afterMs() : undefined;
    if (afterMs === undefined) return await this.#once(attempts, work, patience);
    const both = new Patience();
    const part = patience.whenEnded((reason) => both.end(reason));
    const first = this.#once(attempts, work, both);
    const second = new Promise<T>((resolve, reject) => {
      let isFailing = reject;
      const timer = this.#options.clock.after(afterMs, () => {
        if (!this.#mayHedge()) return;
        this.#hedgeCount++;
        // From now on the first may fail alone.
        isFailing = () => undefined;
        this.#once(attempts, work, both).then(resolve, reject);
      });
      first.catch((error: unknown) => isFailing(error)).finally(() => timer.cancel());
    });
    try {
      return await Promise.any([first, second]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      part();
      both.end(givenUp(undefined));
    }
  }

  /** Only where there is nothing but this one that is slow. */
  #mayHedge(): boolean {
    return this.#queue.waitingCount === 0 && this.#queue.rate.limitPerSecond === undefined && this.#hedging.take();
  }

  /** When it is its turn; ended at the attempt's deadline, whether or not the store heeds it. */
  async #once<T>(attempts: Attempts, work: (signal: AbortSignal) => Promise<T>, patience: Patience): Promise<T> {
    const { kind, priority, attemptMs } = attempts;
    const { clock } = this.#options;
    const done = await this.#queue.turn(priority, patience);
    this.#requests[kind]++;
    const startMs = clock.now();
    const attempt = new Patience();
    const part = patience.whenEnded((reason) => attempt.end(reason));
    const timer = clock.after(attemptMs, () => attempt.end(late(attemptMs)));
    try {
      const result = await whilePatient(attempt, work);
      if (priority === "read") this.#hedging.took(clock.now() - startMs);
      this.#answered();
      return result;
    } catch (error) {
      this.#failed(kind, error, patience.endedBy !== undefined);
      throw error;
    } finally {
      timer.cancel();
      part();
      done();
    }
  }

  #answered(): void {
    this.#queue.rate.answered(false);
    this.#unansweredCount = 0;
    this.#options.health.worked(PURPOSE);
  }

  #failed(kind: StoreRequestKind, error: unknown, isGivenUp: boolean): void {
    const code = error instanceof ObjectStoreError ? error.code : undefined;
    if (code === "NOT_FOUND") {
      this.#answered();
      return;
    }
    // Whoever gives up says nothing about the store.
    if (isGivenUp && code === "UNAVAILABLE") return;
    this.#errors[kind]++;
    if (code === "SLOW_DOWN") this.#throttled();
    // That it refuses us is not for a moment, and said at once.
    this.#unansweredCount++;
    if (code !== "REFUSED" && this.#unansweredCount < (code === "SLOW_DOWN" ? AWAY_AFTER_THROTTLED : AWAY_AFTER)) return;
    const { running, waiting } = this.counts;
    this.#options.health.failed(PURPOSE, error, { running, waiting });
  }

  #throttled(): void {
    const { health, logger } = this.#options;
    const { rate, waitingCount } = this.#queue;
    this.#throttledCount++;
    if (!rate.answered(true)) return;
    const timesMeanwhile = this.#seldom.say("slow down");
    if (timesMeanwhile === undefined) return;
    logger.warn(
      { store: health.store, requestsPerSecond: rate.limitPerSecond, waiting: waitingCount, timesMeanwhile },
      "the object store asks for fewer requests",
    );
  }
}

/** Shorter when nobody waits any more. */
function pause(clock: Clock, ms: number, patience: Patience): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => {
      stay();
      resolve();
    });
    const stay = patience.whenEnded(() => {
      timer.cancel();
      resolve();
    });
  });
}

/** Whether another attempt may fare better. */
function isPassing(error: unknown): boolean {
  return error instanceof ObjectStoreError && (error.code === "UNAVAILABLE" || error.code === "SLOW_DOWN");
}

/** Rejects as soon as nobody waits any more. */
function whilePatient<T>(patience: Patience, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    patience.whenEnded((reason) => {
      reject(reason);
      controller.abort(reason);
    });
    work(controller.signal).then(resolve, reject);
  });
}

function givenUp(signal: AbortSignal | undefined): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", "Nobody waits for the object store's answer any more.", { cause: signal?.reason });
}

function closed(): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", "The client of the object store was closed.");
}

function late(ms: number): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", `The object store did not answer within ${ms} ms.`);
}

function millisecondsFor(sizeBytes: number): number {
  return Math.ceil((sizeBytes / (1024 * 1024)) * MIB_MS);
}

function zeros(): Record<StoreRequestKind, number> {
  return { put: 0, get: 0, list: 0, delete: 0 };
}
