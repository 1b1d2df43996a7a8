// Metadata and leases in a real PostgreSQL keep the contracts that those in memory keep.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import { ID_REST_MS } from "../../src/diskless/leases.ts";
import { leaseContract } from "../diskless/contracts/leases.ts";
import { metadataContract } from "../diskless/contracts/metadata-store.ts";
import { port } from "./port.ts";
import { heal, PostgresProcesses, until } from "./postgres-processes.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(24010);
const TTL_MS = 1_000;
const PROCESSES = 8;

describe.skipIf(!hasPostgresReference())("in PostgreSQL", () => {
  let server: PostgresServer | undefined;
  let processes: PostgresProcesses;
  beforeAll(async () => {
    server = await PostgresServer.start(PORT);
    processes = new PostgresProcesses(server);
  });
  afterAll(async () => {
    await processes.closeAll();
    await server?.stop();
  });

  describe("metadata that processes share", () =>
    metadataContract(async () => {
      await processes.newDatabase();
      return {
        open: async () => {
          const { database, line } = await processes.open();
          const way = { cut: () => line.set("silent"), deafen: () => line.set("no answers"), heal: () => heal(line) };
          return { store: database.metadata, way };
        },
        until,
        end: () => processes.closeAll(),
      };
    }));

  test("connections of an incarnation are gone when its catalogs are closed, and nobody is asked over them any more", async () => {
    await processes.newDatabase();
    const { database } = await processes.open();
    const incarnation = await database.leases.claim({}, 60_000);
    const [catalog, upkeep] = [database.catalog(incarnation), database.upkeepCatalog(incarnation)];
    const key = { topicId: Buffer.alloc(16, 1).toString("base64url"), partition: 0 };
    await catalog.open([{ ...key, leaderEpoch: 0 }]);
    await catalog.segments(1, 0, 1);
    await upkeep.objectIds(0, 1);
    const text = "SELECT application_name AS name FROM pg_stat_activity WHERE application_name LIKE 'odradek broker %' AND datname = $1";
    const asked = server?.connect("test");
    const datname = new URL(processes.url).pathname.slice(1);
    const names = async () => (await asked?.query<{ name: string }>({ text, values: [datname] }))?.map(({ name }) => name).sort() ?? [];
    const owner = `odradek broker ${incarnation.brokerId}, incarnation ${incarnation.number}:`;
    expect(await names()).toEqual([`${owner} changes`, `${owner} reads`, `${owner} upkeep`]);
    await Promise.all([catalog.close(), upkeep.close()]);
    await until(async () => (await names()).length === 0);
    await expect(catalog.segments(1, 0, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await processes.closeAll();
  });

  describe("leases", () =>
    leaseContract(async () => {
      await processes.closeAll();
      await processes.newDatabase();
      const first = (await processes.open()).database.leases;
      const views = [
        first,
        ...(await Promise.all(Array.from({ length: PROCESSES - 1 }, async () => (await processes.open()).database.leases))),
      ];
      let next = 0;
      return {
        leases: () => views[next++ % PROCESSES] ?? first,
        ttlMs: TTL_MS,
        passTtl: async () => {
          const remaining = (await first.list()).map(({ remainingMs }) => remainingMs);
          await delay(Math.max(0, ...remaining) + 5);
        },
        passRest: () =>
          processes.alter(`UPDATE odradek.lease SET lease_until = lease_until - interval '${ID_REST_MS + TTL_MS} ms' WHERE is_ended`),
      };
    }));
});
