// The catalog in PostgreSQL: one statement a call, most of them functions of migrations/0002-logs-and-objects.ts, which say how rows are
// locked. A call that was refused for a moment, for a deadlock or a lock that was not had, is tried again by its lane.

import {
  type AbortedRange,
  type Catalog,
  type Commit,
  type CommitOutcome,
  type LogKey,
  NEWEST_SEGMENTS,
  type OpenOutcome,
  type OpenRequest,
  type Segment,
} from "../catalog.ts";
import type { Incarnation } from "../leases.ts";
import { int8Array, uuidArray } from "./binary-arrays.ts";
import { commitColumns } from "./commit-columns.ts";
import type { Connection } from "./connection.ts";
import { type OpenedColumns, openedLogs } from "./opened-columns.ts";
import { rowSegment, SEGMENT_COLUMNS, type SegmentRow } from "./segment-rows.ts";

/** What must not wait for one another. */
export interface CatalogLanes {
  readonly commits: Connection;
  readonly reads: Connection;
  /** Opening logs, moving their start, deleting them. */
  readonly changes: Connection;
}

/** Logs opened by a statement. Those that others have open wait for as long as it takes. */
const MOST_OPENED = 1_000;
/** Segments removed by a statement. */
const MOST_REMOVED = 1_000;
const COMMIT_COLUMNS = 33;

const COMMIT = `SELECT * FROM odradek.commit_v1(${placeholders(COMMIT_COLUMNS)})`;
const OPEN = `SELECT * FROM odradek.open_v1(${placeholders(6)})`;
const WITH_OBJECT = "LEFT JOIN odradek.object o ON o.object_id = s.object_id";
const UNLESS_DELETED = "NOT EXISTS (SELECT FROM odradek.log l WHERE l.log_id = $1 AND l.is_deleted)";
const SEGMENTS = `
  SELECT ${SEGMENT_COLUMNS} FROM odradek.segment s ${WITH_OBJECT}
  WHERE s.log_id = $1 AND s.end_offset > $2 AND ${UNLESS_DELETED} AND s.base_offset >= coalesce(
    (SELECT b.base_offset FROM odradek.segment b WHERE b.log_id = $1 AND b.base_offset <= $2 ORDER BY b.base_offset DESC LIMIT 1), $2)
  ORDER BY s.base_offset LIMIT $3`;
const SEGMENT_AT = `SELECT ${SEGMENT_COLUMNS} FROM odradek.segment_at_v1($1, $2, $3) s ${WITH_OBJECT} WHERE ${UNLESS_DELETED}`;
const SEGMENT_OF_MAX_TIMESTAMP = `
  SELECT ${SEGMENT_COLUMNS} FROM odradek.segment_of_max_timestamp_v1($1) s ${WITH_OBJECT} WHERE ${UNLESS_DELETED}`;
const ABORTED_RANGES = `
  SELECT a.producer_id AS "producerId", a.first_offset AS "firstOffset", a.last_offset AS "lastOffset" FROM odradek.aborted_range a
  WHERE a.log_id = $1 AND a.last_offset >= $2 AND ${UNLESS_DELETED} ORDER BY a.last_offset`;

// The log is locked first, as everywhere; a producer whose commit was waited for is looked at again.
const EXPIRE_PRODUCERS = `
  WITH owned AS MATERIALIZED (
    SELECT l.log_id FROM odradek.log l WHERE l.log_id = $1 AND l.owner = $2 AND NOT l.is_deleted FOR NO KEY UPDATE
  )
  DELETE FROM odradek.producer p USING owned
  WHERE p.log_id = owned.log_id AND p.last_timestamp_ms <= $3 AND p.transaction_first_offset = -1`;

interface CommitRow {
  readonly outcome: CommitOutcome["kind"];
  readonly committed: number;
  readonly object_ids: readonly number[];
  readonly refused: readonly number[];
}

export class PostgresCatalog implements Catalog {
  readonly #lanes: CatalogLanes;
  readonly #incarnation: Incarnation;

  constructor(lanes: CatalogLanes, incarnation: Incarnation) {
    this.#lanes = lanes;
    this.#incarnation = incarnation;
  }

