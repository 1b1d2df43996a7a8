// What is stored and what was asked of the object store, counted by PostgreSQL; over a connection that is made when somebody asks.

import { assert } from "../../base/assert.ts";
import type { MeasuredTraffic, ObjectStatistics, TopicSize, Usage } from "../usage.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./session.ts";
import { kafkaUuid } from "./topic-ids.ts";

const OBJECTS = `
  SELECT o.*, s.*, i.*, r.*
  FROM (
    SELECT count(*) AS "objectCount", coalesce(sum(size_bytes), 0)::bigint AS "objectBytes",
      count(*) FILTER (WHERE level = 0) AS "smallObjectCount",
      coalesce(sum(size_bytes) FILTER (WHERE level = 0), 0)::bigint AS "smallObjectBytes"
    FROM odradek.object
  ) o, (
    SELECT count(*) AS "smallSegmentCount" FROM odradek.object o JOIN odradek.segment s ON s.object_id = o.object_id
    WHERE o.level = 0 AND o.level < 3
  ) s, (
    SELECT count(*) AS "inlineSegmentCount", coalesce(sum(size_bytes), 0)::bigint AS "inlineBytes"
    FROM odradek.segment WHERE object_id IS NULL
  ) i, (
    SELECT count(*) AS "markedCount", count(*) FILTER (WHERE o.key IS NULL) AS "markedOrphanCount",
      coalesce(sum(o.size_bytes), 0)::bigint AS "markedBytes",
      coalesce(floor(extract(epoch FROM clock_timestamp() - min(marked_at)) * 1000), -1)::bigint AS "oldestMarkAgeMs"
    FROM odradek.removal r LEFT JOIN odradek.object o ON o.key = r.key
  ) r`;
const TOPICS = `
  SELECT topic_id AS "topicId", sum(size_bytes)::bigint AS "sizeBytes" FROM odradek.log WHERE NOT is_deleted
  GROUP BY topic_id ORDER BY 2 DESC, 1`;
const NAMED_KEYS = `
  SELECT o.key FROM odradek.object o WHERE o.key > $1 AND EXISTS (SELECT FROM odradek.segment s WHERE s.object_id = o.object_id)
  ORDER BY o.key LIMIT $2`;
const TRAFFIC = `
  SELECT coalesce(floor(extract(epoch FROM max(told_at) - min(told_at - span_ms * interval '1 millisecond')) * 1000), 0)::bigint AS "spanMs",
    coalesce(floor(extract(epoch FROM clock_timestamp() - max(told_at)) * 1000), -1)::bigint AS "ageMs",
    coalesce(sum(put_count), 0)::bigint AS "putCount", coalesce(sum(get_count), 0)::bigint AS "getCount",
    coalesce(sum(list_count), 0)::bigint AS "listCount", coalesce(sum(delete_count), 0)::bigint AS "deleteCount",
    coalesce(sum(put_bytes), 0)::bigint AS "putBytes", coalesce(sum(got_bytes), 0)::bigint AS "gotBytes"
  FROM odradek.store_traffic WHERE told_at > clock_timestamp() - $1 * interval '1 millisecond'`;

export class PostgresUsage implements Usage {
  readonly #lane: Connection;

  constructor(lane: Connection) {
    this.#lane = lane;
  }

  objects(): Promise<ObjectStatistics> {
    return this.#one<ObjectStatistics>(OBJECTS);
  }

  async topics(): Promise<readonly TopicSize[]> {
    const rows = await this.#lane.query<TopicSize & Row>({ text: TOPICS });
    return rows.map(({ topicId, sizeBytes }) => ({ topicId: kafkaUuid(topicId), sizeBytes }));
  }

  async namedKeys(after: string, limit: number): Promise<readonly string[]> {
    return (await this.#lane.query<{ key: string }>({ text: NAMED_KEYS, values: [after, limit] })).map(({ key }) => key);
  }

  traffic(withinMs: number): Promise<MeasuredTraffic> {
    return this.#one<MeasuredTraffic>(TRAFFIC, [withinMs]);
  }

  async #one<R extends object>(text: string, values: readonly unknown[] = []): Promise<R> {
    const [row] = await this.#lane.query<R & Row>({ text, values });
    assert(row !== undefined, "what is counted is one row");
    return row;
  }
}
