// How far a log is as durable as its topic asks. By default what is written to the file is, since it survives the end of the process;
// with flush.messages every so many records wait for the disk, and with flush.ms the disk is asked after that time.

import type { Clock, Timer } from "../base/clock.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { Flusher } from "./flusher.ts";

export interface DurabilityOptions {
  readonly clock: Clock;
  readonly settings: TopicSettings;
  readonly logEndOffset: number;
  /** What the disk is known to have. */
  readonly flushedOffset: number;
  /** Brings everything written to the disk. */
  readonly sync: () => Promise<void>;
  /** It is time to flush what is written, and what recovery needs beside it: flush.ms is over. */
  readonly flushDue: () => void;
  readonly failed: (error: unknown) => void;
  /** The durable offset, or the flushed one, moved. */
  readonly moved: () => void;
}

export class Durability {
  readonly #options: DurabilityOptions;
  /** Made when it is needed: most logs are idle. */
  #lazyFlusher: Flusher | undefined;
  #settings: TopicSettings;
  #logEndOffset: number;
  #flushedOffset: number;
  /** Nothing after it counts as durable until the disk has what is before it. */
  #flushDueOffset: number;
  #durableOffset: number;
  #timer: Timer | undefined;
  #listener: (() => void) | undefined;
  #isClosed = false;

  constructor(options: DurabilityOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#logEndOffset = options.logEndOffset;
    this.#flushedOffset = options.flushedOffset;
    this.#flushDueOffset = options.flushedOffset;
    this.#durableOffset = options.logEndOffset;
  }

  get #flusher(): Flusher {
    this.#lazyFlusher ??= new Flusher({
      logEndOffset: () => this.#logEndOffset,
      sync: () => (this.#flushedOffset === this.#logEndOffset ? Promise.resolve() : this.#options.sync()),
      flushed: (untilOffset) => this.#flushed(untilOffset),
      failed: (error) => this.#options.failed(error),
    });
    return this.#lazyFlusher;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  get flushedOffset(): number {
    return this.#flushedOffset;
  }

  /** What is written counts as durable: nobody waits for the disk. */
  get isImmediate(): boolean {
    return this.#settings["flush.messages"] > Number.MAX_SAFE_INTEGER && this.#durableOffset === this.#logEndOffset;
  }

  onDurable(listener: () => void): void {
    this.#listener = listener;
  }

  configure(settings: TopicSettings): void {
    this.#settings = settings;
    this.#advance();
  }

  /** Records were written up to here. */
  written(logEndOffset: number): void {
    this.#logEndOffset = logEndOffset;
    this.#advance();
  }

  /** The same, after the append has returned. */
  writtenLater(logEndOffset: number): void {
    this.written(logEndOffset);
    this.#listener?.();
  }

  flush(): Promise<void> {
    return this.#flushedOffset === this.#logEndOffset ? Promise.resolve() : this.#flusher.flush();
  }

  flushSoon(): void {
    if (this.#flushedOffset < this.#logEndOffset) this.#flusher.flushSoon();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #advance(): void {
    if (this.#logEndOffset - this.#flushDueOffset >= this.#settings["flush.messages"]) {
      this.#flushDueOffset = this.#logEndOffset;
      this.#flusher.flushSoon();
    }
    if (this.#flushedOffset >= this.#flushDueOffset) this.#durableOffset = this.#logEndOffset;
    const flushMs = this.#settings["flush.ms"];
    if (flushMs <= Number.MAX_SAFE_INTEGER && this.#flushedOffset < this.#logEndOffset) this.#flushAfter(flushMs);
  }

  #flushAfter(delayMs: number): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#options.flushDue();
    });
  }

  #flushed(untilOffset: number): void {
    const before = this.#durableOffset;
    this.#flushedOffset = Math.max(this.#flushedOffset, untilOffset);
    this.#flushDueOffset = Math.max(this.#flushDueOffset, this.#flushedOffset);
    this.#durableOffset = Math.max(before, this.#flushedOffset);
    this.#advance();
    this.#options.moved();
    if (this.#durableOffset > before) this.#listener?.();
  }
}
