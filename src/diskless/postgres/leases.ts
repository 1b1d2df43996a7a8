// Leases as rows, by the database's clock: each call one statement, on a connection of its own, so that a renewal never waits behind anything.
// What the functions do, and that they look at the clock after they have the row's lock, is in migrations/0001-what-brokers-share.ts and 0005-ids-of-addresses.ts.

import { assert } from "../../base/assert.ts";
import { type Claimant, ID_REST_MS, type Incarnation, type Leases, type LeaseView, type Renewal } from "../leases.ts";
import { Connection, type ConnectionTerms } from "./connection.ts";

/** A renewal that takes longer is worth less than the next one, on another connection. */
const TIMEOUT_MS = 1_500;

const VIEWS = `
  SELECT broker_id AS "brokerId", incarnation AS number, is_ended AS "isEnded",
    (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::double precision AS "remainingMs"
  FROM odradek.lease`;

const CLAIM = 'SELECT broker AS "brokerId", number FROM odradek.claim_lease_v2($1, $2, $3, $4)';

/** While the server is up for less than a lease, those who lapsed may have had no chance to renew. */
const RENEW = `
  SELECT renewed."isHeld", lapsed.* FROM (SELECT odradek.renew_lease_v1($1, $2, $3) AS "isHeld") AS renewed
  LEFT JOIN (${VIEWS}
    WHERE NOT is_ended AND broker_id <> $1 AND lease_until < clock_timestamp()
      AND clock_timestamp() > pg_postmaster_start_time() + $3 * interval '1 millisecond'
  ) AS lapsed ON true
  ORDER BY lapsed."brokerId"`;

const FENCE = 'SELECT odradek.fence_lease_v1($1, $2) AS "hasEnded"';

const RELEASE = "UPDATE odradek.lease SET is_ended = true WHERE broker_id = $1 AND incarnation = $2";

export class PostgresLeases implements Leases {
  readonly #connection: Connection;

  constructor(terms: ConnectionTerms) {
    this.#connection = new Connection(terms, { purpose: "leases", timeoutMs: TIMEOUT_MS });
  }

  async claim({ brokerId, address }: Claimant, ttlMs: number): Promise<Incarnation> {
    const values = [brokerId ?? null, address ?? null, ttlMs, ID_REST_MS];
    const [claimed] = await this.#connection.query<Incarnation>({ text: CLAIM, values });
    assert(claimed !== undefined, "a claim gives an incarnation");
    return claimed;
  }

  async renew({ brokerId, number }: Incarnation, ttlMs: number): Promise<Renewal> {
    const statement = { text: RENEW, values: [brokerId, number, ttlMs], name: "renew lease" };
    const rows = await this.#connection.query<{ isHeld: boolean } & LeaseView>(statement);
    const lapsed = rows.filter((row) => row.brokerId !== null).map(({ isHeld: _, ...view }) => view);
    return { isHeld: rows[0]?.isHeld === true, lapsed };
  }

  async fence({ brokerId, number }: Incarnation): Promise<boolean> {
    const [row] = await this.#connection.query<{ hasEnded: boolean }>({ text: FENCE, values: [brokerId, number] });
    return row?.hasEnded === true;
  }

  async release({ brokerId, number }: Incarnation): Promise<void> {
    await this.#connection.query({ text: RELEASE, values: [brokerId, number] });
  }

  list(): Promise<readonly LeaseView[]> {
    return this.#connection.query<LeaseView>({ text: `${VIEWS} ORDER BY broker_id` });
  }

  async passOver(numberCount: number): Promise<void> {
    const text = "SELECT setval('odradek.incarnation', nextval('odradek.incarnation') - 1 + $1)";
    await this.#connection.query({ text, values: [numberCount] });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
