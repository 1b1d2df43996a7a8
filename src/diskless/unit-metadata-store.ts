// The cluster's metadata as one process of many follows it. Units come in order from where they are kept: asked for when there is word of news,
// and every second in any case, since word may be lost. While that does not answer, the image stands still and commits are rejected.
//
// Whether a commit took place may be unknown. Then the same unit, with the same id, is added again: by its version it can be there once only,
// and whose it is says the id. That goes on until it is known, or the time for a commit is over.
//
// What this process has seen can only be missing later if the place was brought back to an earlier state. It is noticed by the newest version
// and by the id of the newest unit seen; from then on nothing is committed or told any more, since two histories cannot be made one.

import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { ComingListener, MetadataStore } from "../storage/metadata-store.ts";
import { StorageError } from "../storage/storage-error.ts";
import { UnitListeners } from "../storage/unit-listeners.ts";
import type { MetadataUnits, StoredUnit, UnitsAfter } from "./metadata-units.ts";

export interface UnitMetadataOptions<Change> {
  readonly units: MetadataUnits<Change>;
  /** A shorter history that means the same. `newer`: those of the changes that were in no compaction yet. */
  readonly compact: (changes: readonly Change[], newer: readonly Change[]) => readonly Change[];
  /** Whether those who lead partitions are to hear of a unit before it is applied. */
  readonly mayMoveLeaderships: (changes: readonly Change[]) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Units after which the history is kept in short. */
  readonly snapshotAfterUnits?: number;
  readonly commitTimeoutMs?: number;
}

const DEFAULT_SNAPSHOT_AFTER_UNITS = 1_000;
const DEFAULT_COMMIT_TIMEOUT_MS = 10_000;
const LOOK_INTERVAL_MS = 1_000;
const UNITS_A_LOOK = 100;
/** Before what is unknown is tried again; half as much more or less. */
const RETRY_DELAY_MS = 200;
const MOST_HISTORY_ATTEMPTS = 5;

export class UnitMetadataStore<Change> implements MetadataStore<Change> {
  readonly #options: UnitMetadataOptions<Change>;
  readonly #listeners: UnitListeners<Change>;
  /** Known, and not applied yet. */
  readonly #coming: StoredUnit<Change>[] = [];
  #applying: Promise<void> | undefined;
  /** The newest that is known. */
  #known: { readonly version: number; readonly id: string | undefined };
  /** The unit that is being committed, and whose it turned out to be. */
  #contested: { readonly version: number; takenBy?: string } | undefined;
  #looking: Promise<void> = Promise.resolve();
  #nextLook: Promise<void> | undefined;
  #lookTimer: Timer | undefined;
  #previous: Promise<unknown> = Promise.resolve();
  #snapshot: Promise<void> = Promise.resolve();
  /** Why it serves no more. */
  #end: StorageError | undefined;

  private constructor(options: UnitMetadataOptions<Change>, newest: UnitsAfter<Change>) {
    this.#options = options;
    this.#listeners = new UnitListeners(newest.newestVersion);
    this.#known = { version: newest.newestVersion, id: undefined };
    this.#lookLater();
  }

  /** Begins with the newest version that there is. */
  static async open<Change>(options: UnitMetadataOptions<Change>): Promise<UnitMetadataStore<Change>> {
    return new UnitMetadataStore(options, await options.units.after(0, 0));
  }

  get version(): number {
    return this.#listeners.version;
  }

  async load(): Promise<readonly Change[]> {
    for (let attempt = 0; attempt < MOST_HISTORY_ATTEMPTS; attempt++) {
      this.#refuseIfEnded();
      const history = await this.#options.units.history(this.version);
      if (history !== undefined) return [...history.snapshot, ...history.newer];
      await this.look();
    }
    throw new StorageError("UNAVAILABLE", "The history of the cluster's metadata changes faster than it can be read");
  }

  commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    const commit = this.#previous.then(() => this.#commit(changes, expectedVersion));
    this.#previous = commit.catch(() => undefined);
    return commit;
  }

  subscribe(listener: (changes: readonly Change[], version: number) => void): () => void {
    return this.#listeners.subscribe(listener);
  }

  subscribeToComing(listener: ComingListener<Change>): () => void {
    return this.#listeners.subscribeToComing(listener);
  }

  /** There may be news: perhaps it was said which version is the newest. */
  hear(version = Number.POSITIVE_INFINITY): void {
    // What does not answer is in the log by whoever asks it.
    if (version > this.#known.version && this.#end === undefined) void this.look().catch(() => undefined);
  }

  /** Resolves when all that there is now is applied; rejects with StorageError. */
  async look(): Promise<void> {
    await this.#lookOnce();
    await this.#applying;
  }

  /** One at a time. Who asks while one is under way waits for the next: the other may have passed by already. */
  #lookOnce(): Promise<void> {
    this.#nextLook ??= this.#looking.then(() => {
      this.#nextLook = undefined;
      const look = this.#look();
      this.#looking = look.catch(() => undefined);
      return look;
    });
    return this.#nextLook;
  }

  async close(): Promise<void> {
    this.#end ??= new StorageError("UNAVAILABLE", "The cluster's metadata is closed");
    this.#lookTimer?.cancel();
    await this.#snapshot;
  }

  async #commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    this.#refuseIfEnded();
    await this.#applying;
    if (expectedVersion !== this.version) return false;
    const unit = { version: expectedVersion + 1, id: this.#options.random.uuidText(), changes };
    this.#contested = { version: unit.version };
    const isStored = await this.#untilKnown(unit);
    // However long those take who are to hear of it first.
    await this.#applying;
    if (isStored && unit.version % (this.#options.snapshotAfterUnits ?? DEFAULT_SNAPSHOT_AFTER_UNITS) === 0)
      this.#snapshot = this.#keepSnapshot(unit.version);
    return isStored;
  }

  /** Whether it was stored. */
  #untilKnown(unit: StoredUnit<Change>): Promise<boolean> {
    const { clock, commitTimeoutMs = DEFAULT_COMMIT_TIMEOUT_MS } = this.#options;
    let isOver = false;
    return new Promise((resolve, reject) => {
      const timer = clock.after(commitTimeoutMs, () => {
        isOver = true;
        reject(
          new StorageError(
            "UNAVAILABLE",
            `It is not known whether a change of the cluster was stored: no answer within ${commitTimeoutMs} ms`,
          ),
        );
      });
      const work = async () => {
        while (!isOver) {
          if (await this.#attempt(unit)) return this.#contested?.takenBy === unit.id;
          this.#refuseIfEnded();
          await this.#pause();
        }
        return false;
      };
      work()
        .finally(() => timer.cancel())
        .then(resolve, reject);
    });
  }

  /** Whether it is known now who has the version. */
  async #attempt(unit: StoredUnit<Change>): Promise<boolean> {
    try {
      if (await this.#options.units.add(unit)) this.#learn(unit);
      else await this.#lookOnce();
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== "UNAVAILABLE") throw error;
    }
    return this.#known.version >= unit.version;
  }

  async #look(): Promise<void> {
    for (;;) {
      this.#refuseIfEnded();
      const known = this.#known;
      const found = await this.#options.units.after(known.version, UNITS_A_LOOK);
      this.#noticeOtherHistory(known, found);
      for (const unit of found.units) this.#learn(unit);
      if (found.units.length < UNITS_A_LOOK) return;
      await this.#applying;
    }
  }

  #noticeOtherHistory(known: { readonly version: number; readonly id: string | undefined }, found: UnitsAfter<Change>): void {
    const isOlder = found.newestVersion < known.version;
    const isOther = known.id !== undefined && found.id !== undefined && known.id !== found.id;
    const [first] = found.units;
    const isBehind = first !== undefined && first.version !== known.version + 1;
    if (!isOlder && !isOther && !isBehind) return;
    const facts = { version: known.version, databaseVersion: found.newestVersion };
    const why = isBehind
      ? "This broker was away for so long that the changes of the cluster since then are not kept any more: start it again"
      : "The database was brought back to an earlier state than this broker has seen: start the brokers again when it is as it shall be";
    this.#end = new StorageError("DATABASE_UNFIT", why, facts);
    this.#options.logger.error(facts, `${why}; until then it changes nothing`);
    throw this.#end;
  }

  #learn(unit: StoredUnit<Change>): void {
    if (unit.version !== this.#known.version + 1) return;
    this.#known = unit;
    if (this.#contested?.version === unit.version) this.#contested.takenBy = unit.id;
    this.#coming.push(unit);
    this.#applying ??= this.#apply().finally(() => {
      this.#applying = undefined;
    });
  }

  async #apply(): Promise<void> {
    for (let unit = this.#coming.shift(); unit !== undefined; unit = this.#coming.shift()) {
      try {
        if (this.#options.mayMoveLeaderships(unit.changes)) await this.#listeners.take("coming", unit);
        await this.#listeners.take("applied", unit);
      } catch (error) {
        this.#options.logger.error({ err: error, version: unit.version }, "could not apply a change of the cluster");
      }
    }
  }

  #lookLater(): void {
    this.#lookTimer = this.#options.clock.after(LOOK_INTERVAL_MS, () => {
      // What does not answer is in the log by whoever asks it.
      this.look()
        .catch(() => undefined)
        .finally(() => {
          if (this.#end === undefined) this.#lookLater();
        });
    });
  }

  async #keepSnapshot(version: number): Promise<void> {
    try {
      const history = await this.#options.units.history(version);
      if (history === undefined) return;
      const { snapshot, newer } = history;
      await this.#options.units.keepSnapshot(version, this.#options.compact([...snapshot, ...newer], newer));
    } catch (error) {
      this.#options.logger.warn({ err: error, version }, "could not keep the history of the cluster's metadata in short");
    }
  }

  #pause(): Promise<void> {
    const delayMs = RETRY_DELAY_MS * (0.5 + this.#options.random.positiveInt32() / 2 ** 31);
    return new Promise((resolve) => this.#options.clock.after(delayMs, resolve));
  }

  #refuseIfEnded(): void {
    if (this.#end !== undefined) throw this.#end;
  }
}
