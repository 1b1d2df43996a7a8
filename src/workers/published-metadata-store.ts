// The cluster's metadata in the main thread: the journal, whose units the brokers of all threads hear of before a commit resolves. One unit
// at a time. Where it may move leaderships, all threads first give up what they will no longer lead, and only then does any of them open it.

import type { Change } from "../cluster/image.ts";
import { mayMoveLeaderships } from "../cluster/leadership-moves.ts";
import type { ComingListener, MetadataStore } from "../storage/metadata-store.ts";
import { type Unit, UnitListeners, type UnitStep } from "../storage/unit-listeners.ts";

/** Another thread. Its promise resolves when the thread has done the step, or is no more; it never rejects. */
export interface Follower {
  take(step: UnitStep, unit: Unit<Change>): Promise<void>;
}

export class PublishedMetadataStore implements MetadataStore<Change> {
  readonly #journal: MetadataStore<Change>;
  readonly #own: UnitListeners<Change>;
  readonly #followers = new Set<Follower>();
  #previous: Promise<unknown> = Promise.resolve();

  /** @param closedLogs see UnitListeners */
  constructor(journal: MetadataStore<Change>, closedLogs: () => Promise<void>) {
    this.#journal = journal;
    this.#own = new UnitListeners(journal.version, closedLogs);
  }

  /** That this thread has applied. */
  get version(): number {
    return this.#own.version;
  }

  load(): Promise<readonly Change[]> {
    return this.#inTurn(() => this.#journal.load());
  }

  /** As `load`. `taken` is called before any later unit is published. */
  snapshot(taken: (changes: readonly Change[], version: number) => void): Promise<void> {
    return this.#inTurn(async () => taken(await this.#journal.load(), this.version));
  }

  commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!(await this.#journal.commit(changes, expectedVersion))) return false;
      const unit = { changes, version: this.#journal.version };
      if (mayMoveLeaderships(changes)) await this.#publish("coming", unit);
      await this.#publish("applied", unit);
      return true;
    });
  }

  subscribe(listener: (changes: readonly Change[], version: number) => void): () => void {
    return this.#own.subscribe(listener);
  }

  subscribeToComing(listener: ComingListener<Change>): () => void {
    return this.#own.subscribeToComing(listener);
  }

  /** Hears of every unit that is committed from now on. */
  follow(follower: Follower): void {
    this.#followers.add(follower);
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#journal.close());
  }

  async #publish(step: UnitStep, unit: Unit<Change>): Promise<void> {
    // The others are told first, so that they are at it while this thread is.
    const others = [...this.#followers].map((follower) => follower.take(step, unit));
    await Promise.all([this.#own.take(step, unit), ...others]);
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#previous.then(action);
    this.#previous = turn.catch(() => undefined);
    return turn;
  }
}
