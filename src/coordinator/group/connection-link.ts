// Which connection a member last spoke on, and since when it has been closed.

import type { Clock } from "../../base/clock.ts";
import type { MemberConnection } from "./request-context.ts";

export class ConnectionLink {
  readonly #clock: Clock;
  readonly #closed: () => void;
  #connection: MemberConnection | undefined;
  #unlisten: (() => void) | undefined;
  #closedSinceMs: number | undefined;

  /** `closed` is called when the connection of the moment closes. */
  constructor(clock: Clock, closed: () => void) {
    this.#clock = clock;
    this.#closed = closed;
  }

  get connection(): MemberConnection | undefined {
    return this.#connection;
  }

  /** `undefined` while it is open, and of a member that was loaded until somebody misses it. */
  get closedSinceMs(): number | undefined {
    return this.#closedSinceMs;
  }

  bind(connection: MemberConnection): void {
    if (connection === this.#connection) return;
    this.release();
    this.#connection = connection;
    if (connection.isClosed) this.#onClose();
    else this.#unlisten = connection.onClose(() => this.#onClose());
  }

  /** Somebody waits for the member: if it was loaded and has not spoken since, it counts as gone from now on. */
  missed(): void {
    if (this.#connection === undefined) this.#closedSinceMs ??= this.#clock.now();
  }

  release(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#connection = undefined;
    this.#closedSinceMs = undefined;
  }

  #onClose(): void {
    this.#unlisten = undefined;
    this.#closedSinceMs = this.#clock.now();
    this.#closed();
  }
}
