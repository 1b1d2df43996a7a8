// A worker thread as the main thread has it. One that ends without being told to has failed: everybody who waits for it goes on, and
// `failure` says why.

import { Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Change } from "../cluster/image.ts";
import type { ClosedShare } from "../log/folder-share.ts";
import type { Unit, UnitStep } from "../storage/unit-listeners.ts";
import { type FromWorker, type Question, type ToWorker, WORKER_MARK, type WorkerOrder } from "./messages.ts";
import type { Follower, PublishedMetadataStore } from "./published-metadata-store.ts";
import { receivedError, sentError } from "./sent-error.ts";
import { writeSentLine } from "./sent-log.ts";

export interface WorkerThreadOptions {
  /** The file that begins with workerPort and runWorker. */
  readonly script: string;
  readonly brokerId: number;
  readonly store: PublishedMetadataStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After so long without an answer it is said that one is waited for. */
const LONG_MS = 10_000;

export class WorkerThread implements Follower {
  /** Settles when the thread ended although it was not told to. */
  readonly failure: Promise<Error>;
  readonly #options: WorkerThreadOptions;
  readonly #worker: Worker;
  readonly #started = Promise.withResolvers<string>();
  readonly #stopped = Promise.withResolvers<ClosedShare | undefined>();
  readonly #steps = new Map<string, () => void>();
  #hasFailed = (_error: Error): void => undefined;
  #error: Error | undefined;
  #isStopping = false;
  #hasEnded = false;

  constructor(options: WorkerThreadOptions) {
    this.#options = options;
    this.failure = new Promise((resolve) => {
      this.#hasFailed = resolve;
    });
    // Nobody may ask before it is said.
    this.#started.promise.catch(() => undefined);
    this.#worker = new Worker(options.script, { workerData: WORKER_MARK, name: `broker ${options.brokerId}` });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: Error) => {
      this.#error = error;
    });
    this.#worker.on("exit", (exitCode) => this.#ended(exitCode));
  }

  get brokerId(): number {
    return this.#options.brokerId;
  }

  /** Gives the broker's address. Rejects as Broker.start does, and when the thread ends. */
  start(order: WorkerOrder): Promise<string> {
    this.#send({ type: "start", order });
    return this.#started.promise;
  }

  /** `undefined` when the thread is no more. */
  async stop(): Promise<ClosedShare | undefined> {
    this.#isStopping = true;
    if (!this.#hasEnded) this.#send({ type: "stop" });
    const closed = await this.#stopped.promise;
    await this.#worker.terminate();
    return closed;
  }

  async take(step: UnitStep, unit: Unit<Change>): Promise<void> {
    if (this.#hasEnded) return;
    const { clock, logger, brokerId } = this.#options;
    const facts = { broker: brokerId, step, version: unit.version };
    const timer = clock.after(LONG_MS, () => logger.warn(facts, "still waiting for a worker to take a change in"));
    await new Promise<void>((resolve) => {
      this.#steps.set(stepKey(step, unit.version), resolve);
      this.#send({ type: "unit", step, unit });
    });
    timer.cancel();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "started":
        this.#started.resolve(message.bootstrapServers);
        return;
      case "failed":
        this.#started.reject(receivedError(message.error));
        return;
      case "question":
        this.#answer(message.id, message.question);
        return;
      case "done":
        this.#stepDone(stepKey(message.step, message.version));
        return;
      case "logged":
        writeSentLine(this.#options.logger, message.line);
        return;
      case "stopped":
        this.#stopped.resolve(message.closed);
        return;
    }
  }

  #stepDone(key: string): void {
    this.#steps.get(key)?.();
    this.#steps.delete(key);
  }

  #answer(id: number, question: Question): void {
    this.#ask(id, question).catch((error: unknown) => {
      this.#send({ type: "answer", id, answer: { kind: "failed", error: sentError(error) } });
    });
  }

  async #ask(id: number, question: Question): Promise<void> {
    const { store } = this.#options;
    if (question.kind === "load") {
      await store.snapshot((changes, version) => this.#send({ type: "answer", id, answer: { kind: "loaded", changes, version } }));
      return;
    }
    const isStored = await store.commit(question.changes, question.expectedVersion);
    this.#send({ type: "answer", id, answer: { kind: "committed", isStored } });
  }

  #ended(exitCode: number): void {
    this.#hasEnded = true;
    const error = this.#error ?? new Error(`The thread of broker ${this.brokerId} ended with exit code ${exitCode}`);
    this.#started.reject(error);
    this.#stopped.resolve(undefined);
    for (const key of [...this.#steps.keys()]) this.#stepDone(key);
    if (!this.#isStopping) this.#hasFailed(error);
  }
}

function stepKey(step: UnitStep, version: number): string {
  return `${step} ${version}`;
}
