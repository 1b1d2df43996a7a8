// The memory of answers that peers have not taken yet, over all connections of a broker, kept within odradek.queued.max.response.bytes.
//
// A Fetch reads no more than its share: a part of what is free, so that one answer never takes all. When too little is left, it gets what
// is small, and else stands in line. Answers of other kinds are made all the same, one at a time for each connection. Who stands in line
// gets room from the peers that take nothing: those that took nothing for longest lose their connections, as many as are needed.

import type { Clock, Timer } from "../base/clock.ts";
import type { Watchable, Watcher } from "../base/watchers.ts";

/** With less memory is short; for so much one stands in line. */
const ROOM_BYTES = 1024 * 1024;
/** What one answer may take while memory is short: whoever reads in small pieces goes on. */
const SMALL_SHARE_BYTES = 64 * 1024;
/** Of what is free, for one answer. */
const LARGEST_SHARE = 1 / 16;
const LOOK_EVERY_MS = 100;
/** A peer that took nothing for so long may lose its connection when memory is short. It is what those in line wait for. */
const STALLED_MS = 500;

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

export class AnswerMemory {
  readonly #options: AnswerMemoryOptions;
  /** Who took nothing for longest comes first. */
  readonly #holders = new Map<AnswerHolder, Held>();
  /** Connections that are to be given something, in order; with who is to be told, if a request of theirs is waiting. */
  readonly #line = new Map<object, Watcher | undefined>();
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
    const addedBytes = bytes - (held?.bytes ?? 0);
    this.#heldBytes += addedBytes;
    if (bytes === 0) this.#holders.delete(holder);
    else if (held !== undefined) held.bytes = bytes;
    else this.#holders.set(holder, { bytes, untakenBytes: -1, tookAtMs: this.#options.clock.now() });
    if (this.#holders.size > 0) this.#lookLater();
    if (this.#line.size === 0) return;
    if (addedBytes > 0) this.#line.delete(holder);
    else this.#wake();
  }

  /**
   * The place of a connection in line for room. Its watcher is told when there is some. The place is kept when the watch ends, until
   * something is held for the connection or it leaves.
   */
  placeOf(connection: object): Watchable {
    return {
      watch: (watcher) => {
        this.#line.set(connection, watcher);
      },
      unwatch: () => {
        if (this.#line.has(connection)) this.#line.set(connection, undefined);
      },
    };
  }

  /** The connection wants nothing any more. */
  leave(connection: object): void {
    this.#line.delete(connection);
  }

  /** Nobody is looked after any more. */
  close(): void {
    this.#timer?.cancel();
  }

  /** As many as there is room for. Who comes too late after all has kept its place. */
  #wake(): void {
    let freeBytes = this.#freeBytes;
    for (const watcher of this.#line.values()) {
      if (watcher === undefined) continue;
      freeBytes -= ROOM_BYTES;
      if (freeBytes < 0) return;
      watcher.moved();
    }
  }

  #lookLater(): void {
    this.#timer ??= this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.now();
    for (const [holder, held] of [...this.#holders]) {
      holder.recount();
      const { untakenBytes } = holder;
      if (!this.#holders.has(holder) || (untakenBytes !== 0 && untakenBytes === held.untakenBytes)) continue;
      held.untakenBytes = untakenBytes;
      held.tookAtMs = nowMs;
      this.#holders.delete(holder);
      this.#holders.set(holder, held);
    }
    this.#endStalled(nowMs - STALLED_MS);
    this.#wake();
    if (this.#holders.size > 0) this.#lookLater();
  }

  /** Until there is room for all who wait, and once more. */
  #endStalled(sinceMs: number): void {
    let lackingBytes = ROOM_BYTES - this.#freeBytes;
    for (const watcher of this.#line.values()) if (watcher !== undefined) lackingBytes += ROOM_BYTES;
    for (const [holder, { bytes, tookAtMs }] of [...this.#holders]) {
      if (lackingBytes <= 0 || tookAtMs > sinceMs) return;
      lackingBytes -= bytes;
      holder.destroy(new Error(`took nothing of ${bytes} bytes of answers for ${STALLED_MS} ms, while the memory for answers was short`));
    }
  }
}
