// What requests there were, how they ended and how long they took, by API, for the metrics of a broker. Dispatch adds a little for each request;
// what is answered in the turn in which it was read shares that turn's time, which is looked at twice, however many requests it had.
//
// Times are microseconds from the turn in which a request was taken up until it is answered; what its bytes waited before, behind others of
// their connection, is not in them, and neither is what their answer waits in the socket.

import { Errors } from "../../protocol/errors.ts";
import type { Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Handler, Reply } from "../api/handler.ts";
import { type Clock, monotonicMs } from "../base/clock.ts";
import { Histogram } from "../base/histogram.ts";
import { errorLook } from "./error-counts.ts";

const US_PER_MS = 1000;

export class ApiFigures {
  readonly name: string;
  /** How many requests there were, by version. */
  readonly versions: number[] = [];
  /** From the turn until the answer, in microseconds. */
  readonly totalUs = new Histogram();
  /** Of it, until the handler has returned, and from then on. */
  readonly localUs = new Histogram();
  readonly remoteUs = new Histogram();
  /** Of requests, without their size prefix. */
  readonly requestBytes = new Histogram();
  /** Requests that wait for their answers now. */
  waitingCount = 0;
  #noErrorCount = 0;
  readonly #errors = new Map<number, number>();
  readonly #look: ReturnType<typeof errorLook>;

  constructor({ name, response }: Api) {
    this.name = name;
    this.#look = errorLook(response.struct.shape);
  }

  took(version: number, sizeBytes: number): void {
    this.versions[version] = (this.versions[version] ?? 0) + 1;
    this.requestBytes.record(sizeBytes);
  }

  /** Counts each error that an answer tells; one of which nothing can be told counts as without. */
  told(reply: Reply<Shape>): void {
    if (typeof reply === "symbol" || this.#look === undefined) this.#noErrorCount++;
    else this.#look(reply as Readonly<Record<string, unknown>>, this.#tell);
  }

  /** How often each error was told, NONE as well. */
  *errors(): Iterable<readonly [errorCode: number, count: number]> {
    if (this.#noErrorCount > 0) yield [Errors.NONE, this.#noErrorCount];
    yield* this.#errors;
  }

  readonly #tell = (errorCode: number): void => {
    if (errorCode === Errors.NONE) this.#noErrorCount++;
    else this.#errors.set(errorCode, (this.#errors.get(errorCode) ?? 0) + 1);
  };
}

export class RequestFigures {
  readonly #clock: Clock;
  /** By key of the API. */
  readonly #apis: (ApiFigures | undefined)[] = [];
  #turnMs: number;
  /** Answered in this turn. */
  #answered: ApiFigures[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnMs = monotonicMs(clock);
  }

  of({ api }: Handler): ApiFigures {
    const known = this.#apis[api.key];
    if (known !== undefined) return known;
    const fresh = new ApiFigures(api);
    this.#apis[api.key] = fresh;
    return fresh;
  }

  /** Of APIs that were asked for. */
  get apis(): readonly ApiFigures[] {
    return this.#apis.filter((each) => each !== undefined);
  }

  /** Around what takes up requests. */
  turn(work: () => void): void {
    this.#turnMs = monotonicMs(this.#clock);
    try {
      work();
    } finally {
      this.#endTurn();
    }
  }

  /** The handler has returned, and its answer is there. */
  answered(figures: ApiFigures): void {
    this.#answered.push(figures);
  }

  /** The handler has returned; gives what is to be called when its answer is there. */
  waiting(figures: ApiFigures): () => void {
    const beganMs = this.#turnMs;
    const localUs = Math.round((monotonicMs(this.#clock) - beganMs) * US_PER_MS);
    figures.waitingCount++;
    return () => {
      const totalUs = Math.round((monotonicMs(this.#clock) - beganMs) * US_PER_MS);
      figures.waitingCount--;
      figures.totalUs.record(totalUs);
      figures.localUs.record(Math.min(localUs, totalUs));
      figures.remoteUs.record(Math.max(0, totalUs - localUs));
    };
  }

  #endTurn(): void {
    const answered = this.#answered;
    if (answered.length === 0) return;
    const us = Math.max(0, Math.round((monotonicMs(this.#clock) - this.#turnMs) * US_PER_MS));
    for (const figures of answered) {
      figures.totalUs.record(us);
      figures.localUs.record(us);
      figures.remoteUs.record(0);
    }
    answered.length = 0;
  }
}
