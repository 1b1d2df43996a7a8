// What clients have pushed of their metrics (KIP-714), as a broker keeps it in an internal topic: the last of each client instance.

import { fetch } from "../../../protocol/messages/01-fetch.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { listTopics } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { failOn, present, Refusal } from "../../client/refusal.ts";
import { CLIENT_METRICS_TOPIC } from "../../cluster/topic-name.ts";
import type { PushedMetrics } from "../../telemetry/pushed-metrics.ts";

const MAX_WAIT_MS = 500;
const MAX_FETCH_BYTES = 8 * 1024 * 1024;
const PARTITION = 0;

/** In the order in which they were pushed; none where nothing was ever pushed. */
export async function lastPushedMetrics(brokers: Brokers): Promise<PushedMetrics[]> {
  const topic = (await listTopics(brokers)).find(({ name }) => name === CLIENT_METRICS_TOPIC);
  if (topic === undefined) return [];
  const connection = await brokers.byId(present(topic.partitions[PARTITION], CLIENT_METRICS_TOPIC).leaderId);
  const last = new Map<string, PushedMetrics>();
  let offset = await startOf(brokers);
  for (let end = offset + 1; offset < end; ) {
    const partitions = [{ partition: PARTITION, fetchOffset: offset, partitionMaxBytes: MAX_FETCH_BYTES }];
    const topics = [{ topic: CLIENT_METRICS_TOPIC, partitions }];
    const answer = await connection.send(fetch, 11, {
      maxWaitMs: MAX_WAIT_MS,
      minBytes: 0,
      maxBytes: MAX_FETCH_BYTES,
      isolationLevel: 0,
      topics,
    });
    failOn(answer.errorCode, CLIENT_METRICS_TOPIC);
    const fetched = present(answer.responses[0]?.partitions[0], CLIENT_METRICS_TOPIC);
    failOn(fetched.errorCode, CLIENT_METRICS_TOPIC);
    end = fetched.highWatermark;
    const batches = fetched.records === null ? [] : [...batchesOf(fetched.records)];
    for (const batch of batches) {
      for (const { key, value } of recordsOf(batch)) keep(last, key?.toString("utf8") ?? "", value);
      offset = batch.lastOffset + 1;
    }
    // What the topic's end was compacted away to.
    if (batches.length === 0) offset = end;
  }
  return [...last.values()];
}

async function startOf(brokers: Brokers): Promise<number> {
  const where = [{ topic: CLIENT_METRICS_TOPIC, partition: PARTITION }];
  const [found] = (await offsetsAt(brokers, where, { timestamp: OffsetSpec.EARLIEST })).values();
  if (found instanceof Refusal) throw found;
  return present(found, CLIENT_METRICS_TOPIC).offset;
}

function keep(last: Map<string, PushedMetrics>, id: string, value: Buffer | null): void {
  last.delete(id);
  if (value !== null) last.set(id, JSON.parse(value.toString("utf8")));
}
