// PostgreSQL as the brokers of a process share it with those of others: its schema made or brought up to date, the cluster's id, and what is
// kept there. Metadata, leases and catalogs have connections of their own, so that none waits behind another.

import type { Clock } from "../../base/clock.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system-clock.ts";
import { StorageError } from "../../storage/storage-error.ts";
import type { ClusterDatabase } from "../cluster-database.ts";
import type { Incarnation } from "../leases.ts";
import { StoreHealth } from "../store-health.ts";
import { type UnitMetadataOptions, UnitMetadataStore } from "../unit-metadata-store.ts";
import { PostgresCatalog } from "./catalog.ts";
import { Connection, type ConnectionOptions, type ConnectionTerms } from "./connection.ts";
import { PostgresLeases } from "./leases.ts";
import { PostgresMetadataUnits } from "./metadata-units.ts";
import { migrate } from "./migrations.ts";
import { Session } from "./session.ts";
import { PostgresUpkeepCatalog } from "./upkeep-catalog.ts";
import { PostgresUsage } from "./usage.ts";

export interface PostgresDatabaseOptions<Change>
  extends Pick<UnitMetadataOptions<Change>, "compact" | "mayMoveLeaderships" | "snapshotAfterUnits" | "commitTimeoutMs"> {
  /** postgres://user:password@host:port/database, as libpq has it. */
  readonly url: string;
  /** In Kafka's text form. Default: made at random by the first who opens the database. */
  readonly clusterId?: string;
  /** Also where the database may forget what it acknowledged, since fsync or synchronous_commit is off. */
  readonly mayForget?: boolean;
  /** Facts for the log: what waits while the database does not answer. */
  readonly waiting?: () => object;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** Longest wait of a step of the schema for the one who makes it already. */
const MIGRATION_MS = 60_000;
const CONNECT_MS = 5_000;
/** Of a statement for which nobody waits. */
const UPKEEP_MS = 30_000;
/** A dump that is brought back elsewhere has another; a standby that is promoted has the same. */
const DATABASE_ID = `
  SELECT c.system_identifier || '/' || d.oid AS id FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`;

/** Rejects with StorageError: UNAVAILABLE, DATABASE_REFUSED, or DATABASE_UNFIT, each with a sentence for whoever starts a broker. */
export async function openPostgresDatabase<Change>(options: PostgresDatabaseOptions<Change>): Promise<PostgresDatabase<Change>> {
  const { url, mayForget = false, clock = systemClock, random = systemRandom, logger = silentLogger } = options;
  const terms = { url, mayForget, clock, random, logger, health: new StoreHealth(storeOf(url), clock, logger, options.waiting) };
  const names = await prepare(terms, options.clusterId ?? random.uuid());
  const { clusterId } = names;
  if (options.clusterId !== undefined && options.clusterId !== clusterId)
    throw new StorageError("DATABASE_UNFIT", `The database is that of another cluster: ${clusterId}, not ${options.clusterId}`);
  let store: UnitMetadataStore<Change> | undefined;
  const units = new PostgresMetadataUnits<Change>(terms, (version) => store?.hear(version));
  try {
    store = await UnitMetadataStore.open({ ...options, clock, random, logger, units });
  } catch (error) {
    await units.close();
    throw error;
  }
  return new PostgresDatabase(terms, names, store, units);
}

interface DatabaseNames {
  readonly clusterId: string;
  readonly databaseId: string;
}

export class PostgresDatabase<Change> implements ClusterDatabase<Change> {
  readonly clusterId: string;
  readonly databaseId: string;
  readonly metadata: UnitMetadataStore<Change>;
  readonly leases: PostgresLeases;
  readonly usage: PostgresUsage;
  /** Whether it answers. */
  readonly health: StoreHealth;
  readonly #terms: ConnectionTerms;
  readonly #units: PostgresMetadataUnits<Change>;
  /** Those that nobody has closed. */
  #connections: Connection[] = [];

  constructor(
    terms: ConnectionTerms,
    { clusterId, databaseId }: DatabaseNames,
    metadata: UnitMetadataStore<Change>,
    units: PostgresMetadataUnits<Change>,
  ) {
    this.clusterId = clusterId;
    this.databaseId = databaseId;
    this.metadata = metadata;
    this.leases = new PostgresLeases(terms);
    this.health = terms.health;
    this.#terms = terms;
    this.#units = units;
    this.usage = new PostgresUsage(this.#connect({ purpose: "usage", timeoutMs: UPKEEP_MS }));
  }

  catalog(incarnation: Incarnation): PostgresCatalog {
    const connect = (purpose: string) => this.#connect({ owner: ownerOf(incarnation), purpose });
    return new PostgresCatalog({ commits: connect("commits"), reads: connect("reads"), changes: connect("changes") }, incarnation);
  }

  upkeepCatalog(incarnation: Incarnation): PostgresUpkeepCatalog {
    return new PostgresUpkeepCatalog(this.#connect({ owner: ownerOf(incarnation), purpose: "upkeep", timeoutMs: UPKEEP_MS }), incarnation);
  }

  #connect(options: ConnectionOptions): Connection {
    const connection = new Connection(this.#terms, options);
    this.#connections = [...this.#connections.filter(({ isClosed }) => !isClosed), connection];
    return connection;
  }

  async close(): Promise<void> {
    await this.metadata.close();
    await Promise.all([this.#units.close(), this.leases.close(), ...this.#connections.map((connection) => connection.close())]);
  }
}

function ownerOf({ brokerId, number }: Incarnation): string {
  return `broker ${brokerId}, incarnation ${number}:`;
}

/** The cluster's id is the given one where it had none. */
async function prepare(terms: ConnectionTerms, newClusterId: string): Promise<DatabaseNames> {
  const session = await Session.open({
    ...terms,
    ...{ applicationName: "odradek schema", connectTimeoutMs: CONNECT_MS, statementTimeoutMs: MIGRATION_MS },
  });
  try {
    await migrate(session);
    const text = "INSERT INTO odradek.cluster (cluster_id) VALUES ($1) ON CONFLICT DO NOTHING";
    await session.query({ text, values: [newClusterId] }, CONNECT_MS);
    const [cluster] = await session.query<{ id: string }>({ text: "SELECT cluster_id AS id FROM odradek.cluster" }, CONNECT_MS);
    const [database] = await session.query<{ id: string }>({ text: DATABASE_ID }, CONNECT_MS);
    return { clusterId: cluster?.id ?? newClusterId, databaseId: database?.id ?? "" };
  } finally {
    await session.end();
  }
}

/** Without what nobody is to read in a log. */
function storeOf(url: string): string {
  if (!URL.canParse(url)) return "postgres";
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
}
