// Rows of deleted logs go, too, some time after everything else of them.
//
// A commit, a replacement or a deletion that comes later finds no row and does nothing, as it did with the row: ids are never given out
// again. Opening makes the log anew, empty: only a broker does that which has not seen yet that the topic is gone, and upkeep deletes logs of no
// topic. A row must not go while a log is being opened, between looking for it and reading it: so the table is locked against all who
// write to it. They wait for as long as a commit takes, and nobody insists: where the lock is not had at once, another round will have it.

import type { Migration } from "../migration.ts";

const PLANS = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off";

export const forgottenLogs: Migration = {
  number: 6,
  name: "forgotten logs",
  sql: `
-- Since when it is known that nothing but the row is left.
ALTER TABLE odradek.log ADD COLUMN swept_at timestamptz;
CREATE INDEX log_to_forget ON odradek.log (swept_at) WHERE is_swept;

CREATE FUNCTION odradek.forget_logs_v1(keep_ms bigint, at_most int) RETURNS int LANGUAGE plpgsql ${PLANS} SET lock_timeout = '50ms' AS $$
DECLARE
  until timestamptz := clock_timestamp() - keep_ms * interval '1 millisecond';
  forgotten int;
BEGIN
  UPDATE odradek.log l SET swept_at = clock_timestamp() WHERE l.log_id IN (
    SELECT n.log_id FROM odradek.log n WHERE n.is_swept AND n.swept_at IS NULL LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED
  );
  IF NOT EXISTS (SELECT FROM odradek.log l WHERE l.is_swept AND l.swept_at <= until) THEN
    RETURN 0;
  END IF;
  LOCK TABLE odradek.log IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM odradek.log l WHERE l.log_id IN (
    SELECT o.log_id FROM odradek.log o WHERE o.is_swept AND o.swept_at <= until ORDER BY o.swept_at LIMIT at_most FOR UPDATE SKIP LOCKED
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;
`,
};
