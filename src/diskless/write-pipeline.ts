// From append to commit. What clients append, to whatever log, is gathered into one object; objects are put side by side, and committed in the
// order in which they were closed. What coordinators append is little and waited for: it goes into the rows of the next commit, without an
// object, unless the log has earlier batches in an object that is not committed yet.
//
// One commit is under way at a time, and takes all that is ready. So batches of a log are committed in the order of their offsets,
// whichever way they go. A put or a commit that fails is tried again for as long as the broker has the logs; nothing is skipped.

import type { Clock, Timer } from "../base/clock.ts";
import { othersTurn } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { ObjectStore } from "../base/object-store.ts";
import type { Random } from "../base/random.ts";
import { Backoff } from "./backoff.ts";
import type { Catalog, CommitOutcome } from "./catalog.ts";
import { LogPart } from "./log-part.ts";
import type { ObjectKeys } from "./object-keys.ts";
import type { ObjectOrigin } from "./object-layout.ts";
import { ObjectPace } from "./object-pace.ts";
import { ReadyParts } from "./ready-parts.ts";
import { Upload } from "./upload.ts";
import type { WritingLog } from "./writing-log.ts";

export interface PipelineOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly keys: ObjectKeys;
  readonly origin: Omit<ObjectOrigin, "sequence">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly lingerMs: () => number;
  readonly objectBytes: () => number;
  readonly pendingBytes: () => number;
  /** Called once: the incarnation has ended, and nothing will be committed any more. */
  readonly fenced: () => void;
}

/** A coordinator's batch up to this size goes into a row, and no more than this of a log into one. */
const INLINE_BYTES = 16 * 1024;
const PUTS_AT_ONCE = 8;
/** How long a broker that stops waits for its stores. */
const LONGEST_DRAIN_MS = 5000;

interface FlushWaiter {
  /** `undefined`: of the whole pipeline; looks itself. */
  readonly log: WritingLog | undefined;
  readonly endOffset: number;
  readonly resolve: () => void;
}

