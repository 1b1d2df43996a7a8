// Brokers of many machines as their engines are: over one bucket and one catalog in memory, each with a network of its own.

import { silentLogger } from "../../src/base/logger.ts";
import { systemRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { DisklessEngine } from "../../src/diskless/diskless-engine.ts";
import type { Incarnation, Leases } from "../../src/diskless/leases.ts";
import type { DisklessSettings } from "../../src/diskless/settings.ts";
import { claimPrefix } from "../../src/diskless/upkeep/cluster-marker.ts";
import type { MergeLimits } from "../../src/diskless/upkeep/merger.ts";
import { Upkeep } from "../../src/diskless/upkeep/upkeep.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { spec } from "../log/support.ts";
import { Link } from "./fakes/link.ts";
import { MemoryCatalogRows } from "./fakes/memory-catalog.ts";
import { MemoryBucket, type MemoryObjectStore } from "./fakes/memory-object-store.ts";
import { MemoryUpkeepRows } from "./fakes/memory-upkeep.ts";

const CLUSTER_ID = "BAAAAAAAAAAAAAAAAAAAAA";
const DATABASE_ID = "a database";

const SETTINGS: DisklessSettings = {
  appendLingerMs: 250,
  appendMaxBytes: 8 * 1024 * 1024,
  cacheBytes: 64 * 1024 * 1024,
  cacheDirectory: undefined,
  cacheDiskBytes: 0,
  pendingMaxBytes: 64 * 1024 * 1024,
  objectGraceMs: 600_000,
  // By itself it does nothing within a test.
  upkeepIntervalMs: 1e12,
};

export interface Machine {
  readonly engine: DisklessEngine;
  readonly store: MemoryObjectStore;
  /** To the database. */
  readonly link: Link;
  readonly upkeep: Upkeep;
  readonly incarnation: Incarnation;
  /** Opened with a leader epoch. */
  open(leaderEpoch?: number, partition?: number): Promise<PartitionLog>;
}

export class Machines {
  readonly clock = new VirtualClock();
  readonly bucket = new MemoryBucket();
  readonly rows = new MemoryCatalogRows();
  readonly upkeepRows = new MemoryUpkeepRows(this.rows, () => this.clock.now());
  /** Of incarnations that live. */
  readonly living = new Set<number>();
  /** Topics that are in no image. */
  readonly deletedTopics = new Set<string>();
  #lastIncarnation = 0;

  start(settings: Partial<DisklessSettings> = {}, mergeLimits: Partial<MergeLimits> = {}): Machine {
    const number = ++this.#lastIncarnation;
    const link = new Link();
    const store = this.bucket.client({ clock: this.clock });
    const incarnation = { brokerId: number, number };
    this.living.add(number);
    const catalog = link.to(this.rows.catalog(incarnation));
    const options = {
      store,
      location: "s3://bucket",
      clusterId: CLUSTER_ID,
      prefix: "",
      settings: { ...SETTINGS, ...settings },
      producerIdExpirationMs: () => 86_400_000,
      clock: this.clock,
      random: systemRandom,
      logger: silentLogger,
    };
    const upkeep = new Upkeep({
      ...options,
      catalog,
      upkeepCatalog: link.to(this.upkeepRows.catalog(incarnation)),
      leases: link.to(this.#leases()),
      incarnation: number,
      databaseId: DATABASE_ID,
      knownPartitions: async () => (key) => !this.deletedTopics.has(key.topicId),
      intervalMs: () => options.settings.upkeepIntervalMs,
      graceMs: () => options.settings.objectGraceMs,
      mergeLimits,
    });
    const engine = new DisklessEngine(options, { incarnation: number, catalog, upkeep });
    const open = (leaderEpoch = 0, partition = 0) => engine.open({ ...spec({}, partition), leaderEpoch });
    return { engine, store, link, upkeep, incarnation, open };
  }

  /** The objects are this database's, as a start sees to. */
  async claim(databaseId = DATABASE_ID): Promise<void> {
    await claimPrefix({ store: this.bucket.client({ clock: this.clock }), base: CLUSTER_ID, databaseId });
  }

  /** The incarnation has ended, and its process is gone. */
  end({ incarnation, store, upkeep, link }: Machine): void {
    this.rows.end(incarnation);
    this.living.delete(incarnation.number);
    link.isCutOff = true;
    store.cutOff();
    upkeep.stop();
  }

  #leases(): Leases {
    const absent = () => Promise.reject(new Error("not needed here"));
    const list = async () =>
      Array.from({ length: this.#lastIncarnation }, (_, index) => {
        const number = index + 1;
        return { brokerId: number, number, remainingMs: 1000, isEnded: !this.living.has(number) };
      });
    return { claim: absent, renew: absent, fence: absent, release: absent, list, passOver: absent };
  }

  /** Time passes until it is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (let turns = 0; !isDone; turns++) {
      if (turns > 100_000) throw new Error("it does not end");
      await this.pass(1);
    }
    return done;
  }

  /** Time passes until the log is durable. */
  async settled(log: PartitionLog): Promise<void> {
    for (let turns = 0; log.durableOffset < log.logEndOffset; turns++) {
      // Longer than anything is put off after failures.
      if (turns > 5000) throw new Error(`not durable: ${log.durableOffset} of ${log.logEndOffset}`);
      await this.pass(1);
    }
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }
}
