// Whose objects lie under a prefix: a small object says which database owns them. Of a database that was copied, with the objects of the
// original named in its rows, the copy must not delete anything. It is written by the first who starts, and changed only by whoever is told that
// the original is gone (membership/adoption.ts).

import { type ObjectStore, ObjectStoreError } from "../../base/object-store.ts";

/** "foreign": another database owns what lies there, and `databaseId` is its name. */
export type PrefixOwner = { readonly kind: "ours" } | { readonly kind: "foreign"; readonly databaseId: string };

export interface MarkerOptions {
  readonly store: ObjectStore;
  /** Of everything that the cluster stores, with no slash at its end. */
  readonly base: string;
  /** What a copy of the database does not have in common with the original. */
  readonly databaseId: string;
}

/** Writes the marker where there is none. Rejects with ObjectStoreError. */
export async function claimPrefix(options: MarkerOptions): Promise<PrefixOwner> {
  const owner = await ownerOf(options);
  if (owner !== undefined) return owner;
  await options.store.put(keyOf(options), [Buffer.from(options.databaseId)]);
  // Of two who write at the same time one is later, and both see which.
  return (await ownerOf(options)) ?? { kind: "foreign", databaseId: "" };
}

/** Whoever they belong to by now, they are this database's from now on. Rejects with ObjectStoreError. */
export async function takePrefix(options: MarkerOptions): Promise<void> {
  await options.store.put(keyOf(options), [Buffer.from(options.databaseId)]);
}

/** `undefined` without a marker. Rejects with ObjectStoreError. */
export async function ownerOf(options: MarkerOptions): Promise<PrefixOwner | undefined> {
  try {
    const databaseId = (await options.store.get(keyOf(options))).toString();
    return databaseId === options.databaseId ? { kind: "ours" } : { kind: "foreign", databaseId };
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function keyOf({ base }: MarkerOptions): string {
  return `${base}/owner`;
}
