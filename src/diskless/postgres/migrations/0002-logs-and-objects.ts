// Logs, the objects in which they lie, and what a leader has to know to go on where another stopped.
//
// Whoever changes a log locks its row first, and rows in the order of their ids; a commit locks its writer's row before that, the only one
// it shares with itself repeated. What was waited for is read in a statement of its own, afterwards. All of a call is one transaction: no lock
// lives across a round trip.
//
// What is said of many logs or segments comes as columns: an array for each, with an element a row. Where rows are of logs, they name them
// by their position among the logs.
//
// The rows of a log are found by their primary keys only. The planner must not think of anything else while tables are small or nobody
// has counted them: a commit of one log would read all of them.

import type { Migration } from "../migration.ts";

const PLANS = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off";

const TABLES = `
-- The last commit of an incarnation, and how it was answered.
CREATE TABLE odradek.writer (
  incarnation bigint PRIMARY KEY,
  committed_sequence bigint NOT NULL,
  object_ids bigint[] NOT NULL,
  refused_log_ids bigint[] NOT NULL
) WITH (fillfactor = 50);

-- Rows of deleted logs stay for a while: who comes too late must not make them anew. What a commit changes is in no index, and pages have room.
CREATE TABLE odradek.log (
  log_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic_id uuid NOT NULL,
  owner bigint NOT NULL DEFAULT -1,
  start_offset bigint NOT NULL DEFAULT 0,
  end_offset bigint NOT NULL DEFAULT 0,
  size_bytes bigint NOT NULL DEFAULT 0,
  -- Of all segments that ever were.
  highest_timestamp_ms bigint NOT NULL DEFAULT -1,
  partition int NOT NULL,
  leader_epoch int NOT NULL DEFAULT -1,
  is_deleted boolean NOT NULL DEFAULT false,
  -- Nothing but this row is left.
  is_swept boolean NOT NULL DEFAULT false,
  UNIQUE (topic_id, partition)
) WITH (fillfactor = 70);
CREATE INDEX log_to_sweep ON odradek.log (log_id) WHERE is_deleted AND NOT is_swept;

CREATE TABLE odradek.leader_epoch (
  log_id bigint,
  start_offset bigint NOT NULL,
  leader_epoch int,
  PRIMARY KEY (log_id, leader_epoch)
);

-- Its row comes with those of the segments in it. Once none of them is left, there will never be one again.
CREATE SEQUENCE odradek.object_id;
CREATE TABLE odradek.object (
  object_id bigint PRIMARY KEY,
  size_bytes bigint NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  key text COLLATE "C" NOT NULL UNIQUE
);

-- Without an object the data are the batches themselves, else where the chunks lie (catalog-codec.ts). Most rows live for some minutes, until
-- what is in small objects is put together: room is to be found again before a fifth of the table is dead.
CREATE TABLE odradek.segment (
  log_id bigint,
  base_offset bigint,
  end_offset bigint NOT NULL,
  object_id bigint,
  max_timestamp_ms bigint NOT NULL,
  -- Of this segment and of all before it: it never falls along the log.
  highest_timestamp_ms bigint NOT NULL,
  compacted_until bigint NOT NULL DEFAULT 0,
  size_bytes int NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (log_id, base_offset)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE odradek.segment ALTER COLUMN data SET STORAGE EXTERNAL;
-- Neighbours have the same value, which is stored once for all of them: a few bytes a segment.
CREATE INDEX segment_object ON odradek.segment (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE odradek.producer (
  log_id bigint,
  producer_id bigint,
  last_timestamp_ms bigint NOT NULL,
  transaction_first_offset bigint NOT NULL,
  producer_epoch int NOT NULL,
  coordinator_epoch int NOT NULL,
  batches bytea NOT NULL,
  PRIMARY KEY (log_id, producer_id)
) WITH (fillfactor = 70);

CREATE TABLE odradek.aborted_range (
  log_id bigint,
  last_offset bigint,
  producer_id bigint,
  first_offset bigint NOT NULL,
  PRIMARY KEY (log_id, last_offset, producer_id)
);`;

