// What befalls a database, and what those make of it who follow metadata and hold leases there: connections break, the server is killed, a
// backend stands still, others hold locks, the database is not what it was or not what it should be.

import net from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import type { KeyValue } from "../diskless/contracts/metadata-store.ts";
import { port } from "./port.ts";
import { PostgresProcesses, until } from "./postgres-processes.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(24030);
const LONG_MS = 60_000;

const set = (key: string, value: unknown): KeyValue => ({ key, value });

let server: PostgresServer;
let processes: PostgresProcesses;

describe.skipIf(!hasPostgresReference())("a database", () => {
  beforeAll(async () => {
    server = await PostgresServer.start(PORT);
    processes = new PostgresProcesses(server);
  });
  afterAll(() => server?.stop());
  beforeEach(() => processes.newDatabase());
  afterEach(() => processes.closeAll());

  describe("at its opening", opening);
  describe("that is in use", faults);
});

function opening(): void {
  test("is set up by all who come first, at once, and has one id", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => processes.open()));
    expect(new Set(all.map(({ database }) => database.clusterId)).size).toBe(1);
    const { database } = await processes.open();
    expect(database.clusterId).toBe(all[0]?.database.clusterId);
    expect(database.clusterId).toMatch(/^[\w-]{22}$/);
  });

  test("has the id that it was given, and is nobody else's", async () => {
    expect((await processes.open({ clusterId: "ours" })).database.clusterId).toBe("ours");
    expect((await processes.open()).database.clusterId).toBe("ours");
    await expect(processes.open({ clusterId: "theirs" })).rejects.toMatchObject({
      code: "DATABASE_UNFIT",
      message: "The database is that of another cluster: ours, not theirs",
    });
  });

  test("is refused in a sentence when a newer odradek set it up", async () => {
    await processes.open();
    await processes.alter("INSERT INTO odradek.schema_version (number, name) VALUES (99, 'of the future')");
    await expect(processes.open()).rejects.toMatchObject({ code: "DATABASE_UNFIT", message: expect.stringContaining("newer odradek") });
  });

  test.each([
    ["synchronous_commit = off", "DATABASE_UNFIT", "synchronous_commit off"],
    ["default_transaction_read_only = on", "UNAVAILABLE", "read-only"],
  ])("with %s is refused in a sentence", async (setting, code, message) => {
    const name = new URL(processes.url).pathname.slice(1);
    await processes.alter(`ALTER DATABASE ${name} SET ${setting}`);
    await expect(processes.open()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    if (code === "DATABASE_UNFIT") await processes.open({ mayForget: true });
  });

  test("that is not there is said to be so", async () => {
    const url = new URL(processes.url);
    url.pathname = "/nowhere";
    const unavailable = { name: "StorageError", code: "UNAVAILABLE" };
    await expect(processes.open({ url: url.href })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('"nowhere"'),
    });
    url.port = "1";
    await expect(processes.open({ url: url.href })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
}

function faults(): void {
  test("behind a pooler is used without what a pooler does not have, and it is said once", async () => {
    const pooler = await startPooler();
    const url = new URL(processes.url);
    url.port = String(pooler.port);
    const [one, other] = [await processes.open({ url: url.href }), await processes.open()];
    expect(await other.database.metadata.commit([set("a", 1)], 0)).toBe(true);
    await until(() => one.database.metadata.version === 1);
    expect(await one.database.metadata.commit([set("a", 2)], 1)).toBe(true);
    const incarnation = await one.database.leases.claim({}, LONG_MS);
    expect((await one.database.leases.renew(incarnation, LONG_MS)).isHeld).toBe(true);
    expect(one.log.map(({ message }) => message)).toEqual([expect.stringContaining("a pooler stands before the database")]);
    await processes.closeAll();
    await pooler.close();
  });

  test("is gone while its server is killed: all is rejected in time, said once, and goes on by itself", async () => {
    const { database, log } = await processes.open();
    const { metadata, leases } = database;
    const incarnation = await leases.claim({ brokerId: 1 }, LONG_MS);
    await metadata.commit([set("a", 1)], 0);
    await server.kill();
    await expect(metadata.commit([set("a", 2)], 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(leases.renew(incarnation, LONG_MS)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(database.health.awaySince).toBeDefined();
    await server.resume();
    await until(async () => metadata.commit([set("a", 3)], metadata.version).catch(() => false));
    await until(() =>
      leases.renew(incarnation, LONG_MS).then(
        ({ isHeld }) => isHeld,
        () => false,
      ),
    );
    expect((await metadata.load()).at(-1)).toEqual(set("a", 3));
    await until(() => database.health.awaySince === undefined);
    expect(log.map(({ message }) => message)).toEqual(["a store does not answer", "a store answers again"]);
    expect(log[0]?.facts["store"]).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/shared/);
  });

  test("breaks connections, time and again, and loses nothing that was acknowledged", async () => {
    const [one, other] = [await processes.open(), await processes.open()];
    const versions: number[] = [];
    other.database.metadata.subscribe((_, version) => versions.push(version));
    const { metadata } = one.database;
    for (let round = 0; round < 20; round++) {
      const commit = metadata.commit([set("round", round)], round);
      if (round % 2 === 0) one.line.breakConnections();
      else other.line.breakConnections();
      expect(await commit).toBe(true);
    }
    await until(() => versions.length === 20);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test("with a backend that stands still is reached by another, and what the first does later counts no more", async () => {
    const { database } = await processes.open({ commitTimeoutMs: 10_000 });
    const { metadata } = database;
    await metadata.commit([set("a", 1)], 0);
    const administrator = await processes.administer();
    const text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'odradek metadata commits'";
    const [backend] = await administrator.query<{ pid: number }>({ text }, LONG_MS);
    const pid = backend?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      expect(await metadata.commit([set("a", 2)], 1)).toBe(true);
      expect(await metadata.commit([set("a", 3)], 2)).toBe(true);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await until(async () => !(await administrator.query<{ pid: number }>({ text }, LONG_MS)).some((each) => each.pid === pid));
    await administrator.end();
    expect([metadata.version, (await metadata.load()).map(({ value }) => value)]).toEqual([3, [1, 2, 3]]);
  });

  test("whose units are locked rejects commits in time, while leases are renewed as ever", async () => {
    const { database } = await processes.open();
    const { metadata, leases } = database;
    const incarnation = await leases.claim({ brokerId: 1 }, LONG_MS);
    const administrator = await processes.administer("BEGIN", "LOCK TABLE odradek.metadata_unit IN ACCESS EXCLUSIVE MODE");
    const commit = expect(metadata.commit([set("a", 1)], 0)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const before = performance.now();
    for (let renewals = 0; renewals < 50; renewals++) expect((await leases.renew(incarnation, LONG_MS)).isHeld).toBe(true);
    expect(performance.now() - before).toBeLessThan(2_500);
    await commit;
    await administrator.end();
    await until(() => metadata.commit([set("a", 1)], metadata.version).catch(() => false));
  });

  test("that was brought back to an earlier state is noticed, and nothing is built on it", async () => {
    const { database, log } = await processes.open();
    const { metadata } = database;
    for (let version = 0; version < 3; version++) await metadata.commit([set("a", version)], version);
    await processes.alter("DELETE FROM odradek.metadata_unit WHERE version = 3");
    await until(() => log.some(({ level }) => level === "error"));
    await expect(metadata.commit([set("a", 9)], 3)).rejects.toMatchObject({ code: "DATABASE_UNFIT" });
    expect(log.filter(({ level }) => level === "error").map(({ facts }) => facts)).toEqual([{ version: 3, databaseVersion: 2 }]);
  });

  test("computes a lease when it has its row, however long it waited for it", async () => {
    const { leases } = (await processes.open()).database;
    const incarnation = await leases.claim({ brokerId: 1 }, LONG_MS);
    const administrator = await processes.administer("BEGIN", "SELECT FROM odradek.lease FOR UPDATE");
    const renewal = leases.renew(incarnation, 1_000);
    await administrator.query({ text: "SELECT pg_sleep(1)" }, LONG_MS);
    await administrator.end();
    expect((await renewal).isHeld).toBe(true);
    expect((await leases.list())[0]?.remainingMs).toBeGreaterThan(500);
  });
}

/** As far as a client sees it: another process answers than the one that is said to. */
async function startPooler(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const pooler = net.createServer((client) => {
    const backend = net.connect(PORT, "127.0.0.1");
    backend.on("data", (chunk) => client.write(withAnotherBackendId(chunk)));
    client.pipe(backend);
    for (const socket of [client, backend])
      socket.on("error", () => undefined).on("close", () => [client, backend].map((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => pooler.listen(0, "127.0.0.1", resolve));
  const address = pooler.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () => new Promise((resolve) => pooler.close(() => resolve())),
  };
}

/** BackendKeyData: "K", its length of 12, the process id, and the key. */
function withAnotherBackendId(chunk: Buffer): Buffer {
  const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
  if (at !== -1) chunk.writeInt32BE(chunk.readInt32BE(at + 5) + 1, at + 5);
  return chunk;
}
