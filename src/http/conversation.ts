// What is asked and answered over one connection that speaks HTTP. Each request has to be there within a time, however slowly its bytes come;
// it is answered when those before it were, of which there may be a few.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Timer } from "../base/clock.ts";
import type { ByteStream } from "../server/byte-stream.ts";
import { Problem } from "./problem.ts";

/** How long the bytes of a request may take to come. */
const REQUEST_MS = 30_000;
/** Requests that were not answered yet. Browsers and clients send the next one when they have the answer. */
const MOST_UNANSWERED = 32;

export class Conversation {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #refused: (problem: Problem) => void;
  /** While a request comes. */
  #deadline: Timer | undefined;
  #lastAsked: IncomingMessage | undefined;
  #lastAnswer: ServerResponse | undefined;
  #unansweredCount = 0;
  /** Settled when all was answered; and when all but the last was. */
  #answered: Promise<void> = Promise.resolve();
  #answeredBefore: Promise<void> = Promise.resolve();

  /** @param refused told why it ends before its client wants that */
  constructor(stream: ByteStream, clock: Clock, refused: (problem: Problem) => void) {
    this.#stream = stream;
    this.#clock = clock;
    this.#refused = refused;
    stream.on("data", () => this.#awaitRequest());
    stream.once("close", () => this.#awaitNothing());
  }

  /** @param answer resolves when the answer is given, and never rejects */
  take(incoming: IncomingMessage, outgoing: ServerResponse, answer: () => Promise<void>): void {
    if (this.#stream.destroyed) return;
    if (this.#unansweredCount >= MOST_UNANSWERED) {
      this.#refused(new Problem(429, `${MOST_UNANSWERED} requests of a connection wait for their answers already.`));
      this.#stream.destroy();
      return;
    }
    this.#unansweredCount++;
    this.#lastAsked = incoming;
    this.#lastAnswer = outgoing;
    incoming.once("close", () => this.#awaitNothing());
    this.#answeredBefore = this.#answered;
    this.#answered = this.#answered.then(async () => {
      if (this.#stream.destroyed) return;
      await answer();
      await this.#closeOf(outgoing);
      this.#unansweredCount--;
    });
  }

  /** What came is no request that is answered here: said once what was asked before it is answered; the connection ends with it. */
  dismiss(problem: Problem): void {
    this.#refused(problem);
    const stream = this.#stream;
    // Of a request whose end is wrong, the rest never comes.
    const answered = this.#lastAsked?.complete === false ? this.#answeredBefore : this.#answered;
    answered.then(() => {
      const isBetweenAnswers = this.#lastAnswer === undefined || this.#lastAnswer.closed || !this.#lastAnswer.headersSent;
      if (stream.writable && isBetweenAnswers) stream.end(problem.farewell(), () => stream.destroy());
      else stream.destroy();
    });
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#awaitNothing();
  }

  #closeOf(outgoing: ServerResponse): Promise<void> {
    if (outgoing.closed || this.#stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        outgoing.off("close", settle);
        this.#stream.off("close", settle);
        resolve();
      };
      outgoing.once("close", settle);
      this.#stream.once("close", settle);
    });
  }

  #awaitRequest(): void {
    this.#deadline ??= this.#clock.after(REQUEST_MS, () => this.#overdue());
  }

  #awaitNothing(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  /** Unless all of it is there, and its answer takes longer. */
  #overdue(): void {
    this.#deadline = undefined;
    if (this.#lastAsked?.complete === true && this.#unansweredCount > 0) {
      this.#awaitRequest();
      return;
    }
    this.#refused(new Problem(408, `A request has not come within ${REQUEST_MS / 1000} s.`));
    this.#stream.destroy();
  }
}