const EPOCHS = `
-- Of epochs that end where they began nothing is kept, nor of one that is not newer than the newest. Logs may come more than once, their
-- epochs in order.
CREATE FUNCTION odradek.begin_epochs_v1(log_ids bigint[], epochs bigint[], starts bigint[]) RETURNS void LANGUAGE plpgsql ${PLANS} AS $$
BEGIN
  WITH begun AS MATERIALIZED (
    SELECT b.log_id, b.epoch, b.start FROM unnest(log_ids, epochs, starts) AS b (log_id, epoch, start)
    WHERE NOT EXISTS (SELECT FROM odradek.leader_epoch e WHERE e.log_id = b.log_id AND e.leader_epoch >= b.epoch)
  ), gone AS (
    DELETE FROM odradek.leader_epoch e USING begun b WHERE e.log_id = b.log_id AND e.start_offset >= b.start
  )
  INSERT INTO odradek.leader_epoch (log_id, leader_epoch, start_offset) SELECT b.log_id, b.epoch, b.start FROM begun b;
END $$;`;

const COMMIT = `
CREATE FUNCTION odradek.commit_v1(
  broker int, number bigint, sequence bigint,
  object_keys text[], object_sizes bigint[],
  log_ids bigint[], epochs bigint[], expected_ends bigint[], new_ends bigint[], added_bytes bigint[], highest bigint[],
  segment_logs bigint[], bases bigint[], ends bigint[], objects bigint[], sizes bigint[], timestamps bigint[], highest_so_far bigint[],
  data bytea[],
  epoch_logs bigint[], begun_epochs bigint[], epoch_starts bigint[],
  producer_logs bigint[], producers bigint[], producer_epochs bigint[], coordinator_epochs bigint[], last_timestamps bigint[],
  transaction_offsets bigint[], batches bytea[],
  aborted_logs bigint[], aborted_producers bigint[], first_offsets bigint[], last_offsets bigint[],
  OUT outcome text, OUT committed bigint, OUT object_ids bigint[], OUT refused bigint[]
) LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  takes_part boolean[];
  highest_before bigint[];
BEGIN
  PERFORM FROM odradek.writer w WHERE w.incarnation = number FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO odradek.writer VALUES (number, 0, '{}', '{}') ON CONFLICT DO NOTHING;
    PERFORM FROM odradek.writer w WHERE w.incarnation = number FOR UPDATE;
  END IF;
  SELECT w.committed_sequence, w.object_ids, w.refused_log_ids INTO committed, object_ids, refused
    FROM odradek.writer w WHERE w.incarnation = number;
  IF committed = sequence THEN
    outcome := 'committed';
    RETURN;
  END IF;
  PERFORM FROM odradek.lease l WHERE l.broker_id = broker AND l.incarnation = number AND NOT l.is_ended;
  IF NOT FOUND THEN
    outcome := 'fenced';
    RETURN;
  END IF;
  IF committed <> sequence - 1 THEN
    outcome := 'outOfTurn';
    RETURN;
  END IF;
  outcome := 'committed';

  PERFORM FROM odradek.log l WHERE l.log_id = ANY (log_ids) ORDER BY l.log_id FOR NO KEY UPDATE;
  SELECT array_agg(r.is_ours), array_agg(r.highest), coalesce(array_agg(r.log_id) FILTER (WHERE NOT r.is_ours), '{}')
    INTO takes_part, highest_before, refused
    FROM (
      SELECT g.log_id, l.log_id IS NOT NULL AS is_ours, coalesce(l.highest_timestamp_ms, -1) AS highest
      FROM unnest(log_ids, epochs, expected_ends) WITH ORDINALITY AS g (log_id, epoch, expected_end, position)
      LEFT JOIN odradek.log l ON l.log_id = g.log_id AND l.owner = number AND NOT l.is_deleted
        AND l.leader_epoch <= g.epoch AND l.end_offset = g.expected_end
      ORDER BY g.position
    ) r;

  object_ids := ARRAY (SELECT nextval('odradek.object_id') FROM unnest(object_keys));
  IF cardinality(object_keys) > 0 THEN
    INSERT INTO odradek.object (object_id, key, size_bytes) SELECT * FROM unnest(object_ids, object_keys, object_sizes);
  END IF;
  IF cardinality(segment_logs) > 0 THEN
    INSERT INTO odradek.segment
        (log_id, base_offset, end_offset, object_id, size_bytes, max_timestamp_ms, highest_timestamp_ms, data)
      SELECT log_ids[s.log], s.base, s.ending, object_ids[s.object], s.size, s.stamp, greatest(s.highest, highest_before[s.log]), s.data
      FROM unnest(segment_logs, bases, ends, objects, sizes, timestamps, highest_so_far, data)
        AS s (log, base, ending, object, size, stamp, highest, data)
      WHERE takes_part[s.log];
  END IF;
  UPDATE odradek.log l
    SET leader_epoch = g.epoch, end_offset = g.new_end, size_bytes = l.size_bytes + g.added,
      highest_timestamp_ms = greatest(l.highest_timestamp_ms, g.highest)
    FROM unnest(log_ids, epochs, new_ends, added_bytes, highest) WITH ORDINALITY AS g (log_id, epoch, new_end, added, highest, position)
    WHERE l.log_id = g.log_id AND takes_part[g.position];
  IF cardinality(epoch_logs) > 0 THEN
    PERFORM odradek.begin_epochs_v1(array_agg(log_ids[e.log]), array_agg(e.epoch), array_agg(e.start))
      FROM unnest(epoch_logs, begun_epochs, epoch_starts) AS e (log, epoch, start) WHERE takes_part[e.log];
  END IF;
  IF cardinality(producer_logs) > 0 THEN
    INSERT INTO odradek.producer
        (log_id, producer_id, producer_epoch, coordinator_epoch, last_timestamp_ms, transaction_first_offset, batches)
      SELECT log_ids[p.log], p.producer, p.epoch, p.coordinator, p.stamp, p.first, p.batches
      FROM unnest(producer_logs, producers, producer_epochs, coordinator_epochs, last_timestamps, transaction_offsets, batches)
        AS p (log, producer, epoch, coordinator, stamp, first, batches)
      WHERE takes_part[p.log]
      ON CONFLICT (log_id, producer_id) DO UPDATE
        SET producer_epoch = excluded.producer_epoch, coordinator_epoch = excluded.coordinator_epoch,
          last_timestamp_ms = excluded.last_timestamp_ms, transaction_first_offset = excluded.transaction_first_offset,
          batches = excluded.batches;
  END IF;
  IF cardinality(aborted_logs) > 0 THEN
    INSERT INTO odradek.aborted_range (log_id, producer_id, first_offset, last_offset)
      SELECT log_ids[a.log], a.producer, a.first, a.last
      FROM unnest(aborted_logs, aborted_producers, first_offsets, last_offsets) AS a (log, producer, first, last)
      WHERE takes_part[a.log];
  END IF;
  committed := sequence;
  UPDATE odradek.writer w
    SET committed_sequence = committed, object_ids = commit_v1.object_ids, refused_log_ids = refused
    WHERE w.incarnation = number;
END $$;`;

