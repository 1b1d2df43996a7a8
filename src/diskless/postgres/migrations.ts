// Brings the database's schema to what this version of odradek needs; the first start makes everything. One process at a time, and a
// transaction for each step: who is interrupted leaves a database that the next start goes on with.
//
// To add a step: a file `migrations/0007-name.ts` that exports a Migration with the next number, and its line in MIGRATIONS below. The names of
// functions end in their version (`commit_v2`), and an older one stays for as long as a release that calls it may still run beside:
// brokers are replaced one after another, and the first of the newer ones makes the step while the others go on.

import { StorageError } from "../../storage/storage-error.ts";
import type { Migration } from "./migration.ts";
import { whatBrokersShare } from "./migrations/0001-what-brokers-share.ts";
import { logsAndObjects } from "./migrations/0002-logs-and-objects.ts";
import { upkeep } from "./migrations/0003-upkeep.ts";
import { storeTraffic } from "./migrations/0004-store-traffic.ts";
import { idsOfAddresses } from "./migrations/0005-ids-of-addresses.ts";
import { forgottenLogs } from "./migrations/0006-forgotten-logs.ts";
import type { Session } from "./session.ts";

const MIGRATIONS: readonly Migration[] = [whatBrokersShare, logsAndObjects, upkeep, storeTraffic, idsOfAddresses, forgottenLogs];

/** Any number, as long as it is always the same: of the lock that is held for a step. */
const LOCK = 720_261_130;
const STEP_TIMEOUT_MS = 60_000;

/** Rejects with StorageError: UNAVAILABLE, DATABASE_REFUSED, or DATABASE_UNFIT with a sentence where the schema is newer than known here. */
export async function migrate(session: Session, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const newest = migrations.length;
  // Most starts find everything made, and need no lock.
  if ((await versionOf(session)) !== newest) for (const migration of migrations) await step(session, migration);
  const version = await versionOf(session);
  if (version > newest) throw tooNew(version, newest);
}

async function step(session: Session, { number, name, sql }: Migration): Promise<void> {
  await run(session, "BEGIN");
  await run(session, `SELECT pg_advisory_xact_lock(${LOCK})`);
  if ((await versionOf(session)) < number) {
    if (number === 1) await makeSchema(session);
    await run(session, sql);
    const text = "INSERT INTO odradek.schema_version (number, name) VALUES ($1, $2)";
    await session.query({ text, values: [number, name] }, STEP_TIMEOUT_MS);
  }
  await run(session, "COMMIT");
}

/** Someone else may have made the schema, for a role that must not. */
async function makeSchema(session: Session): Promise<void> {
  const schemas = await run(session, "SELECT FROM pg_namespace WHERE nspname = 'odradek'");
  if (schemas.length === 0) await run(session, "CREATE SCHEMA odradek");
  await run(
    session,
    "CREATE TABLE odradek.schema_version (number int PRIMARY KEY, name text NOT NULL, made_at timestamptz NOT NULL DEFAULT clock_timestamp())",
  );
}

/**
 * 0: nothing was made yet. Asked of the catalog's tables: functions such as to_regclass remember within a transaction that something was
 * missing, and would not see what another made while this one waited for the lock.
 */
async function versionOf(session: Session): Promise<number> {
  const tables = await run(session, "SELECT FROM pg_tables WHERE schemaname = 'odradek' AND tablename = 'schema_version'");
  if (tables.length === 0) return 0;
  const rows = await run(session, "SELECT max(number) AS version FROM odradek.schema_version");
  return Number(rows[0]?.["version"] ?? 0);
}

function run(session: Session, text: string) {
  return session.query({ text }, STEP_TIMEOUT_MS);
}

function tooNew(version: number, newest: number): StorageError {
  return new StorageError(
    "DATABASE_UNFIT",
    `The database was set up by a newer odradek: its schema is version ${version}, this one knows ${newest}; start that version, or a newer one`,
    { version, newest },
  );
}
