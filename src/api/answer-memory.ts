// The memory of answers that peers have not taken yet, over all connections of a broker, kept within odradek.queued.max.response.bytes.
//
// A Fetch reads no more than its share: a part of what is free, so that one answer never takes all. When too little is left, it gets what
// is small, and else waits as for records. Answers of other kinds are made all the same, one at a time for each connection. While memory is
// short, peers that take nothing lose their connection: nobody waits for a peer that never reads.

import type { Clock, Timer } from "../base/clock.ts";
import { type Watchable, type Watcher, Watchers } from "../base/watchers.ts";

/** With less memory is short. */
const ROOM_BYTES = 1024 * 1024;
/** What one answer may take while memory is short: whoever reads in small pieces goes on. */
const SMALL_SHARE_BYTES = 64 * 1024;
/** Of what is free, for one answer. */
const LARGEST_SHARE = 1 / 16;
const LOOK_EVERY_MS = 500;
/** A peer that took nothing for so long loses its connection when memory is short. */
const STALLED_MS = 2000;

/** A connection, as far as answers are held for it. */
export interface AnswerHolder {
  /** Changes whenever its peer takes something; 0 when nothing is there to be taken. */
  readonly untakenBytes: number;
  /** Tells anew what it holds. */
  recount(): void;
  destroy(error: Error): void;
}

export interface AnswerMemoryOptions {
  readonly clock: Clock;
  /** Read each time that it matters. */
  readonly limitBytes: () => number;
}

interface Held {
  bytes: number;
  untakenBytes: number;
  /** When the peer was last seen to have taken something. */
  tookAtMs: number;
}

export class AnswerMemory implements Watchable {
  readonly #options: AnswerMemoryOptions;
  readonly #holders = new Map<AnswerHolder, Held>();
  readonly #watchers = new Watchers();
  #heldBytes = 0;
  #timer: Timer | undefined;

  constructor(options: AnswerMemoryOptions) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What one answer may take now. */
  get shareBytes(): number {
    return this.isShort ? SMALL_SHARE_BYTES : Math.max(ROOM_BYTES, Math.floor(this.#freeBytes * LARGEST_SHARE));
  }

  get isShort(): boolean {
    return this.#freeBytes < ROOM_BYTES;
  }

  get #freeBytes(): number {
    return this.#options.limitBytes() - this.#heldBytes;
  }

  /** What is held for a connection, whatever it was before. */
  hold(holder: AnswerHolder, bytes: number): void {
    const held = this.#holders.get(holder);
    const wasShort = this.isShort;
    this.#heldBytes += bytes - (held?.bytes ?? 0);
    if (bytes === 0) this.#holders.delete(holder);
    else if (held !== undefined) held.bytes = bytes;
    else this.#holders.set(holder, { bytes, untakenBytes: -1, tookAtMs: this.#options.clock.now() });
    if (this.#holders.size > 0) this.#timer ??= this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
    if (wasShort && !this.isShort) this.#watchers.tell();
  }

  /** Told when memory is no longer short. */
  watch(watcher: Watcher): void {
    this.#watchers.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.unwatch(watcher);
  }

  /** Nobody is looked after any more. */
  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.now();
    for (const [holder, held] of this.#holders) {
      holder.recount();
      const { untakenBytes } = holder;
      if (untakenBytes !== 0 && untakenBytes === held.untakenBytes) continue;
      held.untakenBytes = untakenBytes;
      held.tookAtMs = nowMs;
    }
    if (this.isShort) this.#endStalled(nowMs - STALLED_MS);
    if (this.#holders.size > 0) this.#timer ??= this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  /** All of them: to make room for one would leave the others to wait for the next. */
  #endStalled(sinceMs: number): void {
    for (const [holder, { bytes, tookAtMs }] of [...this.#holders]) {
      if (tookAtMs > sinceMs) continue;
      holder.destroy(new Error(`took nothing of ${bytes} bytes of answers for ${STALLED_MS} ms, while the memory for answers was short`));
    }
  }
}
