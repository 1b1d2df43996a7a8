// What upkeep asks of the catalog, in PostgreSQL: a statement a call, most of them functions of migrations/0003-upkeep.ts.

import type { LogKey } from "../catalog.ts";
import type { Incarnation } from "../leases.ts";
import type { TrafficPart } from "../store-traffic.ts";
import type {
  InlineRequest,
  LogSegment,
  Replacement,
  ReplaceOutcome,
  SmallObjects,
  SmallObjectsRequest,
  UpkeepCatalog,
} from "../upkeep/upkeep-catalog.ts";
import { int8Array } from "./binary-arrays.ts";
import type { Connection } from "./connection.ts";
import { replacementColumns } from "./replacement-columns.ts";
import { rowSegment, SEGMENT_COLUMNS, type SegmentRow } from "./segment-rows.ts";
import type { Row } from "./session.ts";
import { kafkaUuid } from "./topic-ids.ts";

const TAKE_JOB = `
  INSERT INTO odradek.job AS j (name, incarnation, until) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, until = excluded.until
    WHERE j.incarnation = excluded.incarnation OR j.until <= clock_timestamp()
  RETURNING name`;
const LOG_SEGMENT_COLUMNS = `l.log_id AS "logId", l.topic_id AS "topicId", l.partition, ${SEGMENT_COLUMNS}`;
const OBJECTS =
  'SELECT o.object_id AS id, o.key, o.size_bytes AS "sizeBytes" FROM odradek.object o WHERE o.object_id = ANY ($1) ORDER BY id';
const SEGMENTS_IN = `
  SELECT ${LOG_SEGMENT_COLUMNS} FROM odradek.segment s
  JOIN odradek.object o ON o.object_id = s.object_id JOIN odradek.log l ON l.log_id = s.log_id AND NOT l.is_deleted
  WHERE s.object_id = ANY ($1) ORDER BY s.log_id, s.base_offset`;
const INLINE = `
  WITH many AS MATERIALIZED (
    SELECT i.log_id FROM odradek.segment i WHERE i.object_id IS NULL GROUP BY i.log_id HAVING count(*) > $1 OR sum(i.size_bytes) > $2
  )
  SELECT ${LOG_SEGMENT_COLUMNS} FROM many JOIN odradek.log l ON l.log_id = many.log_id AND NOT l.is_deleted
  JOIN odradek.segment s ON s.log_id = many.log_id AND s.object_id IS NULL LEFT JOIN odradek.object o ON false
  ORDER BY s.log_id, s.base_offset LIMIT $3`;
const REPLACEMENT_COLUMNS = 25;
const REPLACE = `SELECT * FROM odradek.replace_v1(${Array.from({ length: REPLACEMENT_COLUMNS }, (_, index) => `$${index + 1}`).join(", ")})`;
const MARKED = `
  SELECT r.key FROM odradek.removal r WHERE r.marked_at <= clock_timestamp() - $1 * interval '1 millisecond' ORDER BY r.marked_at LIMIT $2`;
const LOGS = `
  SELECT l.log_id AS "logId", l.topic_id AS "topicId", l.partition FROM odradek.log l
  WHERE l.log_id > $1 AND NOT l.is_deleted ORDER BY l.log_id LIMIT $2`;
const TELL_TRAFFIC = `
  WITH old AS (DELETE FROM odradek.store_traffic WHERE told_at < clock_timestamp() - interval '2 days')
  INSERT INTO odradek.store_traffic (id, told_at, span_ms, put_count, get_count, list_count, delete_count, put_bytes, got_bytes)
    VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (id) DO UPDATE SET told_at = excluded.told_at, span_ms = excluded.span_ms, put_count = excluded.put_count,
    get_count = excluded.get_count, list_count = excluded.list_count, delete_count = excluded.delete_count,
    put_bytes = excluded.put_bytes, got_bytes = excluded.got_bytes`;

/** A log's key as its columns are. */
interface KeyRow {
  readonly logId: number;
  readonly topicId: string;
  readonly partition: number;
}

export class PostgresUpkeepCatalog implements UpkeepCatalog {
  readonly #lane: Connection;
  readonly #incarnation: Incarnation;

  /** @param lane one on which nobody's records wait */
  constructor(lane: Connection, incarnation: Incarnation) {
    this.#lane = lane;
    this.#incarnation = incarnation;
  }

