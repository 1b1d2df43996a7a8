// Lets long work share the event loop: it is done in slices of a few milliseconds, between which others have their turn, and at no more
// than so many bytes a second. Stopping it ends a pause at once.

import type { RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { Clock, Timer } from "../../base/clock.ts";

/** A slice ends with whichever comes first. The clock counts whole milliseconds. */
const SLICE_MS = 2;
const SLICE_BYTES = 512 * 1024;

/** Between two steps of a work: "first", a pause unless the slice has just begun; "if due", a pause when the slice is over; a promise to wait for. */
export type WorkStep = "first" | "if due" | Promise<void>;

export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  readonly #startMs: number;
  #totalBytes = 0;
  #sliceStartMs: number;
  #sliceBytes = 0;
  #isStopped = false;
  #pausing: { readonly timer: Timer; readonly resume: () => void } | undefined;

  /** @param bytesPerSecond positive; read and written together */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#startMs = clock.now();
    this.#sliceStartMs = this.#startMs;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Takes note of work; `true` when it is time to pause. */
  worked(sizeBytes: number): boolean {
    this.#totalBytes += sizeBytes;
    this.#sliceBytes += sizeBytes;
    return this.#isStopped || this.#sliceBytes >= SLICE_BYTES || this.#clock.now() - this.#sliceStartMs >= SLICE_MS;
  }

  /** What a work asks for between two of its steps. */
  async between(step: WorkStep): Promise<void> {
    if (step instanceof Promise) {
      await step;
      this.resumed();
    } else if (step === "first" ? this.#sliceBytes > 0 : this.worked(0)) await this.pause();
  }

  async pause(): Promise<void> {
    if (!this.#isStopped) {
      const dueMs = this.#startMs + (this.#totalBytes / this.#bytesPerSecond) * 1000;
      const delayMs = Math.max(0, Math.ceil(dueMs - this.#clock.now()));
      await new Promise<void>((resume) => {
        const timer = delayMs === 0 ? this.#clock.soon?.(resume) : undefined;
        this.#pausing = { timer: timer ?? this.#clock.after(delayMs, resume), resume };
      });
      this.#pausing = undefined;
    }
    this.resumed();
  }

  /** Something else was waited for: a new slice begins. */
  resumed(): void {
    this.#sliceStartMs = this.#clock.now();
    this.#sliceBytes = 0;
  }

  stop(): void {
    this.#isStopped = true;
    this.#pausing?.timer.cancel();
    this.#pausing?.resume();
  }
}

export interface PacedWalk {
  readonly batches: AsyncIterable<RecordBatch>;
  /** `false`: that is enough. */
  readonly visit: (batch: RecordBatch) => Generator<WorkStep, boolean, void>;
  readonly pace: Pace;
  /** After each pause: others had their turn. It may throw. */
  readonly afterPause: () => void;
}

/** Visits batches one after another, with a pause whenever one is due; `false` when `visit` ended it. */
export async function walkBatches({ batches, visit, pace, afterPause }: PacedWalk): Promise<boolean> {
  for await (const batch of batches) {
    const work = visit(batch);
    let step = work.next();
    for (; step.done !== true; step = work.next()) await pace.between(step.value);
    if (!step.value) return false;
    if (!pace.worked(batch.sizeBytes)) continue;
    await pace.pause();
    afterPause();
  }
  return true;
}
