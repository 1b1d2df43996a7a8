// Deletes objects of which nothing is left. What may be deleted, the database says; the store is asked what there is, and what it answers
// only nominates:
//
//   nothing names it  → marked → the grace has passed → looked at again, under a lock → deleted from the store → forgotten
//
// Two ways lead to a mark. Objects that rows know of are gone through, some at each round. And the store's keys are, seldom: what a broker put
// and could not commit, no row knows. Of an incarnation that has ended, every such key is left over; of one that lives, only those of
// appended objects before the newest that it committed, since it commits in the order of its keys.
//
// A call that failed, and something that was not found, lead to nothing. Whoever still reads an object by rows that he read before has the
// grace to do so.

import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import type { LogKey } from "../catalog.ts";
import type { Leases } from "../leases.ts";
import { incarnationFolder, incarnationIn } from "../object-keys.ts";
import { type MarkerOptions, ownerOf } from "./cluster-marker.ts";
import type { UpkeepCatalog } from "./upkeep-catalog.ts";
import { UpkeepStopped } from "./upkeep-stopped.ts";

export interface CollectorOptions {
  readonly catalog: UpkeepCatalog;
  readonly store: ObjectStore;
  readonly leases: Leases;
  /** Of everything that the cluster stores, with no slash at its end. */
  readonly base: string;
  readonly databaseId: string;
  /** Which partitions there are, as of now or later; asked after the logs were. */
  readonly knownPartitions: () => Promise<(key: LogKey) => boolean>;
  readonly deleteLogs: (keys: readonly LogKey[]) => Promise<void>;
  readonly graceMs: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<CollectLimits>;
}

export interface CollectLimits {
  /** Between two times that all keys in the store are gone through. */
  readonly listingIntervalMs: number;
  /** Between two times that logs of no topic are looked for. */
  readonly strayLogsIntervalMs: number;
}

const COLLECT_LIMITS: CollectLimits = { listingIntervalMs: 60 * 60_000, strayLogsIntervalMs: 10 * 60_000 };

export interface Collected {
  readonly markedCount: number;
  readonly deletedCount: number;
}

const OBJECTS_A_ROUND = 5000;
const PAGE = 1000;
const ROWS_AT_ONCE = 1000;
const PURGES_A_ROUND = 50;
/** Of deleted logs: until every broker knows that they are. Would one not, it made a log of no topic, which is deleted like others. */
const KEPT_ROWS_MS = 60 * 60_000;
const DELETIONS_A_ROUND = 10;