const OPEN = `
CREATE FUNCTION odradek.open_v1(
  broker int, number bigint, topic_ids uuid[], partitions bigint[], epochs bigint[], newest_segments int,
  -- One each a request.
  OUT outcomes text[], OUT log_ids bigint[], OUT start_offsets bigint[], OUT end_offsets bigint[], OUT log_sizes bigint[],
  -- Of those that are open, by their ids.
  OUT epoch_logs bigint[], OUT leader_epochs bigint[], OUT epoch_starts bigint[],
  OUT producer_logs bigint[], OUT producers bigint[], OUT producer_epochs bigint[], OUT coordinator_epochs bigint[],
  OUT last_timestamps bigint[], OUT transaction_offsets bigint[], OUT batch_lengths bigint[], OUT batches bytea,
  OUT segment_logs bigint[], OUT bases bigint[], OUT ends bigint[], OUT segment_objects bigint[], OUT sizes bigint[],
  OUT timestamps bigint[], OUT compacted_until bigint[], OUT data_lengths bigint[], OUT data bytea,
  OUT object_ids bigint[], OUT object_keys text[], OUT object_sizes bigint[]
) LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  opened bigint[];
BEGIN
  PERFORM FROM odradek.lease l WHERE l.broker_id = broker AND l.incarnation = number AND NOT l.is_ended;
  IF NOT FOUND THEN
    outcomes := array_fill('fenced'::text, ARRAY[cardinality(topic_ids)]);
    RETURN;
  END IF;
  INSERT INTO odradek.log (topic_id, partition)
    SELECT r.topic_id, r.partition FROM unnest(topic_ids, partitions) AS r (topic_id, partition)
    WHERE NOT EXISTS (SELECT FROM odradek.log l WHERE l.topic_id = r.topic_id AND l.partition = r.partition)
    ORDER BY r.topic_id, r.partition
    ON CONFLICT DO NOTHING;
  SELECT array_agg(r.log_id) INTO log_ids FROM (
    SELECT l.log_id FROM unnest(topic_ids, partitions) WITH ORDINALITY AS g (topic_id, partition, position)
    JOIN odradek.log l ON l.topic_id = g.topic_id AND l.partition = g.partition
    ORDER BY g.position
  ) r;
  PERFORM FROM odradek.log l WHERE l.log_id = ANY (log_ids) ORDER BY l.log_id FOR NO KEY UPDATE;
  SELECT array_agg(r.outcome), array_agg(r.start_offset), array_agg(r.end_offset), array_agg(r.size_bytes),
      coalesce(array_agg(r.log_id) FILTER (WHERE r.outcome = 'open'), '{}')
    INTO outcomes, start_offsets, end_offsets, log_sizes, opened
    FROM (
      SELECT l.*,
        CASE WHEN l.is_deleted THEN 'deleted'
          WHEN l.leader_epoch > g.epoch OR l.leader_epoch = g.epoch AND l.owner > number THEN 'fenced'
          ELSE 'open' END AS outcome
      FROM unnest(log_ids, epochs) WITH ORDINALITY AS g (log_id, epoch, position)
      JOIN odradek.log l ON l.log_id = g.log_id
      ORDER BY g.position
    ) r;
  UPDATE odradek.log l SET owner = number, leader_epoch = g.epoch
    FROM unnest(log_ids, epochs, outcomes) AS g (log_id, epoch, outcome)
    WHERE l.log_id = g.log_id AND g.outcome = 'open';
  PERFORM odradek.begin_epochs_v1(array_agg(g.log_id), array_agg(g.epoch), array_agg(g.end_offset))
    FROM unnest(log_ids, epochs, end_offsets, outcomes) AS g (log_id, epoch, end_offset, outcome) WHERE g.outcome = 'open';

  SELECT array_agg(r.log_id), array_agg(r.leader_epoch), array_agg(r.start_offset)
    INTO epoch_logs, leader_epochs, epoch_starts
    FROM (SELECT * FROM odradek.leader_epoch e WHERE e.log_id = ANY (opened) ORDER BY e.log_id, e.leader_epoch) r;
  SELECT array_agg(r.log_id), array_agg(r.producer_id), array_agg(r.producer_epoch), array_agg(r.coordinator_epoch),
      array_agg(r.last_timestamp_ms), array_agg(r.transaction_first_offset), array_agg(length(r.batches)), string_agg(r.batches, '')
    INTO producer_logs, producers, producer_epochs, coordinator_epochs, last_timestamps, transaction_offsets, batch_lengths, batches
    FROM (SELECT * FROM odradek.producer p WHERE p.log_id = ANY (opened) ORDER BY p.log_id, p.producer_id) r;
  SELECT array_agg(r.log_id), array_agg(r.base_offset), array_agg(r.end_offset), array_agg(coalesce(r.object_id, 0)),
      array_agg(r.size_bytes), array_agg(r.max_timestamp_ms), array_agg(r.compacted_until), array_agg(length(r.data)),
      string_agg(r.data, '')
    INTO segment_logs, bases, ends, segment_objects, sizes, timestamps, compacted_until, data_lengths, data
    FROM (
      SELECT newest.* FROM unnest(opened) AS g (log_id) CROSS JOIN LATERAL
        (SELECT * FROM odradek.segment s WHERE s.log_id = g.log_id ORDER BY s.base_offset DESC LIMIT newest_segments) newest
      ORDER BY newest.log_id, newest.base_offset
    ) r;
  SELECT array_agg(o.object_id), array_agg(o.key), array_agg(o.size_bytes)
    INTO object_ids, object_keys, object_sizes
    FROM odradek.object o WHERE o.object_id = ANY (ARRAY (SELECT DISTINCT unnest(segment_objects)));
END $$;`;

