// Connections that were told to hold back. Kafka answers at once, with the time in the answer, and then takes up nothing more from the
// connection for as long (KIP-219): a client that does not heed it waits all the same.

import type { ClientConnection } from "../api/handler.ts";
import type { Clock } from "../base/clock.ts";

export class MutedConnections {
  readonly #after: Clock["after"];
  readonly #muted = new Map<ClientConnection, { readonly over: Promise<void>; readonly unmute: () => void }>();

  constructor(after: Clock["after"]) {
    this.#after = after;
  }

  get isEmpty(): boolean {
    return this.#muted.size === 0;
  }

  mute(connection: ClientConnection, ms: number): void {
    this.#muted.get(connection)?.unmute();
    let unmute = () => {};
    const over = new Promise<void>((resolve) => {
      const timer = this.#after(ms, () => unmute());
      const forget = connection.onClose(() => unmute());
      unmute = () => {
        timer.cancel();
        forget();
        this.#muted.delete(connection);
        resolve();
      };
    });
    this.#muted.set(connection, { over, unmute });
  }

  /** `undefined` when the connection is not muted. */
  untilUnmuted(connection: ClientConnection): Promise<void> | undefined {
    return this.#muted.get(connection)?.over;
  }

  clear(): void {
    for (const { unmute } of [...this.#muted.values()]) unmute();
  }
}
