// Brokers of many machines as their engines are: over one bucket and one catalog in memory, each with a network of its own.

import { silentLogger } from "../../src/base/logger.ts";
import { systemRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { DisklessEngine } from "../../src/diskless/diskless-engine.ts";
import type { DisklessSettings } from "../../src/diskless/settings.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { spec } from "../log/support.ts";
import { Link } from "./fakes/link.ts";
import { MemoryCatalogRows } from "./fakes/memory-catalog.ts";
import { MemoryBucket, type MemoryObjectStore } from "./fakes/memory-object-store.ts";

const SETTINGS: DisklessSettings = {
  appendLingerMs: 250,
  appendMaxBytes: 8 * 1024 * 1024,
  cacheBytes: 64 * 1024 * 1024,
  cacheDirectory: undefined,
  pendingMaxBytes: 64 * 1024 * 1024,
  objectGraceMs: 600_000,
  upkeepIntervalMs: 30_000,
};

export interface Machine {
  readonly engine: DisklessEngine;
  readonly store: MemoryObjectStore;
  /** To the database. */
  readonly link: Link;
  /** Opened with a leader epoch. */
  open(leaderEpoch?: number, partition?: number): Promise<PartitionLog>;
}

export class Machines {
  readonly clock = new VirtualClock();
  readonly bucket = new MemoryBucket();
  readonly rows = new MemoryCatalogRows();
  #lastIncarnation = 0;

  start(settings: Partial<DisklessSettings> = {}): Machine {
    const number = ++this.#lastIncarnation;
    const link = new Link();
    const store = this.bucket.client({ clock: this.clock });
    const catalog = link.to(this.rows.catalog({ brokerId: number, number }));
    const options = {
      store,
      clusterId: "BAAAAAAAAAAAAAAAAAAAAA",
      prefix: "",
      settings: { ...SETTINGS, ...settings },
      producerIdExpirationMs: () => 86_400_000,
      clock: this.clock,
      random: systemRandom,
      logger: silentLogger,
    };
    const engine = new DisklessEngine(options, number, catalog);
    const open = (leaderEpoch = 0, partition = 0) => engine.open({ ...spec({}, partition), leaderEpoch });
    return { engine, store, link, open };
  }

  /** Time passes until the log is durable. */
  async settled(log: PartitionLog): Promise<void> {
    for (let turns = 0; log.durableOffset < log.logEndOffset; turns++) {
      if (turns > 1000) throw new Error(`not durable: ${log.durableOffset} of ${log.logEndOffset}`);
      await this.pass(1);
    }
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }
}
