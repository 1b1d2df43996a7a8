// Units of metadata as rows. Adding one is a statement that also wakes the others; it is refused by the primary key, or because it would not
// follow the newest. Reading has a connection of its own, which listens, so that it never waits behind a commit.

import type { History, MetadataUnits, StoredUnit, UnitsAfter } from "../metadata-units.ts";
import { Connection, type ConnectionTerms } from "./connection.ts";

const CHANNEL = "odradek_metadata";

/** Older units stay for so long after a snapshot: for brokers that were cut off meanwhile. */
const KEPT_FOR = "1 day";

const ADD = `
  WITH unit AS (
    INSERT INTO odradek.metadata_unit (version, unit_id, changes)
    SELECT $1::bigint, $2::uuid, $3::json WHERE $1 = 1 + (SELECT coalesce(max(version), 0) FROM odradek.metadata_unit)
    ON CONFLICT (version) DO NOTHING RETURNING version
  )
  SELECT version, pg_notify('${CHANNEL}', version::text) FROM unit`;

const AFTER = `
  SELECT newest, seen.unit_id AS "seenId", unit.version, unit.unit_id AS id, unit.changes
  FROM (SELECT coalesce(max(version), 0) AS newest FROM odradek.metadata_unit) AS state
  LEFT JOIN odradek.metadata_unit AS seen ON seen.version = $1
  LEFT JOIN (SELECT * FROM odradek.metadata_unit WHERE version > $1 ORDER BY version LIMIT $2) AS unit ON true
  ORDER BY unit.version`;

const HISTORY = `
  WITH base AS (SELECT version, changes FROM odradek.metadata_snapshot WHERE version <= $1 ORDER BY version DESC LIMIT 1)
  SELECT version, changes, true AS "isSnapshot" FROM base
  UNION ALL
  (SELECT version, changes, false FROM odradek.metadata_unit
    WHERE version > coalesce((SELECT version FROM base), 0) AND version <= $1 ORDER BY version)`;

const KEEP_SNAPSHOT = `
  WITH kept AS (
    INSERT INTO odradek.metadata_snapshot (version, changes) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING RETURNING version
  ), old_snapshots AS (
    DELETE FROM odradek.metadata_snapshot WHERE version < (SELECT version FROM kept) AND made_at < clock_timestamp() - interval '${KEPT_FOR}'
  )
  DELETE FROM odradek.metadata_unit WHERE version < (SELECT version FROM kept) AND committed_at < clock_timestamp() - interval '${KEPT_FOR}'`;

interface UnitRow<Change> {
  readonly newest: number;
  readonly seenId: string | null;
  readonly version: number | null;
  readonly id: string;
  readonly changes: readonly Change[];
}

interface HistoryRow<Change> {
  readonly version: number;
  readonly changes: readonly Change[];
  readonly isSnapshot: boolean;
}

export class PostgresMetadataUnits<Change> implements MetadataUnits<Change> {
  readonly #writing: Connection;
  readonly #following: Connection;

  /** @param onNews called when there may be others than before, with the newest version if it was said */
  constructor(terms: ConnectionTerms, onNews: (version?: number) => void) {
    this.#writing = new Connection(terms, { purpose: "metadata commits", timeoutMs: 3_000 });
    this.#following = new Connection(terms, {
      ...{ purpose: "metadata news", timeoutMs: 3_000, channel: CHANNEL },
      onNotification: (version) => onNews(version === undefined ? undefined : Number(version)),
    });
  }

  async add({ version, id, changes }: StoredUnit<Change>): Promise<boolean> {
    const rows = await this.#writing.query({ text: ADD, values: [version, id, JSON.stringify(changes)], name: "add unit" });
    return rows.length > 0;
  }

  async after(version: number, limit: number): Promise<UnitsAfter<Change>> {
    const rows = await this.#following.query<UnitRow<Change>>({ text: AFTER, values: [version, limit], name: "units after" });
    const units = rows.flatMap((row) => (row.version === null ? [] : [{ version: row.version, id: row.id, changes: row.changes }]));
    return { units, newestVersion: rows[0]?.newest ?? 0, id: rows[0]?.seenId ?? undefined };
  }

  async history(version: number): Promise<History<Change> | undefined> {
    const rows = await this.#writing.query<HistoryRow<Change>>({ text: HISTORY, values: [version] }, LONG_MS);
    const base = rows.find(({ isSnapshot }) => isSnapshot);
    const units = rows.filter(({ isSnapshot }) => !isSnapshot);
    if ((base?.version ?? 0) + units.length !== version) return undefined;
    return { snapshot: base?.changes ?? [], newer: units.flatMap(({ changes }) => changes) };
  }

  async keepSnapshot(version: number, changes: readonly Change[]): Promise<void> {
    await this.#writing.query({ text: KEEP_SNAPSHOT, values: [version, JSON.stringify(changes)] }, LONG_MS);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writing.close(), this.#following.close()]);
  }
}

/** For what reads or writes the whole history. */
const LONG_MS = 20_000;
