// What brokers have asked of the object store: a row for each part of it that one of them told (store-traffic.ts), kept for two days.

import type { Migration } from "../migration.ts";

export const storeTraffic: Migration = {
  number: 4,
  name: "store traffic",
  sql: `
CREATE TABLE odradek.store_traffic (
  id text COLLATE "C" PRIMARY KEY,
  told_at timestamptz NOT NULL,
  span_ms bigint NOT NULL,
  put_count bigint NOT NULL,
  get_count bigint NOT NULL,
  list_count bigint NOT NULL,
  delete_count bigint NOT NULL,
  put_bytes bigint NOT NULL,
  got_bytes bigint NOT NULL
) WITH (fillfactor = 70);
`,
};
