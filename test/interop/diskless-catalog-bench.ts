// Catalogs on rows in PostgreSQL.

import type { Catalog } from "../../src/diskless/catalog.ts";
import type { Incarnation } from "../../src/diskless/leases.ts";
import { PostgresCatalog } from "../../src/diskless/postgres/catalog.ts";
import type { Connection } from "../../src/diskless/postgres/connection.ts";
import { PostgresUpkeepCatalog } from "../../src/diskless/postgres/upkeep-catalog.ts";
import { PostgresUsage } from "../../src/diskless/postgres/usage.ts";
import type { UpkeepCatalog } from "../../src/diskless/upkeep/upkeep-catalog.ts";
import type { Usage } from "../../src/diskless/usage.ts";
import type { UpkeepBench } from "../diskless/contracts/upkeep-catalog.ts";
import type { PostgresServer } from "./postgres-server.ts";

const LEASE_MS = 3_600_000;

export class PostgresBench implements UpkeepBench {
  readonly #administration: Connection;
  /** Catalogs take turns, so that many need few connections, and neighbours have others. */
  readonly #lanes: readonly { readonly commits: Connection; readonly reads: Connection; readonly changes: Connection }[];
  #next = 0;

  constructor(server: PostgresServer, laneCount = 4) {
    this.#administration = server.connect("administration");
    this.#lanes = Array.from({ length: laneCount }, () => ({
      ...{ commits: server.connect("commits"), reads: server.connect("reads"), changes: server.connect("changes") },
    }));
  }

  async join(): Promise<Incarnation> {
    const text = "SELECT broker, number FROM odradek.claim_lease_v1($1, $2)";
    const [claimed] = await this.#administration.query<{ broker: number; number: number }>({ text, values: [null, LEASE_MS] });
    if (claimed === undefined) throw new Error("no lease was claimed");
    return { brokerId: claimed.broker, number: claimed.number };
  }

  catalog(incarnation: Incarnation): Catalog {
    const lanes = this.#lanes[this.#next++ % this.#lanes.length];
    if (lanes === undefined) throw new Error("a bench has lanes");
    return new PostgresCatalog(lanes, incarnation);
  }

  upkeep(incarnation: Incarnation): UpkeepCatalog {
    return new PostgresUpkeepCatalog(this.#administration, incarnation);
  }

  usage(): Usage {
    return new PostgresUsage(this.#administration);
  }

  /** It cannot be hastened. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  async end({ number }: Incarnation): Promise<void> {
    await this.query("UPDATE odradek.lease SET is_ended = true WHERE incarnation = $1", [number]);
  }

  async unusedKeys(): Promise<readonly string[]> {
    while ((await this.query<{ more: boolean }>("SELECT odradek.sweep_v1(1000) AS more"))[0]?.more === true);
    const unused = "SELECT key FROM odradek.object o WHERE NOT EXISTS (SELECT FROM odradek.segment s WHERE s.object_id = o.object_id)";
    return (await this.query<{ key: string }>(unused)).map(({ key }) => key);
  }

  query<Row extends Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#administration.query<Row>({ text, values });
  }
}
