// What a broker does, beside serving, for what the cluster has stored: from time to time it puts small objects together and deletes those of which
// nothing is left. All brokers do, and agree through the database on who does what. Each is that of one incarnation. And it tells what its process
// has asked of the store.

import type { Clock, Timer } from "../../base/clock.ts";
import { FailureLog } from "../../base/failure-log.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import type { Catalog, LogKey } from "../catalog.ts";
import type { Leases } from "../leases.ts";
import { baseOf, ObjectKeys } from "../object-keys.ts";
import type { TrafficMeter } from "../store-traffic.ts";
import { type CollectLimits, Collector } from "./collector.ts";
import { type MergeLimits, Merger } from "./merger.ts";
import { SegmentReplacer } from "./segment-replacer.ts";
import type { UpkeepCatalog } from "./upkeep-catalog.ts";
import { UpkeepStopped } from "./upkeep-stopped.ts";

export interface UpkeepOptions {
  readonly catalog: Catalog;
  readonly upkeepCatalog: UpkeepCatalog;
  readonly leases: Leases;
  /** Asked last, after whatever somebody waits for. */
  readonly store: ObjectStore;
  /** Of the process, for all of its terms. */
  readonly traffic?: TrafficMeter | undefined;
  /** Of the keys of objects, with no slash at its end; empty: none. */
  readonly prefix: string;
  readonly clusterId: string;
  readonly incarnation: number;
  /** What a copy of the database does not have in common with the original. */
  readonly databaseId: string;
  /** Which partitions there are, as of now or later. */
  readonly knownPartitions: () => Promise<(key: LogKey) => boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: () => number;
  readonly graceMs: () => number;
  readonly mergeLimits?: Partial<MergeLimits>;
  readonly collectLimits?: Partial<CollectLimits>;
}

const COLLECT_JOB = "collecting";
/** So many intervals after its last round, a broker that had the job has it no longer. */
const JOB_INTERVALS = 3;

export class Upkeep {
  /** Also for the compaction of logs, as is the store. */
  readonly replacer: SegmentReplacer;
  readonly store: ObjectStore;
  readonly #options: UpkeepOptions;
  readonly #merger: Merger;
  readonly #collector: Collector;
  readonly #failures: FailureLog;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { catalog: appended, upkeepCatalog: catalog, prefix, clusterId, incarnation, store, clock, logger } = options;
    this.store = store;
    this.#failures = new FailureLog(logger);
    const keys = new ObjectKeys({ prefix, clusterId, incarnation });
    this.replacer = new SegmentReplacer({ catalog, store, keys, clusterId, incarnation, logger });
    this.#merger = new Merger({ catalog, store, replacer: this.replacer, clock, logger, limits: options.mergeLimits ?? {} });
    this.#collector = new Collector({
      ...options,
      catalog,
      base: baseOf(prefix, clusterId),
      deleteLogs: (logs) => appended.deleteLogs(logs),
      limits: options.collectLimits ?? {},
    });
  }

  /** Rounds from now on, with the interval between two of them. */
  start(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.clock.after(this.#options.intervalMs(), () => {
      void this.round().then(() => this.start());
    });
  }

  /** All that there is to do. Never rejects: failures are logged, and what was not done is left for the next round. */
  async round(): Promise<void> {
    await this.#try("merging", "could not put small objects together", () => this.#merge());
    await this.#try("collecting", "could not delete objects of which nothing is left", () => this.#collect());
    await this.#try("traffic", "could not tell what was asked of the object store", () => this.#tellTraffic());
  }

  /** What is under way ends by itself, where it is: nobody needs to wait for it. */
  stop(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#merger.stop();
    this.#collector.stop();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#options.upkeepCatalog.close();
  }

  async #merge(): Promise<void> {
    while (!this.#isClosed) if (!(await this.#merger.merge())) return;
  }

  /** One broker does it for as long as it is there: it remembers how far it has come. */
  async #collect(): Promise<void> {
    const { upkeepCatalog, logger, intervalMs } = this.#options;
    if (!(await upkeepCatalog.takeJob(COLLECT_JOB, JOB_INTERVALS * intervalMs()))) return;
    const { deletedCount } = await this.#collector.collect();
    if (deletedCount > 0) logger.info({ objects: deletedCount }, "deleted objects of which nothing is left");
  }

  async #tellTraffic(): Promise<void> {
    const { traffic, upkeepCatalog } = this.#options;
    await traffic?.tell((part) => upkeepCatalog.tellTraffic(part));
  }

  async #try(subject: string, failure: string, work: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    try {
      await work();
      this.#failures.worked(subject);
    } catch (error) {
      if (!(error instanceof UpkeepStopped) && !this.#isClosed) this.#failures.failed(subject, error, failure);
    }
  }
}