const READING = `
-- The first segment with a record at or after the timestamp, of those that hold or follow the offset. What every segment before reaches
-- never falls along the log: the first that may reach it is found by halving, and is the one, unless that was reached before the offset.
CREATE FUNCTION odradek.segment_at_v1(log bigint, wanted_ms bigint, from_offset bigint) RETURNS SETOF odradek.segment
LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  low odradek.segment;
  high odradek.segment;
  found_one odradek.segment;
  middle bigint;
BEGIN
  SELECT * INTO low FROM odradek.segment s WHERE s.log_id = log AND s.base_offset <= from_offset ORDER BY s.base_offset DESC LIMIT 1;
  IF low.end_offset IS NULL OR low.end_offset <= from_offset THEN
    SELECT * INTO low FROM odradek.segment s WHERE s.log_id = log AND s.base_offset > from_offset ORDER BY s.base_offset LIMIT 1;
  END IF;
  SELECT * INTO high FROM odradek.segment s WHERE s.log_id = log ORDER BY s.base_offset DESC LIMIT 1;
  IF low.log_id IS NULL OR high.highest_timestamp_ms < wanted_ms THEN
    RETURN;
  END IF;
  IF low.highest_timestamp_ms >= wanted_ms THEN
    high := low;
  END IF;
  -- The one at low does not reach it, the one at high does.
  WHILE high.base_offset > low.end_offset LOOP
    middle := (low.base_offset + high.base_offset) / 2;
    SELECT * INTO found_one FROM odradek.segment s WHERE s.log_id = log AND s.base_offset <= middle ORDER BY s.base_offset DESC LIMIT 1;
    IF found_one.base_offset = low.base_offset THEN
      SELECT * INTO found_one FROM odradek.segment s WHERE s.log_id = log AND s.base_offset > middle ORDER BY s.base_offset LIMIT 1;
    END IF;
    EXIT WHEN found_one.base_offset = high.base_offset;
    IF found_one.highest_timestamp_ms >= wanted_ms THEN
      high := found_one;
    ELSE
      low := found_one;
    END IF;
  END LOOP;
  RETURN QUERY SELECT * FROM odradek.segment s
    WHERE s.log_id = log AND s.base_offset >= high.base_offset AND s.max_timestamp_ms >= wanted_ms ORDER BY s.base_offset LIMIT 1;
END $$;

-- The first with the largest timestamp. The largest ever may have been in a segment that is gone.
CREATE FUNCTION odradek.segment_of_max_timestamp_v1(log bigint) RETURNS SETOF odradek.segment LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  highest bigint;
BEGIN
  SELECT s.highest_timestamp_ms INTO highest FROM odradek.segment s WHERE s.log_id = log ORDER BY s.base_offset DESC LIMIT 1;
  RETURN QUERY SELECT * FROM odradek.segment_at_v1(log, highest, 0);
  IF NOT FOUND THEN
    RETURN QUERY SELECT * FROM odradek.segment s WHERE s.log_id = log ORDER BY s.max_timestamp_ms DESC, s.base_offset LIMIT 1;
  END IF;
END $$;`;