  async takeJob(name: string, ttlMs: number): Promise<boolean> {
    return (await this.#query("take_job_v1", TAKE_JOB, [name, this.#incarnation.number, ttlMs])).length > 0;
  }

  async endJob(name: string): Promise<void> {
    const text = "DELETE FROM odradek.job j WHERE j.name = $1 AND j.incarnation = $2";
    await this.#query("end_job_v1", text, [name, this.#incarnation.number]);
  }

  async takeSmallObjects({ level, mostBytes, mostObjects, waitMs, ttlMs }: SmallObjectsRequest): Promise<SmallObjects> {
    const text = "SELECT odradek.take_objects_v1($1, $2, $3, $4, $5) AS ids";
    const values = [level, mostBytes, mostObjects, waitMs, ttlMs];
    const [taken] = await this.#query<{ ids: readonly number[] }>("take_objects_v1", text, values);
    if (taken === undefined || taken.ids.length === 0) return { objects: [], segments: [] };
    const ids = int8Array(taken.ids);
    const objects = await this.#query<{ id: number; key: string; sizeBytes: number }>("objects_v1", OBJECTS, [ids]);
    const segments = await this.#query<KeyRow & SegmentRow>("segments_in_v1", SEGMENTS_IN, [ids]);
    return { objects, segments: segments.map(logSegment) };
  }

  async inlineSegments({ mostRows, mostBytes, limit }: InlineRequest): Promise<readonly LogSegment[]> {
    return (await this.#query<KeyRow & SegmentRow>("inline_v1", INLINE, [mostRows, mostBytes, limit])).map(logSegment);
  }

  async replace(replacement: Replacement): Promise<ReplaceOutcome> {
    const values = replacementColumns(this.#incarnation, replacement);
    const [row] = await this.#query<{ outcome: string; are_done: readonly boolean[] | null }>("replace_v1", REPLACE, values);
    return row?.outcome === "replaced" ? { kind: "replaced", areDone: row.are_done ?? [] } : { kind: "fenced" };
  }

  async objectIds(afterId: number, limit: number): Promise<readonly number[]> {
    const text = "SELECT o.object_id AS id FROM odradek.object o WHERE o.object_id > $1 ORDER BY o.object_id LIMIT $2";
    return (await this.#query<{ id: number }>("object_ids_v1", text, [afterId, limit])).map(({ id }) => id);
  }

  async markUnnamed(objectIds: readonly number[]): Promise<number> {
    const text = "SELECT odradek.mark_unnamed_v1($1) AS marked";
    return (await this.#query<{ marked: number }>("mark_unnamed_v1", text, [int8Array(objectIds)]))[0]?.marked ?? 0;
  }

  async markKeys(keys: readonly string[]): Promise<number> {
    return (await this.#query<{ marked: number }>("mark_keys_v1", "SELECT odradek.mark_keys_v1($1) AS marked", [keys]))[0]?.marked ?? 0;
  }

  async markedKeys(ageMs: number, limit: number): Promise<readonly string[]> {
    return (await this.#query<{ key: string }>("marked_keys_v1", MARKED, [ageMs, limit])).map(({ key }) => key);
  }

  async confirmMarked(keys: readonly string[]): Promise<readonly string[]> {
    const text = "SELECT odradek.confirm_marked_v1($1) AS confirmed";
    return (await this.#query<{ confirmed: readonly string[] }>("confirm_marked_v1", text, [keys]))[0]?.confirmed ?? [];
  }

  async forgetRemoved(keys: readonly string[]): Promise<void> {
    await this.#query("forget_removed_v1", "SELECT odradek.forget_removed_v1($1)", [keys]);
  }

  async newestKey(prefix: string): Promise<string | undefined> {
    const text = "SELECT o.key FROM odradek.object o WHERE o.key >= $1 AND o.key < $2 ORDER BY o.key DESC LIMIT 1";
    return (await this.#query<{ key: string }>("newest_key_v1", text, [prefix, nextPrefix(prefix)]))[0]?.key;
  }

  async logs(afterLogId: number, limit: number): Promise<readonly (LogKey & { readonly logId: number })[]> {
    const rows = await this.#query<KeyRow>("logs_v1", LOGS, [afterLogId, limit]);
    return rows.map(({ logId, topicId, partition }) => ({ logId, topicId: kafkaUuid(topicId), partition }));
  }

  async purgeDeletedLogs(limit: number): Promise<boolean> {
    return (await this.#query<{ more: boolean }>("sweep_v1", "SELECT odradek.sweep_v1($1) AS more", [limit]))[0]?.more === true;
  }

  async forgetDeletedLogs(keepMs: number, limit: number): Promise<number> {
    const text = "SELECT odradek.forget_logs_v1($1, $2) AS forgotten";
    return (await this.#query<{ forgotten: number }>("forget_logs_v1", text, [keepMs, limit]))[0]?.forgotten ?? 0;
  }

  async tellTraffic({ id, spanMs, ...traffic }: TrafficPart): Promise<void> {
    const { putCount, getCount, listCount, deleteCount, putBytes, gotBytes } = traffic;
    const values = [id, spanMs, putCount, getCount, listCount, deleteCount, putBytes, gotBytes];
    await this.#query("tell_traffic_v1", TELL_TRAFFIC, values);
  }

  close(): Promise<void> {
    return this.#lane.close();
  }

  #query<R extends object>(name: string, text: string, values: readonly unknown[]): Promise<readonly (R & Row)[]> {
    return this.#lane.query<R & Row>({ name, text, values });
  }
}

function logSegment({ logId, topicId, partition, ...row }: KeyRow & SegmentRow): LogSegment {
  return { logId, topicId: kafkaUuid(topicId), partition, segment: rowSegment(row) };
}

/** Greater than everything that begins so; the last character is not the last of all. */
function nextPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
