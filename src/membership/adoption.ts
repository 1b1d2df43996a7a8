// Makes the objects of a cluster those of a database to which it was moved by a dump. The marker beside the objects names the database that they
// belong to (cluster-marker.ts), and a copy has another name: its brokers do not start, since the original's may run. Whoever knows that
// they never will again says so here, while no broker of the copy runs.
//
// What the original did after the dump is not in the copy. Objects that it deleted are missing, which is looked for first. Those that it made are
// nobody's, and deleted in time. And incarnations that it gave out must not be given out again, since keys of objects are made of them: a
// cache, or a put that arrives late, would take one for the other. So their numbers go on far behind.

import type { ObjectStore } from "../base/object-store.ts";
import type { Change } from "../cluster/image.ts";
import type { ClusterDatabase } from "../diskless/cluster-database.ts";
import { baseOf, KEY_PREFIX } from "../diskless/object-keys.ts";
import { ownerOf, takePrefix } from "../diskless/upkeep/cluster-marker.ts";
import type { Usage } from "../diskless/usage.ts";

export interface AdoptionOptions {
  readonly store: ObjectStore;
  readonly database: Pick<ClusterDatabase<Change>, "clusterId" | "databaseId" | "leases" | "usage">;
}

/**
 * "absent": nothing there is of this cluster. "ours": they are this database's already. "served": brokers have leases in this database, as long
 * as that. "foreign": they may be adopted; `owner` is the name of the other database.
 */
export type AdoptionCase =
  | { readonly kind: "absent" | "ours" }
  | { readonly kind: "served"; readonly brokers: readonly number[]; readonly remainingMs: number }
  | { readonly kind: "foreign"; readonly owner: string; readonly namedCount: number; readonly missingCount: number };

/** More than brokers are started, in the time that a dump is old. */
const PASSED_OVER = 1_000_000;
const PAGE = 1000;

/** Changes nothing. Rejects with StorageError and ObjectStoreError. */
export async function adoptionCase({ store, database }: AdoptionOptions): Promise<AdoptionCase> {
  const { clusterId, databaseId, leases, usage } = database;
  const base = baseOf(KEY_PREFIX, clusterId);
  const owner = await ownerOf({ store, base, databaseId });
  if (owner === undefined) return { kind: "absent" };
  if (owner.kind === "ours") return { kind: "ours" };
  const living = (await leases.list()).filter(({ isEnded, remainingMs }) => !isEnded && remainingMs >= 0);
  if (living.length > 0) {
    const remainingMs = Math.max(...living.map((lease) => lease.remainingMs));
    return { kind: "served", brokers: living.map(({ brokerId }) => brokerId), remainingMs };
  }
  return { kind: "foreign", owner: owner.databaseId, ...(await countMissing(usage, keysIn(store, `${base}/`))) };
}

/** For a case "foreign". Rejects with StorageError and ObjectStoreError; it may then be done again. */
export async function adopt({ store, database }: AdoptionOptions): Promise<void> {
  const { clusterId, databaseId, leases } = database;
  await leases.passOver(PASSED_OVER);
  await takePrefix({ store, base: baseOf(KEY_PREFIX, clusterId), databaseId });
}

/** Goes through both side by side: they have one order. */
async function countMissing(usage: Usage, stored: AsyncGenerator<string>): Promise<{ namedCount: number; missingCount: number }> {
  let [namedCount, missingCount] = [0, 0];
  let there = await stored.next();
  for (let page = await usage.namedKeys("", PAGE); page.length > 0; page = await usage.namedKeys(page.at(-1) ?? "", PAGE)) {
    for (const key of page) {
      while (there.done !== true && there.value < key) there = await stored.next();
      namedCount++;
      if (there.done === true || there.value !== key) missingCount++;
    }
  }
  return { namedCount, missingCount };
}

async function* keysIn(store: ObjectStore, prefix: string): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const { objects, isTruncated } = await store.list(prefix, after);
    for (const { key } of objects) yield key;
    after = isTruncated ? objects.at(-1)?.key : undefined;
  } while (after !== undefined);
}
