// What upkeep needs: how far objects were put together, who has which job, and what is to be removed.
//
// Locks are taken in the order that 0002 has: logs by their ids, then objects. Whether something lies in an object is asked of the segments, by
// the index on their objects; nothing is counted.

import type { Migration } from "../migration.ts";

const PLANS = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off";

const TABLES = `
-- Level 3 is not put together with others any more, nor is what is to be removed.
ALTER TABLE odradek.object ADD COLUMN taken_until timestamptz, ADD COLUMN level smallint NOT NULL DEFAULT 0;
CREATE INDEX object_to_merge ON odradek.object (level, object_id) WHERE level < 3;
CREATE INDEX segment_inline ON odradek.segment (log_id, size_bytes) WHERE object_id IS NULL;

CREATE TABLE odradek.job (
  name text PRIMARY KEY,
  incarnation bigint NOT NULL,
  until timestamptz NOT NULL
);

-- Keys of objects that nothing names, and since when that is known. An object need not have a row.
CREATE TABLE odradek.removal (
  marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  key text COLLATE "C" PRIMARY KEY
);
CREATE INDEX removal_by_age ON odradek.removal (marked_at);`;

const TAKING = `
-- The oldest; none while they are too few and too young.
CREATE FUNCTION odradek.take_objects_v1(wanted int, most_bytes bigint, most_objects int, wait_ms bigint, ttl_ms bigint)
RETURNS bigint[] LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  candidate record;
  ids bigint[] := '{}';
  total bigint := 0;
  oldest timestamptz;
  is_full boolean := false;
BEGIN
  FOR candidate IN
    SELECT o.object_id, o.size_bytes, o.made_at FROM odradek.object o
    WHERE o.level = wanted AND o.level < 3 AND (o.taken_until IS NULL OR o.taken_until < clock_timestamp())
    ORDER BY o.object_id LIMIT most_objects + 1 FOR UPDATE SKIP LOCKED
  LOOP
    is_full := cardinality(ids) = most_objects OR cardinality(ids) > 0 AND total + candidate.size_bytes > most_bytes;
    EXIT WHEN is_full;
    ids := ids || candidate.object_id;
    total := total + candidate.size_bytes;
    oldest := least(oldest, candidate.made_at);
  END LOOP;
  is_full := is_full OR cardinality(ids) = most_objects;
  IF cardinality(ids) = 0 OR NOT is_full AND extract(epoch FROM clock_timestamp() - oldest) * 1000 < wait_ms THEN
    RETURN '{}';
  END IF;
  UPDATE odradek.object o SET taken_until = clock_timestamp() + ttl_ms * interval '1 millisecond' WHERE o.object_id = ANY (ids);
  RETURN ids;
END $$;`;

const REPLACING = `
-- Old segments and new ones name their replacement by its position; the old ones of each are neighbours in the arrays, from old_from to old_to.
-- An object of 0 is none.
CREATE FUNCTION odradek.replace_v1(
  broker int, number bigint, new_level int, object_keys text[], object_sizes bigint[],
  log_ids bigint[], old_from bigint[], old_to bigint[],
  old_places bigint[], old_bases bigint[], old_ends bigint[], old_objects bigint[], old_sizes bigint[],
  new_places bigint[], bases bigint[], ends bigint[], objects bigint[], sizes bigint[], timestamps bigint[], highest_so_far bigint[],
  compacted bigint[], data bytea[],
  ended_places bigint[], ended_producers bigint[], ended_offsets bigint[],
  OUT outcome text, OUT are_done boolean[]
) LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  object_ids bigint[];
  highest_before bigint[];
  starts bigint[];
BEGIN
  PERFORM FROM odradek.lease l WHERE l.broker_id = broker AND l.incarnation = number AND NOT l.is_ended;
  IF NOT FOUND THEN
    outcome := 'fenced';
    RETURN;
  END IF;
  outcome := 'replaced';
  PERFORM FROM odradek.log l WHERE l.log_id = ANY (log_ids) ORDER BY l.log_id FOR NO KEY UPDATE;
  SELECT array_agg(r.is_done), array_agg(r.start_offset), array_agg(r.highest) INTO are_done, starts, highest_before
    FROM (
      SELECT l.log_id IS NOT NULL AND same.segments = g.last - g.first + 1 AND present.segments = same.segments AS is_done,
        coalesce(l.start_offset, 0) AS start_offset, coalesce(before.highest_timestamp_ms, -1) AS highest
      FROM unnest(log_ids, old_from, old_to) WITH ORDINALITY AS g (log_id, first, last, position)
      LEFT JOIN odradek.log l ON l.log_id = g.log_id AND NOT l.is_deleted
      CROSS JOIN LATERAL (
        SELECT count(*) AS segments
        FROM unnest(old_bases[g.first:g.last], old_ends[g.first:g.last], old_objects[g.first:g.last], old_sizes[g.first:g.last])
          AS o (base, ending, object, size)
        JOIN odradek.segment s ON s.log_id = g.log_id AND s.base_offset = o.base AND s.end_offset = o.ending
          AND coalesce(s.object_id, 0) = o.object AND s.size_bytes = o.size
      ) same
      CROSS JOIN LATERAL (
        SELECT count(*) AS segments FROM odradek.segment s
        WHERE s.log_id = g.log_id AND s.base_offset >= old_bases[g.first] AND s.base_offset < old_ends[g.last]
      ) present
      LEFT JOIN LATERAL (
        SELECT s.highest_timestamp_ms FROM odradek.segment s
        WHERE s.log_id = g.log_id AND s.base_offset < old_bases[g.first] ORDER BY s.base_offset DESC LIMIT 1
      ) before ON true
      ORDER BY g.position
    ) r;

  object_ids := ARRAY (SELECT nextval('odradek.object_id') FROM unnest(object_keys));
  INSERT INTO odradek.object (object_id, key, size_bytes, level)
    SELECT o.id, o.key, o.size, new_level FROM unnest(object_ids, object_keys, object_sizes) AS o (id, key, size);
  DELETE FROM odradek.segment s USING unnest(old_places, old_bases) AS o (place, base)
    WHERE s.log_id = log_ids[o.place] AND s.base_offset = o.base AND are_done[o.place];
  INSERT INTO odradek.segment
      (log_id, base_offset, end_offset, object_id, size_bytes, max_timestamp_ms, highest_timestamp_ms, compacted_until, data)
    SELECT log_ids[n.place], n.base, n.ending, object_ids[n.object], n.size, n.time, greatest(n.highest, highest_before[n.place]),
      n.compacted, n.data
    FROM unnest(new_places, bases, ends, objects, sizes, timestamps, highest_so_far, compacted, data)
      AS n (place, base, ending, object, size, time, highest, compacted, data)
    WHERE are_done[n.place] AND n.ending > starts[n.place];
  UPDATE odradek.log l SET size_bytes = l.size_bytes + c.change
    FROM (
      SELECT log_ids[b.place] AS log_id, sum(b.change) AS change
      FROM (
        SELECT o.place, -o.size AS change FROM unnest(old_places, old_sizes) AS o (place, size)
        UNION ALL
        SELECT n.place, n.size FROM unnest(new_places, ends, sizes) AS n (place, ending, size) WHERE n.ending > starts[n.place]
      ) b
      WHERE are_done[b.place] GROUP BY log_ids[b.place]
    ) c
    WHERE l.log_id = c.log_id;
  IF cardinality(ended_places) > 0 THEN
    DELETE FROM odradek.aborted_range a USING unnest(ended_places, ended_producers, ended_offsets) AS e (place, producer, last)
      WHERE a.log_id = log_ids[e.place] AND a.last_offset = e.last AND a.producer_id = e.producer AND are_done[e.place];
  END IF;
END $$;`;

