// The id of a broker stays with the address at which clients found it: a broker that comes back there gets it again, and one that comes
// elsewhere gets an id that clients have forgotten.

import type { Migration } from "../migration.ts";

export const idsOfAddresses: Migration = {
  number: 5,
  name: "ids of addresses",
  sql: `
ALTER TABLE odradek.lease ADD COLUMN address text COLLATE "C";

CREATE FUNCTION odradek.claim_lease_v2(wanted_id int, at_address text, ttl_ms int, rest_ms int, OUT broker int, OUT number bigint)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(720261131);
  broker := wanted_id;
  IF broker IS NULL THEN
    SELECT broker_id INTO broker FROM odradek.lease WHERE address = at_address ORDER BY incarnation DESC LIMIT 1;
  END IF;
  IF broker IS NULL THEN
    SELECT min(broker_id) INTO broker FROM odradek.lease
      WHERE is_ended AND lease_until < clock_timestamp() - rest_ms * interval '1 millisecond';
  END IF;
  IF broker IS NULL THEN
    SELECT coalesce(max(broker_id), 0) + 1 INTO broker FROM odradek.lease;
  END IF;
  PERFORM FROM odradek.lease WHERE broker_id = broker FOR UPDATE;
  number := nextval('odradek.incarnation');
  INSERT INTO odradek.lease (broker_id, incarnation, lease_until, is_ended, address)
    VALUES (broker, number, clock_timestamp() + ttl_ms * interval '1 millisecond', false, at_address)
    ON CONFLICT (broker_id) DO UPDATE SET incarnation = excluded.incarnation, lease_until = excluded.lease_until, is_ended = false,
      address = coalesce(excluded.address, lease.address);
END $$;
`,
};
