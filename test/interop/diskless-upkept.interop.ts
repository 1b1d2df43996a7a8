// Engines with their upkeep over a real database and a real object store: what was appended is read while it is put together, and what
// nothing is left of is deleted.

import { afterAll, describe, expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { DisklessEngine } from "../../src/diskless/diskless-engine.ts";
import { baseOf } from "../../src/diskless/object-keys.ts";
import { openPostgresDatabase } from "../../src/diskless/postgres/database.ts";
import { S3ObjectStore } from "../../src/diskless/s3/s3-object-store.ts";
import { claimPrefix } from "../../src/diskless/upkeep/cluster-marker.ts";
import { Upkeep } from "../../src/diskless/upkeep/upkeep.ts";
import { append, batchOf, readAll, spec } from "../log/support.ts";
import { type Database, hasServices, type ObjectStoreService, startDatabase, startObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";

const DATABASE_PORT = port(20144);
const STORE_PORT = port(20146);
const LOGS = 10;
const ROUNDS = 12;

describe.skipIf(!hasServices())("logs in PostgreSQL and an object store", () => {
  const services: (Database | ObjectStoreService)[] = [];
  afterAll(async () => {
    for (const service of services) await service.stop();
  });

  test("are put together, and rid of what nothing is left of, while they are read", async () => {
    const [service, objects] = [await startDatabase(DATABASE_PORT), await startObjectStore(STORE_PORT)];
    services.push(service, objects);
    const common = { clock: systemClock, random: systemRandom, logger: silentLogger };
    const database = await openPostgresDatabase<string>({
      ...{ ...common, url: service.urlOf("odradek"), mayForget: true },
      ...{ compact: (changes: readonly string[]) => changes, mayMoveLeaderships: () => false },
    });
    const environment = objects.environment(STORE_PORT);
    const store = await S3ObjectStore.open({ ...common, location: `s3://${objects.bucket}`, environment });
    const { clusterId, databaseId } = database;
    await claimPrefix({ store, base: baseOf("", clusterId), databaseId });
    const incarnation = await database.leases.claim({}, 600_000);
    const options = { ...common, store, location: "s3://bucket", clusterId, prefix: "" };
    const catalog = database.catalog(incarnation);
    const upkeep = new Upkeep({
      ...{ ...options, catalog, databaseId, leases: database.leases, incarnation: incarnation.number },
      upkeepCatalog: database.upkeepCatalog(incarnation),
      knownPartitions: async () => () => true,
      intervalMs: () => 100,
      graceMs: () => 300,
      mergeLimits: { waitMs: 200, objectsAtOnce: 3 },
    });
    const settings = {
      ...{
        appendLingerMs: 10,
        appendMaxBytes: 1_000_000,
        cacheBytes: 0,
        cacheDirectory: undefined,
        cacheDiskBytes: 0,
        pendingMaxBytes: 10_000_000,
      },
      ...{ objectGraceMs: 300, upkeepIntervalMs: 100 },
    };
    const engine = new DisklessEngine(
      { ...options, settings, producerIdExpirationMs: () => 86_400_000 },
      { incarnation: incarnation.number, catalog, upkeep },
    );
    const logs = await Promise.all(Array.from({ length: LOGS }, (_, partition) => engine.open(spec({}, partition))));
    for (let round = 0; round < ROUNDS; round++) {
      for (const log of logs) append(log, batchOf([`${round}`]));
      await Promise.all(logs.map((log) => log.flush()));
      for (const log of logs) expect((await readAll(log)).map(({ value }) => value)).toEqual(expected(round + 1));
    }
    const [first, ...others] = logs;
    await first?.deleteRecordsBefore(ROUNDS);
    const countOf = async () => (await store.list(`${clusterId}/`)).objects.length;
    // The marker, and what the others lie in.
    await expect.poll(countOf, { timeout: 30_000 }).toBeLessThanOrEqual(1 + Math.ceil(ROUNDS / 2));
    for (const log of others) expect((await readAll(log)).map(({ value }) => value)).toEqual(expected(ROUNDS));
    await engine.close();
    await database.close();
    store.close();
  }, 300_000);
});

function expected(count: number): string[] {
  return Array.from({ length: count }, (_, round) => `${round}`);
}