const REMOVING = `
-- At most so many segments at a time: as long as so many went, there may be more. Without an answer it is not the owner's.
CREATE FUNCTION odradek.move_start_v1(number bigint, log bigint, wanted bigint, at_most int, OUT removed int, OUT size bigint)
LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  new_start bigint;
  removed_bytes bigint;
BEGIN
  PERFORM FROM odradek.log l WHERE l.log_id = log FOR NO KEY UPDATE;
  SELECT least(greatest(l.start_offset, wanted), l.end_offset) INTO new_start
    FROM odradek.log l WHERE l.log_id = log AND l.owner = number AND NOT l.is_deleted;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  WITH gone AS (
    DELETE FROM odradek.segment s WHERE s.log_id = log AND s.base_offset IN (
      SELECT b.base_offset FROM odradek.segment b
      WHERE b.log_id = log AND b.base_offset < new_start AND b.end_offset <= new_start ORDER BY b.base_offset LIMIT at_most
    ) RETURNING s.size_bytes
  )
  SELECT count(*), coalesce(sum(gone.size_bytes), 0) INTO removed, removed_bytes FROM gone;
  UPDATE odradek.log l SET start_offset = new_start, size_bytes = l.size_bytes - removed_bytes WHERE l.log_id = log
    RETURNING l.size_bytes INTO size;
  DELETE FROM odradek.leader_epoch e WHERE e.log_id = log AND e.start_offset <
    (SELECT max(c.start_offset) FROM odradek.leader_epoch c WHERE c.log_id = log AND c.start_offset <= new_start);
  UPDATE odradek.leader_epoch e SET start_offset = new_start WHERE e.log_id = log AND e.start_offset < new_start;
  DELETE FROM odradek.aborted_range a WHERE a.log_id = log AND a.last_offset < new_start;
END $$;

CREATE FUNCTION odradek.delete_logs_v1(topic_ids uuid[], partitions bigint[]) RETURNS void LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  log_ids bigint[];
BEGIN
  log_ids := ARRAY (
    SELECT l.log_id FROM unnest(topic_ids, partitions) AS g (topic_id, partition)
    JOIN odradek.log l ON l.topic_id = g.topic_id AND l.partition = g.partition
  );
  PERFORM FROM odradek.log l WHERE l.log_id = ANY (log_ids) ORDER BY l.log_id FOR NO KEY UPDATE;
  UPDATE odradek.log l SET is_deleted = true WHERE l.log_id = ANY (log_ids) AND NOT l.is_deleted;
END $$;

-- Removes what belongs to a deleted log, at most so many segments at a time; whether there may be more to do.
CREATE FUNCTION odradek.sweep_v1(at_most int) RETURNS boolean LANGUAGE plpgsql ${PLANS} AS $$
DECLARE
  log bigint;
  removed int;
BEGIN
  SELECT l.log_id INTO log FROM odradek.log l WHERE l.is_deleted AND NOT l.is_swept
    ORDER BY l.log_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM odradek.segment s WHERE s.log_id = log AND s.base_offset IN
    (SELECT b.base_offset FROM odradek.segment b WHERE b.log_id = log ORDER BY b.base_offset LIMIT at_most);
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF removed < at_most THEN
    DELETE FROM odradek.producer p WHERE p.log_id = log;
    DELETE FROM odradek.aborted_range a WHERE a.log_id = log;
    DELETE FROM odradek.leader_epoch e WHERE e.log_id = log;
    UPDATE odradek.log l SET is_swept = true WHERE l.log_id = log;
  END IF;
  RETURN true;
END $$;`;

export const logsAndObjects: Migration = {
  number: 2,
  name: "logs and objects",
  sql: [TABLES, EPOCHS, COMMIT, OPEN, READING, REMOVING].join("\n"),
};
