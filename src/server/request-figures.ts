// What requests there were, how they ended and how long they took, by API, for the metrics of a broker. Dispatch adds a little for each request;
// what is answered in the turn in which it was read shares that turn's time, which is looked at once at its end, however many requests it had.
//
// Times are microseconds from the turn in which a request was taken up until it is answered; what its bytes waited before, behind others of
// their connection, is not in them, and neither is what their answer waits in the socket.

import { Errors } from "../../protocol/errors.ts";
import type { Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Handler, Reply } from "../api/handler.ts";
import { type Clock, monotonicMs } from "../base/clock.ts";
import { Histogram, Spread } from "../base/histogram.ts";
import { errorCounter } from "./error-counts.ts";

const US_PER_MS = 1000;

export class ApiFigures {
  readonly name: string;
  /** How many requests there were, by version. */
  readonly versions: Float64Array;
  /** Of all of them, without their size prefixes. */
  requestBytes = 0;
  /** Of requests that were answered in their turn. */
  readonly inTurnUs = new Histogram();
  /** Of those that waited: until the answer; of it, until the handler had returned; from then on. */
  readonly waitedUs = new Histogram();
  readonly handledUs = new Histogram();
  readonly awaitedUs = new Histogram();
  /** Requests that wait for their answers now. */
  waitingCount = 0;
  /** Requests that were answered in the turn that goes on. */
  answeredCount = 0;
  #noErrorCount = 0;
  readonly #errors = new Map<number, number>();
  readonly #countErrors: ReturnType<typeof errorCounter>;

  constructor({ name, request, response }: Api) {
    this.name = name;
    this.versions = new Float64Array(request.versions.highest + 1);
    this.#countErrors = errorCounter(response.struct.shape);
  }

  took(version: number, sizeBytes: number): void {
    this.versions[version] = (this.versions[version] ?? 0) + 1;
    this.requestBytes += sizeBytes;
  }

  /** Has each error that an answer tells counted by `tell`; an answer of which nothing can be told counts as without. */
  told(reply: Reply<Shape>, tell: (errorCode: number) => void): void {
    if (typeof reply === "symbol" || this.#countErrors === undefined) this.#noErrorCount++;
    else this.#noErrorCount += this.#countErrors(reply, tell);
  }

  /** How often each error was told, NONE as well. */
  *errors(): Iterable<readonly [errorCode: number, count: number]> {
    if (this.#noErrorCount > 0) yield [Errors.NONE, this.#noErrorCount];
    yield* this.#errors;
  }

  /** Until the answer was there. */
  get totalUs(): Spread {
    return new Spread([this.inTurnUs, this.waitedUs]);
  }

  /** Until the handler had returned. */
  get localUs(): Spread {
    return new Spread([this.inTurnUs, this.handledUs]);
  }

  /** From then on. */
  get remoteUs(): Spread {
    return new Spread([this.awaitedUs], [this.inTurnUs]);
  }

  tell(errorCode: number): void {
    this.#errors.set(errorCode, (this.#errors.get(errorCode) ?? 0) + 1);
  }
}

export class RequestFigures {
  readonly #nowMs: () => number;
  /** By key of the API. */
  readonly #apis: (ApiFigures | undefined)[] = [];
  #turnMs: number;
  /** Of those that had requests answered in this turn, so many. */
  readonly #answered: ApiFigures[] = [];
  #answeredCount = 0;

  constructor(clock: Clock) {
    this.#nowMs = () => monotonicMs(clock);
    this.#turnMs = this.#nowMs();
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

  /** Requests are taken up from now on, until `endTurn`. @param nowMs monotonic */
  beginTurn(nowMs: number): void {
    this.#turnMs = nowMs;
  }

  endTurn(): void {
    if (this.#answeredCount === 0) return;
    const us = this.#sinceTurnUs(this.#turnMs);
    for (let index = 0; index < this.#answeredCount; index++) {
      const figures = this.#answered[index];
      if (figures === undefined) continue;
      figures.inTurnUs.record(us, figures.answeredCount);
      figures.answeredCount = 0;
    }
    this.#answeredCount = 0;
  }

  /** The handler has returned, and its answer is there. */
  answered(figures: ApiFigures): void {
    if (figures.answeredCount++ === 0) this.#answered[this.#answeredCount++] = figures;
  }

  /** The handler has returned; gives what is to be called when its answer is there. */
  waiting(figures: ApiFigures): () => void {
    const beganMs = this.#turnMs;
    const handledUs = this.#sinceTurnUs(beganMs);
    figures.waitingCount++;
    return () => {
      const waitedUs = Math.max(handledUs, this.#sinceTurnUs(beganMs));
      figures.waitingCount--;
      figures.waitedUs.record(waitedUs);
      figures.handledUs.record(handledUs);
      figures.awaitedUs.record(waitedUs - handledUs);
    };
  }

  #sinceTurnUs(turnMs: number): number {
    return Math.max(0, Math.round((this.#nowMs() - turnMs) * US_PER_MS));
  }
}