export class WritePipeline {
  readonly #options: PipelineOptions;
  readonly #pace: ObjectPace;
  readonly #failures: FailureLog;
  readonly #inline = new Map<WritingLog, LogPart>();
  #gathered = new Map<WritingLog, LogPart>();
  #gatheredBytes = 0;
  #timer: Timer | undefined;
  /** Closed, in order, until they are in a commit. */
  #uploads: Upload[] = [];
  #puttingCount = 0;
  /** Objects that were closed and are not committed. */
  #underWayCount = 0;
  #objectSequence = 0;
  #commitSequence = 0;
  #isCommitting = false;
  #isClosed = false;
  #pendingBytes = 0;
  #roomWaiters: (() => void)[] = [];
  #flushWaiters: FlushWaiter[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#pace = new ObjectPace(options.lingerMs);
    this.#failures = new FailureLog(options.logger);
  }

  /** Of what was appended and is not committed, and requests that wait until there is room for what they append. */
  get waiting(): { readonly waitingBytes: number; readonly waitingForRoom: number } {
    return { waitingBytes: this.#pendingBytes, waitingForRoom: this.#roomWaiters.length };
  }

  /** `undefined` when there is room for more; else a promise of when there is. */
  room(): Promise<void> | undefined {
    if (this.#isClosed || this.#pendingBytes < this.#options.pendingBytes()) return undefined;
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Where the log's next batch, which begins at `offset`, goes; to be told of by `added`. */
  partFor(log: WritingLog, { offset, isSmall }: { readonly offset: number; readonly isSmall: boolean }): LogPart {
    const { queue } = log;
    if (queue.gathered !== undefined) return queue.gathered;
    if (isSmall && queue.queuedCount === 0 && (queue.inline?.sizeBytes ?? 0) < INLINE_BYTES) {
      queue.inline ??= this.#newPart(this.#inline, log, offset);
      return queue.inline;
    }
    // It is committed first, with producers as they are now.
    queue.inline?.seal(log.producers);
    queue.gathered = this.#newPart(this.#gathered, log, offset);
    return queue.gathered;
  }

  isSmall(sizeBytes: number): boolean {
    return sizeBytes <= INLINE_BYTES;
  }

  #newPart(parts: Map<WritingLog, LogPart>, log: WritingLog, offset: number): LogPart {
    const part = new LogPart(offset);
    parts.set(log, part);
    return part;
  }

  /** The part has grown by so much. */
  added({ queue }: WritingLog, part: LogPart, sizeBytes: number): void {
    this.#pendingBytes += sizeBytes;
    if (part === queue.inline) {
      this.#commitSoon();
      return;
    }
    this.#gatheredBytes += sizeBytes;
    if (this.#gatheredBytes >= this.#options.objectBytes()) this.#closeObject();
    else if (this.#timer === undefined) this.#closeLater();
  }

  #closeLater(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.after(this.#pace.waitMs(clock.now(), this.#underWayCount > 0), () => this.#closeObject());
  }

  /** Puts what is gathered now; resolves when the log is durable up to there, or will never be. */
  flush(log: WritingLog, endOffset: number): Promise<void> {
    if (this.#isClosed || !log.isWritten || log.durableOffset >= endOffset) return Promise.resolve();
    this.#closeObject();
    return new Promise((resolve) => this.#flushWaiters.push({ log, endOffset, resolve }));
  }

  /** Resolves when nothing waits any more, or after some time. */
  async drain(): Promise<void> {
    this.#closeObject();
    const { clock } = this.#options;
    let isLate = false;
    const timer = clock.after(LONGEST_DRAIN_MS, () => {
      isLate = true;
      this.#tellFlushed();
    });
    while (this.#pendingBytes > 0 && !this.#isClosed && !isLate)
      await new Promise<void>((resolve) => this.#flushWaiters.push({ log: undefined, endOffset: 0, resolve }));
    timer.cancel();
  }

  #tellFlushed(): void {
    if (this.#flushWaiters.length === 0) return;
    const waiting = this.#flushWaiters;
    const isDone = ({ log, endOffset }: FlushWaiter) =>
      this.#isClosed || log === undefined || !log.isWritten || log.durableOffset >= endOffset;
    this.#flushWaiters = waiting.filter((waiter) => !isDone(waiter));
    for (const waiter of waiting) if (isDone(waiter)) waiter.resolve();
  }

  /** Nothing is put or committed any more; what is under way may still come to its end. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#uploads = [];
    this.#inline.clear();
    this.#gathered.clear();
    this.#makeRoom(this.#pendingBytes);
    this.#tellFlushed();
  }

  // ---- objects

  #closeObject(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#gathered.size === 0 || this.#isClosed) return;
    const parts = this.#gathered;
    this.#gathered = new Map();
    this.#pace.made(this.#options.clock.now(), this.#gatheredBytes);
    this.#gatheredBytes = 0;
    for (const [log, part] of parts) {
      part.seal(log.producers);
      log.queue.gathered = undefined;
      log.queue.queuedCount++;
    }
    this.#underWayCount++;
    this.#uploads.push(new Upload(parts, { ...this.#options.origin, sequence: ++this.#objectSequence }));
    this.#putNext();
  }

  #putNext(): void {
    for (const upload of this.#uploads) {
      if (this.#puttingCount >= PUTS_AT_ONCE) return;
      if (upload.state === "closed") void this.#put(upload);
    }
  }

  async #put(upload: Upload): Promise<void> {
    const { clock, random, store, keys } = this.#options;
    upload.state = "putting";
    this.#puttingCount++;
    const backoff = new Backoff(random);
    for (let attempt = 1; !this.#isClosed; attempt++) {
      const key = keys.ofCommit(upload.sequence, attempt);
      try {
        await store.put(key, upload.content);
        this.#failures.worked("objects");
        upload.stored(key);
        break;
      } catch (error) {
        this.#failures.failed("objects", error, "could not put an object; what was appended waits");
      }
      await new Promise<void>((resolve) => clock.after(backoff.nextMs(), resolve));
    }
    this.#puttingCount--;
    this.#putNext();
    this.#commitSoon();
  }

  // ---- commits

  #commitSoon(): void {
    if (this.#isCommitting || this.#isClosed) return;
    this.#isCommitting = true;
    void othersTurn(this.#options.clock).then(() => this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    for (;;) {
      const ready = this.#takeReady();
      if (ready === undefined) break;
      const outcome = await this.#commit(ready);
      if (this.#isClosed) return;
      if (outcome.kind !== "committed") {
        this.#end(outcome);
        return;
      }
      ready.settle(outcome);
      this.#objectsDone(ready.objectCount);
      this.#makeRoom(ready.sizeBytes);
      this.#tellFlushed();
    }
    this.#isCommitting = false;
  }

  /** What was gathered meanwhile need not wait any longer. */
  #objectsDone(count: number): void {
    this.#underWayCount -= count;
    if (count > 0 && this.#underWayCount === 0 && this.#gathered.size > 0) this.#closeLater();
  }

  #end(outcome: Exclude<CommitOutcome, { readonly kind: "committed" }>): void {
    if (outcome.kind === "outOfTurn") {
      const { committedSequence } = outcome;
      const facts = { committedSequence, expectedSequence: this.#commitSequence - 1 };
      this.#options.logger.error(facts, "the database lacks commits that it had acknowledged; what they held is lost");
    }
    this.close();
    this.#options.fenced();
  }

  /** `undefined` when nothing is ready. Of objects those that were closed first, as far as they are stored. */
  #takeReady(): ReadyParts | undefined {
    const ready = new ReadyParts();
    for (const [log, part] of this.#inline) {
      part.seal(log.producers);
      log.queue.inline = undefined;
      ready.addInline(log, part);
    }
    this.#inline.clear();
    while (this.#uploads[0]?.state === "stored") {
      const upload = this.#uploads.shift();
      if (upload === undefined) break;
      for (const log of upload.parts.keys()) log.queue.queuedCount--;
      ready.addUpload(upload);
    }
    return ready.isEmpty ? undefined : ready;
  }

  /** Sent again, as it is, until its outcome is known. */
  async #commit(ready: ReadyParts): Promise<CommitOutcome> {
    const { catalog, clock, random } = this.#options;
    const commit = ready.commit(this.#commitSequence + 1);
    if (commit.logs.length === 0) return { kind: "committed", objectIds: [], refusedLogIds: [] };
    this.#commitSequence++;
    const backoff = new Backoff(random);
    for (;;) {
      try {
        const outcome = await catalog.commit(commit);
        this.#failures.worked("commits");
        return outcome;
      } catch (error) {
        this.#failures.failed("commits", error, "could not commit; what was appended waits");
        if (this.#isClosed) return { kind: "fenced" };
      }
      await new Promise<void>((resolve) => clock.after(backoff.nextMs(), resolve));
    }
  }

  #makeRoom(sizeBytes: number): void {
    this.#pendingBytes -= sizeBytes;
    if (this.#roomWaiters.length === 0 || (!this.#isClosed && this.#pendingBytes >= this.#options.pendingBytes())) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