export class Collector {
  readonly #options: CollectorOptions;
  readonly #marker: MarkerOptions;
  readonly #limits: CollectLimits;
  #lastObjectId = 0;
  #listedMs = Number.NEGATIVE_INFINITY;
  #straysMs = Number.NEGATIVE_INFINITY;
  #isForeign = false;
  #isStopped = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#marker = options;
    this.#limits = { ...COLLECT_LIMITS, ...options.limits };
  }

  /** One round. Rejects with ObjectStoreError and StorageError: what was not done is left for another round. */
  async collect(): Promise<Collected> {
    const { clock } = this.#options;
    if (!(await this.#isOwner())) return { markedCount: 0, deletedCount: 0 };
    if (clock.now() - this.#straysMs >= this.#limits.strayLogsIntervalMs) {
      await this.#deleteStrayLogs();
      this.#straysMs = clock.now();
    }
    await this.#purgeDeletedLogs();
    let markedCount = await this.#markUnnamed();
    if (clock.now() - this.#listedMs >= this.#limits.listingIntervalMs) {
      markedCount += await this.#markOrphans();
      this.#listedMs = clock.now();
    }
    return { markedCount, deletedCount: await this.#deleteMarked() };
  }

  stop(): void {
    this.#isStopped = true;
  }

  #checkWanted(): void {
    if (this.#isStopped) throw new UpkeepStopped();
  }

  /** Without a marker nobody said so: nothing is deleted. */
  async #isOwner(): Promise<boolean> {
    const owner = await ownerOf(this.#marker);
    if (owner?.kind === "foreign" && !this.#isForeign)
      this.#options.logger.error(
        { base: this.#options.base, owner: owner.databaseId },
        "the objects belong to another database, which adopted them or of which this one is a copy; nothing is deleted",
      );
    this.#isForeign = owner?.kind === "foreign";
    return owner?.kind === "ours";
  }

  /** Logs of topics that are in no image: who should have deleted them did not get to it. */
  async #deleteStrayLogs(): Promise<void> {
    const { catalog, knownPartitions, deleteLogs, logger } = this.#options;
    let afterId = 0;
    for (;;) {
      this.#checkWanted();
      const logs = await catalog.logs(afterId, PAGE);
      const last = logs.at(-1);
      if (last === undefined) return;
      afterId = last.logId;
      const isKnown = await knownPartitions();
      const strays = logs.filter((log) => !isKnown(log));
      if (strays.length === 0) continue;
      logger.info({ logs: strays.length }, "deleting logs of topics that were deleted");
      await deleteLogs(strays.map(({ topicId, partition }) => ({ topicId, partition })));
    }
  }

  async #purgeDeletedLogs(): Promise<void> {
    for (let count = 0; count < PURGES_A_ROUND; count++) {
      this.#checkWanted();
      if (!(await this.#options.catalog.purgeDeletedLogs(ROWS_AT_ONCE))) break;
    }
    await this.#options.catalog.forgetDeletedLogs(KEPT_ROWS_MS, ROWS_AT_ONCE);
  }

  /** Goes on where the last round ended, and begins anew at the end. */
  async #markUnnamed(): Promise<number> {
    const { catalog } = this.#options;
    let markedCount = 0;
    for (let count = 0; count < OBJECTS_A_ROUND; count += PAGE) {
      this.#checkWanted();
      const ids = await catalog.objectIds(this.#lastObjectId, PAGE);
      this.#lastObjectId = ids.length < PAGE ? 0 : (ids.at(-1) ?? 0);
      if (ids.length > 0) markedCount += await catalog.markUnnamed(ids);
      if (ids.length < PAGE) break;
    }
    return markedCount;
  }

  async #markOrphans(): Promise<number> {
    const { base, catalog } = this.#options;
    const newestCommitted = async (incarnation: number) => (await catalog.newestKey(incarnationFolder(`${base}/o`, incarnation))) ?? "";
    const markedCount = await this.#markOrphansIn(`${base}/o`, newestCommitted);
    // A living broker says itself which of those it has given up.
    return markedCount + (await this.#markOrphansIn(`${base}/m`, async () => ""));
  }

  /** @param newestOf of a living incarnation: the key before which what nothing names is left over */
  async #markOrphansIn(folder: string, newestOf: (incarnation: number) => Promise<string>): Promise<number> {
    const { store, catalog } = this.#options;
    const newest = new Map<number, string>();
    let markedCount = 0;
    let after: string | undefined;
    do {
      this.#checkWanted();
      const { objects, isTruncated } = await store.list(`${folder}/`, after);
      const hasEnded = await this.#judgeIncarnations();
      const orphans: string[] = [];
      for (const { key } of objects) {
        const incarnation = incarnationIn(key, folder);
        const isEnded = incarnation === undefined ? undefined : hasEnded(incarnation);
        if (incarnation === undefined || isEnded === undefined) continue;
        if (!isEnded && !newest.has(incarnation)) newest.set(incarnation, await newestOf(incarnation));
        if (isEnded || key < (newest.get(incarnation) ?? "")) orphans.push(key);
      }
      if (orphans.length > 0) markedCount += await catalog.markKeys(orphans);
      after = isTruncated ? objects.at(-1)?.key : undefined;
    } while (after !== undefined);
    return markedCount;
  }

  /** Asked after the keys were: an incarnation that has a key and no lease has ended. `undefined`: the database never gave it out. */
  async #judgeIncarnations(): Promise<(incarnation: number) => boolean | undefined> {
    const leases = await this.#options.leases.list();
    const newest = Math.max(0, ...leases.map(({ number }) => number));
    const living = new Set(leases.filter(({ isEnded }) => !isEnded).map(({ number }) => number));
    return (incarnation) => (incarnation > newest ? undefined : !living.has(incarnation));
  }

  async #deleteMarked(): Promise<number> {
    const { catalog, store, graceMs } = this.#options;
    let deletedCount = 0;
    for (let count = 0; count < DELETIONS_A_ROUND; count++) {
      const marked = await catalog.markedKeys(graceMs(), PAGE);
      if (marked.length === 0) break;
      this.#checkWanted();
      const confirmed = await catalog.confirmMarked(marked);
      if (confirmed.length === 0) continue;
      const kept = new Set(await store.delete(confirmed));
      const gone = confirmed.filter((key) => !kept.has(key));
      if (gone.length === 0) break;
      await catalog.forgetRemoved(gone);
      deletedCount += gone.length;
    }
    return deletedCount;
  }
}
