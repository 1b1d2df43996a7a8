// What the brokers of a cluster share beside the object store, as one process has it.

import type { MetadataStore } from "../storage/metadata-store.ts";
import type { Catalog } from "./catalog.ts";
import type { Incarnation, Leases } from "./leases.ts";

export interface ClusterDatabase<Change> {
  /** Made by the first who opened the database. */
  readonly clusterId: string;
  readonly metadata: MetadataStore<Change>;
  readonly leases: Leases;
  catalog(incarnation: Incarnation): Catalog;
  close(): Promise<void>;
}
