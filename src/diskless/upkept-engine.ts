// An engine, and the upkeep of the same incarnation: what a broker of a cluster of machines has its records in.

import type { ObjectStore } from "../base/object-store.ts";
import type { LogKey } from "./catalog.ts";
import type { ClusterDatabase } from "./cluster-database.ts";
import { DisklessEngine, type DisklessEngineOptions } from "./diskless-engine.ts";
import type { Incarnation } from "./leases.ts";
import type { MergeLimits } from "./upkeep/merger.ts";
import { Upkeep } from "./upkeep/upkeep.ts";

export interface UpkeptEngineOptions<Change> extends DisklessEngineOptions {
  readonly database: ClusterDatabase<Change>;
  readonly incarnation: Incarnation;
  /** The same store, asked after whatever somebody waits for. */
  readonly upkeepStore: ObjectStore;
  /** Which partitions there are, as of now or later (MetadataStore.look). */
  readonly knownPartitions: () => Promise<(key: LogKey) => boolean>;
  readonly mergeLimits?: Partial<MergeLimits>;
}

/** Upkeep begins, and ends when the engine is closed. Nothing is deleted unless the store's marker says whose it is (cluster-marker.ts). */
export function openUpkeptEngine<Change>(options: UpkeptEngineOptions<Change>): DisklessEngine {
  const { database, incarnation, upkeepStore, settings } = options;
  const catalog = database.catalog(incarnation);
  const upkeep = new Upkeep({
    ...options,
    catalog,
    upkeepCatalog: database.upkeepCatalog(incarnation),
    leases: database.leases,
    store: upkeepStore,
    incarnation: incarnation.number,
    databaseId: database.databaseId,
    intervalMs: () => settings.upkeepIntervalMs,
    graceMs: () => settings.objectGraceMs,
  });
  return new DisklessEngine(options, incarnation.number, catalog, upkeep);
}
