// Produces records as a client would: to the partition of the key, in batches of the size in which producers send them, acknowledged by all.

import type { InferOutput } from "valibot";
import { Errors, errorMessage, errorName } from "../../../../protocol/errors.ts";
import { produce } from "../../../../protocol/messages/index.ts";
import { buildBatch, type NewRecord } from "../../../../protocol/records/batch-builder.ts";
import type { Services } from "../../../api/services.ts";
import { murmur2 } from "../../../base/murmur2.ts";
import { Problem } from "../../problem.ts";
import type { KafkaClient } from "../kafka/kafka-client.ts";
import { Where } from "../kafka/places.ts";
import type { newContent, Produced, produceBody } from "../shapes.ts";

/** The last version that names topics by names. */
const VERSION = 12;
/** As producers have it by default. */
const BATCH_BYTES = 16 * 1024;
const TIMEOUT_MS = 30_000;
const ALL = -1;
const BASE64 = /^[0-9A-Za-z+/]*={0,2}$/;

type Given = InferOutput<typeof produceBody>["records"][number];

export interface Production {
  readonly topic: string;
  /** How many it has. */
  readonly partitions: number;
  readonly records: readonly Given[];
}

export type ProducedRecord = Produced["records"][number] & { readonly errorCode: number };

interface Placed extends NewRecord {
  readonly index: number;
  readonly timestamp: number;
}

export async function produceRecords(
  services: Services,
  client: KafkaClient,
  { topic, partitions, records }: Production,
): Promise<ProducedRecord[]> {
  const nowMs = services.clock.now();
  const keyless = services.random.positiveInt32() % partitions;
  const placed = records.map((given, index) => ({ index, timestamp: given.timestamp ?? nowMs, ...contentsOf(given, index) }));
  const byPartition = Map.groupBy(placed, ({ key, index }) => {
    const given = records[index]?.partition;
    if (given !== undefined && given >= partitions)
      throw new Problem(400, `records.${index}.partition: ${topic} has ${partitions} partitions`);
    return given ?? (key === null ? (keyless + index) % partitions : (murmur2(key) & 0x7fff_ffff) % partitions);
  });
  const all: ProducedRecord[] = [];
  const sent = [...byPartition].map(async ([partition, its]) => {
    for (const batch of inBatches(its)) {
      const answered = await sendBatch(services, client, { topic, partition, batch });
      for (const [at, { index, timestamp }] of batch.entries()) all[index] = answered(at, timestamp);
    }
  });
  await Promise.all(sent);
  return all;
}

function* inBatches(records: readonly Placed[]): Generator<Placed[], void, undefined> {
  let batch: Placed[] = [];
  let sizeBytes = 0;
  for (const record of records) {
    const own = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (batch.length > 0 && sizeBytes + own > BATCH_BYTES) {
      yield batch;
      [batch, sizeBytes] = [[], 0];
    }
    batch.push(record);
    sizeBytes += own;
  }
  yield batch;
}

interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: readonly Placed[];
}

async function sendBatch(
  services: Services,
  client: KafkaClient,
  { topic, partition, batch }: Batch,
): Promise<(at: number, timestamp: number) => ProducedRecord> {
  const leader = new Where(services).leader(topic, partition);
  const partitionData = [{ index: partition, records: buildBatch(batch).bytes }];
  const body = { acks: ALL, timeoutMs: TIMEOUT_MS, topicData: [{ name: topic, partitionData }] };
  const response = await client.ask(leader, { api: produce, version: VERSION, body });
  await client.holdOff(response?.throttleTimeMs);
  const answered = response?.responses[0]?.partitionResponses[0];
  const errorCode = answered?.errorCode ?? Errors.BROKER_NOT_AVAILABLE;
  return (at, timestamp) => ({
    ...{ partition, errorCode, error: errorName(errorCode) },
    offset: answered === undefined || errorCode !== Errors.NONE ? null : answered.baseOffset + at,
    timestamp:
      answered === undefined || errorCode !== Errors.NONE ? null : answered.logAppendTimeMs >= 0 ? answered.logAppendTimeMs : timestamp,
    message:
      answered?.recordErrors.find(({ batchIndex }) => batchIndex === at)?.batchIndexErrorMessage ??
      answered?.errorMessage ??
      errorMessage(errorCode),
  });
}

function contentsOf({ key, value, headers }: Given, index: number): NewRecord {
  return {
    key: bytesOf(key, `records.${index}.key`),
    value: bytesOf(value, `records.${index}.value`),
    headers: headers.map((header) => ({ key: header.key, value: bytesOf(header.value, `records.${index}.headers`) })),
  };
}

/** Throws Problem for what is no base64. */
function bytesOf(given: InferOutput<typeof newContent>, path: string): Buffer | null {
  if (given === null || given === undefined) return null;
  if (typeof given === "string") return Buffer.from(given);
  if ("text" in given) return Buffer.from(given.text);
  if (BASE64.test(given.base64)) return Buffer.from(given.base64, "base64");
  throw new Problem(400, `${path}: is to be base64`);
}
