// Those in one thread who hear of the units of a MetadataStore, in two steps: that a unit comes, and that it is applied. What a store does
// between the two, and who else hears of it then, is its own business.

import type { ComingListener } from "./metadata-store.ts";

/** Changes that were committed together. */
export interface Unit<Change> {
  readonly changes: readonly Change[];
  readonly version: number;
}

/** The two steps in which brokers hear of a unit: before the second, all have done the first. */
export type UnitStep = "coming" | "applied";

type Listener<Change> = (changes: readonly Change[], version: number) => void;

export class UnitListeners<Change> {
  /** Units applied so far. */
  version: number;
  readonly #listeners = new Set<Listener<Change>>();
  readonly #comingListeners = new Set<ComingListener<Change>>();
  readonly #closedLogs: (() => Promise<void>) | undefined;

  /** @param closedLogs called when logs may have been closed or deleted, and waited for before others may open them */
  constructor(version: number, closedLogs?: () => Promise<void>) {
    this.version = version;
    this.#closedLogs = closedLogs;
  }

  subscribe(listener: Listener<Change>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribeToComing(listener: ComingListener<Change>): () => void {
    this.#comingListeners.add(listener);
    return () => this.#comingListeners.delete(listener);
  }

  async take(step: UnitStep, unit: Unit<Change>): Promise<void> {
    if (step === "coming") await Promise.all([...this.#comingListeners].map((listener) => listener(unit.changes)));
    else this.#apply(unit);
    await this.#closedLogs?.();
  }

  #apply({ changes, version }: Unit<Change>): void {
    this.version = version;
    for (const listener of this.#listeners) listener(changes, version);
  }
}