  async open(requests: readonly OpenRequest[]): Promise<readonly OpenOutcome[]> {
    const outcomes: OpenOutcome[] = [];
    for (let from = 0; from < requests.length; from += MOST_OPENED) {
      outcomes.push(...(await this.#open(requests.slice(from, from + MOST_OPENED))));
    }
    return outcomes;
  }

  async #open(requests: readonly OpenRequest[]): Promise<readonly OpenOutcome[]> {
    const { brokerId, number } = this.#incarnation;
    const epochs = int8Array(requests.map(({ leaderEpoch }) => leaderEpoch));
    const values = [brokerId, number, ...keyColumns(requests), epochs, NEWEST_SEGMENTS];
    const [row] = await this.#lanes.changes.query<OpenedColumns>({ name: "open_v1", text: OPEN, values });
    return row === undefined ? [] : openedLogs(row);
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const values = commitColumns(this.#incarnation, commit);
    const [row] = await this.#lanes.commits.query<CommitRow>({ name: "commit_v1", text: COMMIT, values });
    if (row?.outcome === "committed") return { kind: "committed", objectIds: row.object_ids, refusedLogIds: row.refused };
    return row?.outcome === "outOfTurn" ? { kind: "outOfTurn", committedSequence: row.committed } : { kind: "fenced" };
  }

  async segments(logId: number, fromOffset: number, limit: number): Promise<readonly Segment[]> {
    const statement = { name: "segments_v1", text: SEGMENTS, values: [logId, fromOffset, limit] };
    return (await this.#lanes.reads.query<SegmentRow>(statement)).map(rowSegment);
  }

  async segmentAt(logId: number, timestampMs: number, fromOffset: number): Promise<Segment | undefined> {
    const statement = { name: "segment_at_v1", text: SEGMENT_AT, values: [logId, timestampMs, fromOffset] };
    return (await this.#lanes.reads.query<SegmentRow>(statement)).map(rowSegment)[0];
  }

  async segmentOfMaxTimestamp(logId: number): Promise<Segment | undefined> {
    const statement = { name: "segment_of_max_timestamp_v1", text: SEGMENT_OF_MAX_TIMESTAMP, values: [logId] };
    return (await this.#lanes.reads.query<SegmentRow>(statement)).map(rowSegment)[0];
  }

  abortedRanges(logId: number, fromOffset: number): Promise<readonly AbortedRange[]> {
    const statement = { name: "aborted_ranges_v1", text: ABORTED_RANGES, values: [logId, fromOffset] };
    return this.#lanes.reads.query<AbortedRange & Record<string, number>>(statement);
  }

  async moveStart(logId: number, startOffset: number): Promise<{ removedCount: number; sizeBytes: number } | undefined> {
    const values = [this.#incarnation.number, logId, startOffset, MOST_REMOVED];
    let removedCount = 0;
    for (;;) {
      const statement = { name: "move_start_v1", text: "SELECT * FROM odradek.move_start_v1($1, $2, $3, $4)", values };
      const [row] = await this.#lanes.changes.query<{ removed: number | null; size: number }>(statement);
      if (row === undefined || row.removed === null) return undefined;
      removedCount += row.removed;
      if (row.removed < MOST_REMOVED) return { removedCount, sizeBytes: row.size };
    }
  }

  async expireProducers(logId: number, untilMs: number): Promise<void> {
    const values = [logId, this.#incarnation.number, untilMs];
    await this.#lanes.changes.query({ name: "expire_producers_v1", text: EXPIRE_PRODUCERS, values });
  }

  async deleteLogs(keys: readonly LogKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#lanes.changes.query({ text: "SELECT odradek.delete_logs_v1($1, $2)", values: keyColumns(keys) });
  }

  async close(): Promise<void> {
    const { commits, reads, changes } = this.#lanes;
    await Promise.all([commits, reads, changes].map((lane) => lane.close()));
  }
}

function keyColumns(keys: readonly LogKey[]): readonly Buffer[] {
  return [uuidArray(keys.map(({ topicId }) => topicId)), int8Array(keys.map(({ partition }) => partition))];
}

function placeholders(count: number): string {
  return Array.from({ length: count }, (_, index) => `$${index + 1}`).join(", ");
}
