// The cluster's id, its metadata, and the leases of its brokers.
//
// Changes are json, not jsonb: kept as they were written, and strings in them may have a zero character.
//
// A lease is one row a broker, of its newest incarnation, which only these functions write. They lock it first, and look at the time and at
// the row afterwards, in statements of their own: what was read before a wait is old. Nothing that changes is in an index, and the pages
// have room, so that a renewal stays in its page.

import type { Migration } from "../migration.ts";

export const whatBrokersShare: Migration = {
  number: 1,
  name: "what brokers share",
  sql: `
CREATE TABLE odradek.cluster (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  cluster_id text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE odradek.metadata_unit (
  version bigint PRIMARY KEY,
  unit_id uuid NOT NULL,
  changes json NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The history up to a version, in short.
CREATE TABLE odradek.metadata_snapshot (
  version bigint PRIMARY KEY,
  changes json NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE SEQUENCE odradek.incarnation;

CREATE TABLE odradek.lease (
  broker_id int PRIMARY KEY,
  incarnation bigint NOT NULL,
  lease_until timestamptz NOT NULL,
  is_ended boolean NOT NULL
) WITH (fillfactor = 50);

-- One claim at a time, so that two without an id do not get the same.
CREATE FUNCTION odradek.claim_lease_v1(wanted_id int, ttl_ms int, OUT broker int, OUT number bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(720261131);
  broker := wanted_id;
  IF broker IS NULL THEN
    SELECT min(broker_id) INTO broker FROM odradek.lease WHERE is_ended;
  END IF;
  IF broker IS NULL THEN
    SELECT coalesce(max(broker_id), 0) + 1 INTO broker FROM odradek.lease;
  END IF;
  PERFORM FROM odradek.lease WHERE broker_id = broker FOR UPDATE;
  number := nextval('odradek.incarnation');
  INSERT INTO odradek.lease (broker_id, incarnation, lease_until, is_ended)
    VALUES (broker, number, clock_timestamp() + ttl_ms * interval '1 millisecond', false)
    ON CONFLICT (broker_id) DO UPDATE
      SET incarnation = excluded.incarnation, lease_until = excluded.lease_until, is_ended = false;
END $$;

-- Whether it is held.
CREATE FUNCTION odradek.renew_lease_v1(broker int, number bigint, ttl_ms int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM odradek.lease WHERE broker_id = broker FOR UPDATE;
  UPDATE odradek.lease SET lease_until = clock_timestamp() + ttl_ms * interval '1 millisecond'
    WHERE broker_id = broker AND incarnation = number AND NOT is_ended;
  RETURN FOUND;
END $$;

-- Whether it has ended, by this or before.
CREATE FUNCTION odradek.fence_lease_v1(broker int, number bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM odradek.lease WHERE broker_id = broker FOR UPDATE;
  UPDATE odradek.lease SET is_ended = true
    WHERE broker_id = broker AND incarnation = number AND NOT is_ended AND lease_until < clock_timestamp();
  RETURN EXISTS (SELECT FROM odradek.lease WHERE broker_id = broker AND (incarnation > number OR incarnation = number AND is_ended));
END $$;
`,
};
