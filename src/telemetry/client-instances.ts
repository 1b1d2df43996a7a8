// The client instances that a broker knows: at most MAX_INSTANCES, the one longest unheard goes first. An instance also goes with the
// connection on which it came, and when nothing was heard of it for three push intervals. One that comes back is made anew.

import type { Clock, Timer } from "../base/clock.ts";
import type { ClientInstance } from "./client-instance.ts";

const MAX_INSTANCES = 16_384;
const SHORTEST_EXPIRY_MS = 60_000;
const INTERVALS_UNTIL_EXPIRY = 3;
/** How often idle instances are looked for. */
const SWEEP_MS = 30_000;

interface Entry {
  readonly instance: ClientInstance;
  expiresAtMs: number;
  /** Stops listening to the end of the connection. */
  readonly unlisten: () => void;
}

export class ClientInstances {
  readonly #clock: Clock;
  /** Those heard of last come last. */
  readonly #entries = new Map<string, Entry>();
  #sweep: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The instance counts as heard of. */
  get(id: string): ClientInstance | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    entry.expiresAtMs = this.#expiryOf(entry.instance);
    return entry.instance;
  }

  /** In the place of any with this id. `onClose` calls back when the connection ends. */
  put(id: string, instance: ClientInstance, onClose: (listener: () => void) => () => void): void {
    this.#remove(id);
    const unlisten = onClose(() => {
      if (this.#entries.get(id)?.instance === instance) this.#entries.delete(id);
    });
    this.#entries.set(id, { instance, expiresAtMs: this.#expiryOf(instance), unlisten });
    const [longestUnheard] = this.#entries.keys();
    if (this.#entries.size > MAX_INSTANCES && longestUnheard !== undefined) this.#remove(longestUnheard);
    this.#sweep ??= this.#clock.after(SWEEP_MS, () => this.#sweepIdle());
  }

  close(): void {
    this.#sweep?.cancel();
    for (const id of [...this.#entries.keys()]) this.#remove(id);
  }

  #expiryOf({ wanted }: ClientInstance): number {
    return this.#clock.now() + Math.max(SHORTEST_EXPIRY_MS, wanted.pushIntervalMs * INTERVALS_UNTIL_EXPIRY);
  }

  #remove(id: string): void {
    this.#entries.get(id)?.unlisten();
    this.#entries.delete(id);
  }

  #sweepIdle(): void {
    const now = this.#clock.now();
    for (const [id, { expiresAtMs }] of [...this.#entries]) if (expiresAtMs <= now) this.#remove(id);
    this.#sweep = this.#entries.size === 0 ? undefined : this.#clock.after(SWEEP_MS, () => this.#sweepIdle());
  }
}