const REMOVING = `
-- What nothing names when it is looked at is never named again.
CREATE FUNCTION odradek.mark_unnamed_v1(ids bigint[]) RETURNS int LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  unnamed bigint[];
  marked int;
BEGIN
  unnamed := ARRAY (
    SELECT o.object_id FROM odradek.object o
    WHERE o.object_id = ANY (ids) AND NOT EXISTS (SELECT FROM odradek.segment s WHERE s.object_id = o.object_id)
    ORDER BY o.object_id
  );
  INSERT INTO odradek.removal (key) SELECT o.key FROM odradek.object o WHERE o.object_id = ANY (unnamed) ORDER BY o.object_id
    ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS marked = ROW_COUNT;
  UPDATE odradek.object o SET level = 3 WHERE o.object_id = ANY (unnamed) AND o.level < 3;
  RETURN marked;
END $$;

CREATE FUNCTION odradek.mark_keys_v1(keys text[]) RETURNS int LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  marked int;
BEGIN
  INSERT INTO odradek.removal (key)
    SELECT k.key FROM unnest(keys) AS k (key) WHERE NOT EXISTS (SELECT FROM odradek.object o WHERE o.key = k.key) ORDER BY k.key
    ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS marked = ROW_COUNT;
  RETURN marked;
END $$;

-- The look is a statement of its own, after the locks were had.
CREATE FUNCTION odradek.confirm_marked_v1(keys text[]) RETURNS text[] LANGUAGE plpgsql ${PLANS} AS $$
BEGIN
  PERFORM FROM odradek.object o WHERE o.key = ANY (keys) ORDER BY o.object_id FOR UPDATE;
  PERFORM FROM odradek.removal r WHERE r.key = ANY (keys) ORDER BY r.key FOR UPDATE;
  DELETE FROM odradek.removal r WHERE r.key = ANY (keys) AND EXISTS (
    SELECT FROM odradek.object o JOIN odradek.segment s ON s.object_id = o.object_id WHERE o.key = r.key
  );
  RETURN ARRAY (SELECT r.key FROM odradek.removal r WHERE r.key = ANY (keys));
END $$;

CREATE FUNCTION odradek.forget_removed_v1(keys text[]) RETURNS void LANGUAGE plpgsql ${PLANS} AS $$
BEGIN
  PERFORM FROM odradek.object o WHERE o.key = ANY (keys) ORDER BY o.object_id FOR UPDATE;
  DELETE FROM odradek.object o
    WHERE o.key = ANY (keys) AND NOT EXISTS (SELECT FROM odradek.segment s WHERE s.object_id = o.object_id);
  DELETE FROM odradek.removal r WHERE r.key = ANY (keys);
END $$;`;

export const upkeep: Migration = {
  number: 3,
  name: "upkeep",
  sql: [TABLES, TAKING, REPLACING, REMOVING].join("\n"),
};
