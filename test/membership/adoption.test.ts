// A cluster that was moved to another database by a dump: when its objects may be that one's, and what is done for it.

import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { claimPrefix, ownerOf } from "../../src/diskless/upkeep/cluster-marker.ts";
import { adopt, adoptionCase } from "../../src/membership/adoption.ts";
import { Leader, logCommit, newTopicId, objectSegment } from "../diskless/contracts/catalog-bench.ts";
import { MemoryCatalogRows } from "../diskless/fakes/memory-catalog.ts";
import { MemoryLeases } from "../diskless/fakes/memory-leases.ts";
import { MemoryBucket } from "../diskless/fakes/memory-object-store.ts";
import { MemoryUpkeepRows } from "../diskless/fakes/memory-upkeep.ts";

const CLUSTER_ID = "BAAAAAAAAAAAAAAAAAAAAA";
const TTL_MS = 9000;

/** A copy of a database, whose rows name three objects. */
async function copy() {
  const clock = new VirtualClock();
  const rows = new MemoryCatalogRows();
  const store = new MemoryBucket().client({ clock });
  const leases = new MemoryLeases(clock).view();
  const first = await leases.claim({ brokerId: 1 }, TTL_MS);
  const leader = new Leader(rows.catalog(first), first);
  const { logId } = await leader.open(newTopicId(), 0);
  const keys = ["o/0000000001/000000000001-1", "o/0000000001/000000000002-1", "m/0000000001/000000000001"].map(
    (key) => `${CLUSTER_ID}/${key}`,
  );
  for (const [offset, key] of keys.entries()) {
    await store.put(key, [Buffer.from("records")]);
    await leader.commit([logCommit(logId, offset, [objectSegment(0, offset, [1])])], [key]);
  }
  await store.put(`${CLUSTER_ID}/o/0000000002/000000000001-1`, [Buffer.from("made after the copy")]);
  const usage = new MemoryUpkeepRows(rows, () => clock.now()).usage();
  const options = { store, database: { clusterId: CLUSTER_ID, databaseId: "the copy", leases, usage } };
  const owner = (databaseId = "the copy") => ownerOf({ store, base: CLUSTER_ID, databaseId });
  const claim = (databaseId: string) => claimPrefix({ store, base: CLUSTER_ID, databaseId });
  return { clock, leases, first, keys, options, owner, claim, store };
}

test("they are adopted when no broker has a lease, and numbers that the original gave out are not given again", async () => {
  const { clock, leases, first, options, owner, claim } = await copy();
  await claim("the original");
  expect(await adoptionCase(options)).toEqual({ kind: "served", brokers: [1], remainingMs: TTL_MS });
  await clock.advance(TTL_MS + 1);
  expect(await adoptionCase(options)).toEqual({ kind: "foreign", owner: "the original", namedCount: 3, missingCount: 0 });
  expect(await owner()).toEqual({ kind: "foreign", databaseId: "the original" });
  await adopt(options);
  expect(await owner()).toEqual({ kind: "ours" });
  expect(await adoptionCase(options)).toEqual({ kind: "ours" });
  expect((await leases.claim({ brokerId: 1 }, TTL_MS)).number).toBeGreaterThan(first.number + 999_999);
});

test("a broker that gave its lease back does not hinder", async () => {
  const { leases, first, options, claim } = await copy();
  await claim("the original");
  await leases.release(first);
  expect(await adoptionCase(options)).toMatchObject({ kind: "foreign" });
});

test("objects that the original deleted are counted", async () => {
  const { clock, keys, options, claim, store } = await copy();
  await claim("the original");
  await clock.advance(TTL_MS + 1);
  await store.delete([keys[1] ?? "", keys[2] ?? ""]);
  expect(await adoptionCase(options)).toMatchObject({ kind: "foreign", namedCount: 3, missingCount: 2 });
});

test("without a marker nothing there is the cluster's", async () => {
  expect(await adoptionCase((await copy()).options)).toEqual({ kind: "absent" });
});
