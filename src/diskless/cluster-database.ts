// What the brokers of a cluster share beside the object store, as one process has it.

import type { MetadataStore } from "../storage/metadata-store.ts";
import type { Catalog } from "./catalog.ts";
import type { Incarnation, Leases } from "./leases.ts";
import type { UpkeepCatalog } from "./upkeep/upkeep-catalog.ts";
import type { Usage } from "./usage.ts";

export interface ClusterDatabase<Change> {
  /** Made by the first who opened the database. */
  readonly clusterId: string;
  /** What a copy of the database does not have in common with the original. */
  readonly databaseId: string;
  readonly metadata: MetadataStore<Change>;
  readonly leases: Leases;
  readonly usage: Usage;
  catalog(incarnation: Incarnation): Catalog;
  upkeepCatalog(incarnation: Incarnation): UpkeepCatalog;
  close(): Promise<void>;
}
