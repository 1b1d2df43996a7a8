// Where the engine keeps what is not durable in memory, and that is full: requests that append wait for room, for as long as they said. The
// records of so many of them are kept meanwhile; further ones wait all the same, but without: when there is room, their clients send
// them again. Their connections are not read from while they wait.

import type { Clock } from "../base/clock.ts";

/** Of the records of all requests that wait. */
const KEPT_BYTES = 32 * 1024 * 1024;

export interface AppendRoomOptions {
  readonly clock: Clock;
  /** See StorageEngine. */
  readonly room: (() => Promise<void> | undefined) | undefined;
}

/** What waits for room. */
export interface Waiting<Kept> {
  readonly timeoutMs: number;
  readonly sizeBytes: number;
  /** Makes it independent of the frame that it came in. Called at once, or not at all. */
  readonly keep: () => Kept;
}

export class AppendRoom {
  readonly #clock: Clock;
  readonly #room: (() => Promise<void> | undefined) | undefined;
  #keptBytes = 0;

  constructor({ clock, room }: AppendRoomOptions) {
    this.#clock = clock;
    this.#room = room;
  }

  /** Nobody needs to wait now. */
  get isThere(): boolean {
    return this.#room === undefined || this.#room() === undefined;
  }

  /**
   * Calls `append` as soon as there is room, in the same turn, so that the next in line finds it taken. Resolves to what it gives; to `undefined`
   * where it takes more than the time there is, or what waits could not be kept.
   */
  async append<Kept, Result>(
    { timeoutMs, sizeBytes, keep }: Waiting<Kept>,
    append: (kept: Kept) => Result | Promise<Result>,
  ): Promise<Result | undefined> {
    if (this.#keptBytes > 0 && this.#keptBytes + sizeBytes > KEPT_BYTES) return this.#whenThere(timeoutMs, () => undefined);
    const kept = keep();
    this.#keptBytes += sizeBytes;
    let isOver = false;
    const endKeeping = () => {
      if (!isOver) this.#keptBytes -= sizeBytes;
      isOver = true;
    };
    try {
      return await this.#whenThere(timeoutMs, () => {
        endKeeping();
        return append(kept);
      });
    } finally {
      endKeeping();
    }
  }

  #whenThere<Result>(timeoutMs: number, work: () => Result | Promise<Result>): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const timer = this.#clock.after(Math.max(0, timeoutMs), () => {
        isOver = true;
        resolve(undefined);
      });
      const look = (): void => {
        if (isOver) return;
        const room = this.#room?.();
        if (room !== undefined) {
          room.then(look, reject);
          return;
        }
        timer.cancel();
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      look();
    });
  }
}
