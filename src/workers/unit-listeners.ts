// The brokers of one thread, as they hear of units of changes in two steps (see messages.ts).

import type { Change } from "../cluster/image.ts";
import type { ComingListener } from "../storage/metadata-store.ts";
import type { Step, Unit } from "./messages.ts";

type Listener = (changes: readonly Change[], version: number) => void;

/** What may make another broker the leader of a partition. */
const MOVES: readonly Change["type"][] = ["partition", "broker", "brokerRemoved", "brokerStopped"];

export function mayMoveLeaderships({ changes }: Unit): boolean {
  return changes.some(({ type }) => MOVES.includes(type));
}

export class UnitListeners {
  /** Units applied so far. */
  version: number;
  readonly #listeners = new Set<Listener>();
  readonly #comingListeners = new Set<ComingListener<Change>>();
  readonly #closedLogs: () => Promise<void>;

  /** @param closedLogs called when logs may have been closed or deleted, and waited for before other threads may open them */
  constructor(version: number, closedLogs: () => Promise<void>) {
    this.version = version;
    this.#closedLogs = closedLogs;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribeToComing(listener: ComingListener<Change>): () => void {
    this.#comingListeners.add(listener);
    return () => this.#comingListeners.delete(listener);
  }

  async take(step: Step, unit: Unit): Promise<void> {
    if (step === "coming") await Promise.all([...this.#comingListeners].map((listener) => listener(unit.changes)));
    else this.#apply(unit);
    await this.#closedLogs();
  }

  #apply({ changes, version }: Unit): void {
    this.version = version;
    for (const listener of this.#listeners) listener(changes, version);
  }
}
