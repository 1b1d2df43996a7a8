// Requests of one kind to the coordinators of share partitions, over the Kafka protocol, also where this broker coordinates itself. A broker
// has one request of ours of the kind at a time; what comes up meanwhile, or in the same turn, goes into the next one together, as far as it is
// about one group. Where the coordinator is loading, moves, or does not answer, it is looked up and asked again, with longer and longer pauses.
//
// What is asked about one share partition is asked one after another: a repetition never overtakes what came later.

import { Errors } from "../../../protocol/errors.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { sharePartitionName } from "./share-partition-name.ts";
import type { SharePartitionKey } from "./share-state-persister.ts";

/** What every answer tells of a share partition. */
export interface PartitionResult {
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface StateRequest<Wish> {
  readonly groupId: string;
  readonly topics: { readonly topicId: string; readonly partitions: (Wish & { readonly partition: number })[] }[];
}

export interface StateResponse<Result extends PartitionResult> {
  readonly results: readonly { readonly topicId: string; readonly partitions: readonly Result[] }[];
}

type Later<T> = T | Promise<T>;

export interface StateRequestsOptions<Wish, Result extends PartitionResult> {
  readonly clock: Clock;
  /** The broker that coordinates it; `undefined` while there is none. */
  readonly coordinatorOf: (key: SharePartitionKey) => Later<number | undefined>;
  /** `undefined`: no answer. */
  readonly call: (brokerId: number, request: StateRequest<Wish>) => Later<StateResponse<Result> | undefined>;
}

/** Pauses between attempts double from the first to the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/**
 * For so long from when it was asked nobody hears that there is no coordinator, however many ask: longer than a broker may be away before another
 * takes over (broker.session.timeout.ms), and well within a client's request.timeout.ms of 30 s. Kafka's five attempts take 15 to 31 s.
 */
const PATIENCE_MS = 15_000;
const PARTITIONS_IN_REQUEST = 1000;

interface Job<Wish, Result> {
  readonly key: SharePartitionKey;
  readonly wish: Wish;
  readonly resolve: (result: Result | undefined) => void;
  readonly askedMs: number;
  attempts: number;
}

interface Destination<Wish, Result> {
  readonly waiting: Job<Wish, Result>[];
  isBusy: boolean;
  isWoken: boolean;
}

export class StateRequests<Wish extends object, Result extends PartitionResult> {
  readonly #options: StateRequestsOptions<Wish, Result>;
  /** By share partition; the first of each is under way. */
  readonly #lanes = new Map<string, Job<Wish, Result>[]>();
  readonly #destinations = new Map<number, Destination<Wish, Result>>();
  readonly #pauses = new Set<Timer>();
  #isClosed = false;

  constructor(options: StateRequestsOptions<Wish, Result>) {
    this.#options = options;
  }

  /** `undefined` when no coordinator answered, however often it was tried. Never rejects. */
  ask(key: SharePartitionKey, wish: Wish): Promise<Result | undefined> {
    const { promise, resolve } = Promise.withResolvers<Result | undefined>();
    const job = { key, wish, resolve, askedMs: this.#options.clock.now(), attempts: 0 };
    const name = sharePartitionName(key);
    const lane = this.#lanes.get(name);
    if (lane === undefined) {
      this.#lanes.set(name, [job]);
      this.#route(job);
    } else lane.push(job);
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    for (const pause of this.#pauses) pause.cancel();
    this.#pauses.clear();
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const lane of lanes) for (const { resolve } of lane) resolve(undefined);
  }

  #route(job: Job<Wish, Result>): void {
    if (this.#isClosed) {
      job.resolve(undefined);
      return;
    }
    job.attempts++;
    const coordinator = this.#options.coordinatorOf(job.key);
    if (coordinator instanceof Promise) void coordinator.then((found) => this.#enqueue(job, found));
    else this.#enqueue(job, coordinator);
  }

  #enqueue(job: Job<Wish, Result>, brokerId: number | undefined): void {
    if (brokerId === undefined) {
      this.#again(job, undefined);
      return;
    }
    const destination = this.#destinations.get(brokerId) ?? { waiting: [], isBusy: false, isWoken: false };
    this.#destinations.set(brokerId, destination);
    destination.waiting.push(job);
    if (destination.isBusy || destination.isWoken) return;
    destination.isWoken = true;
    queueMicrotask(() => {
      destination.isWoken = false;
      this.#drain(brokerId, destination);
    });
  }

  #drain(brokerId: number, destination: Destination<Wish, Result>): void {
    while (!destination.isBusy && destination.waiting.length > 0 && !this.#isClosed) {
      const jobs = takeOfOneGroup(destination.waiting);
      destination.isBusy = true;
      const answering = this.#options.call(brokerId, toRequest(jobs));
      if (!(answering instanceof Promise)) this.#settle(destination, jobs, answering);
      else {
        void answering.then((response) => {
          this.#settle(destination, jobs, response);
          this.#drain(brokerId, destination);
        });
      }
    }
  }

  #settle(destination: Destination<Wish, Result>, jobs: readonly Job<Wish, Result>[], response: StateResponse<Result> | undefined): void {
    destination.isBusy = false;
    const results = new Map(
      response?.results.map(({ topicId, partitions }) => [topicId, new Map(partitions.map((result) => [result.partition, result]))]),
    );
    for (const job of jobs) {
      const result = results.get(job.key.topicId)?.get(job.key.partition);
      if (result === undefined || isWorthRepeating(result)) this.#again(job, result);
      else this.#finish(job, result);
    }
  }

  #again(job: Job<Wish, Result>, result: Result | undefined): void {
    const leftMs = job.askedMs + PATIENCE_MS - this.#options.clock.now();
    if (leftMs <= 0) {
      this.#finish(job, result);
      return;
    }
    const pauseMs = Math.min(leftMs, LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (job.attempts - 1));
    const pause = this.#options.clock.after(pauseMs, () => {
      this.#pauses.delete(pause);
      this.#route(job);
    });
    this.#pauses.add(pause);
  }

  #finish(job: Job<Wish, Result>, result: Result | undefined): void {
    const name = sharePartitionName(job.key);
    const lane = this.#lanes.get(name);
    lane?.shift();
    const [next] = lane ?? [];
    if (next === undefined) this.#lanes.delete(name);
    else this.#route(next);
    job.resolve(result);
  }
}

function isWorthRepeating({ errorCode }: PartitionResult): boolean {
  switch (errorCode) {
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      return true;
    default:
      return false;
  }
}

/** Of the group that waits longest; each share partition is there once. */
function takeOfOneGroup<Wish, Result>(waiting: Job<Wish, Result>[]): Job<Wish, Result>[] {
  const groupId = waiting[0]?.key.groupId;
  const taken: Job<Wish, Result>[] = [];
  const left: Job<Wish, Result>[] = [];
  for (const job of waiting) {
    if (job.key.groupId === groupId && taken.length < PARTITIONS_IN_REQUEST) taken.push(job);
    else left.push(job);
  }
  waiting.splice(0, waiting.length, ...left);
  return taken;
}

function toRequest<Wish extends object, Result>(jobs: readonly Job<Wish, Result>[]): StateRequest<Wish> {
  const topics = new Map<string, (Wish & { readonly partition: number })[]>();
  for (const { key, wish } of jobs) {
    const partitions = topics.get(key.topicId) ?? [];
    topics.set(key.topicId, partitions);
    partitions.push({ ...wish, partition: key.partition });
  }
  return {
    groupId: jobs[0]?.key.groupId ?? "",
    topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
  };
}
