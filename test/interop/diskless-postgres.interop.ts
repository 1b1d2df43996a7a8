// Metadata and leases in a real PostgreSQL keep the contracts that those in memory keep.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
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
      };
    }));
});
