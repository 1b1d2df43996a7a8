// Which connection a member last spoke on, and since when it has been closed.

import type { Clock } from "../../base/clock.ts";
import type { MemberConnection } from "./request-context.ts";

/** How often clients send heartbeats by default: one that lives, with a new connection, may be silent for as long. */
const HEARTBEAT_INTERVAL_MS = 3000;

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

  /** `undefined` while it is open, and of a member that was loaded until somebody misses it; then it is a heartbeat later. */
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

  /** Somebody waits for the member: if it was loaded and does not speak for a heartbeat from now on, it counts as gone. */
  missed(): void {
    if (this.#connection === undefined) this.#closedSinceMs ??= this.#clock.now() + HEARTBEAT_INTERVAL_MS;
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
