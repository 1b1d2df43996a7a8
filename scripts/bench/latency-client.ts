// A producer at a fixed rate and a consumer at the tail, in a process of their own, each on its own thread.
//
//   node scripts/bench/latency-client.ts '{"host":"127.0.0.1","port":9092,"topic":"new-and-empty",…}'
//
// Record i is due at the start + i / rate, whatever the broker does; its latency is counted from then until the consumer has the bytes
// of its fetch; beside it, until it was acknowledged. A broker that stalls thus pays for every record that had to wait (no coordinated omission). The producer does what Kafka's own
// does with linger.ms=0: what is due goes out at once while fewer than five requests are in flight; else it waits and goes out together.
// Prints a line when the warm-up is over, and one with the result.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { decodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { givenOrder, report } from "./client-process.ts";
import { checkCode, encodedRequest, FrameSocket, percentile } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";

export interface LatencyOrder extends Address {
  /** One partition, without records. */
  readonly topic: string;
  readonly recordBytes: number;
  readonly recordsPerSecond: number;
  /** These are sent at the same rate first, and not counted. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface LatencyResult {
  readonly records: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** Until the record was acknowledged by the broker, whoever has read it. */
  readonly acknowledgedP50Us: number;
  readonly acknowledgedP99Us: number;
  /** How late the producer itself was, where nothing but its clock held it back. */
  readonly pacerP99Us: number;
}

const IN_FLIGHT = 5;
const MOST_RECORDS = 256;
const PRODUCE_VERSION = 9;
const FETCH_VERSION = 11;
const LEAST_WAIT_MS = 0.05;
const MOST_WAIT_MS = 1;
/** After the last record was due. */
const DEADLINE_MS = 30_000;

const order = isMainThread ? givenOrder<LatencyOrder>() : (workerData as LatencyOrder);
const warmUpRecords = order.warmUpSeconds * order.recordsPerSecond;
const records = warmUpRecords + order.seconds * order.recordsPerSecond;
const intervalMs = 1000 / order.recordsPerSecond;

if (isMainThread) report(await measure());
else await consume();

async function measure(): Promise<LatencyResult> {
  const consumer = new Worker(new URL(import.meta.url), { workerData: order });
  // The consumer says first that it waits at the tail, then when each record came.
  const messageOf = () =>
    new Promise<Float64Array>((resolve, reject) => {
      consumer.once("message", resolve);
      consumer.once("error", reject);
    });
  await messageOf();
  const arrived = messageOf();
  const startMs = nowMs() + 100;
  const { pacerMs, acknowledgedMs } = await produce(startMs);
  const deadline = setTimeout(() => {
    console.error("the records did not all arrive");
    process.exit(1);
  }, DEADLINE_MS);
  const arrivedMs = await arrived;
  clearTimeout(deadline);
  const latencies = latenciesOf(arrivedMs, startMs);
  const acknowledged = latenciesOf(acknowledgedMs, startMs);
  await consumer.terminate();
  return {
    records: latencies.length,
    p50Us: percentile(latencies, 0.5) * 1000,
    p99Us: percentile(latencies, 0.99) * 1000,
    p999Us: percentile(latencies, 0.999) * 1000,
    acknowledgedP50Us: percentile(acknowledged, 0.5) * 1000,
    acknowledgedP99Us: percentile(acknowledged, 0.99) * 1000,
    pacerP99Us: percentile(pacerMs, 0.99) * 1000,
  };
}

/** Of when something happened to each record: how long after it was due, for those that count. */
function latenciesOf(atMs: Float64Array, startMs: number): number[] {
  return Array.from(atMs.subarray(warmUpRecords), (ms, index) => ms - (startMs + (warmUpRecords + index) * intervalMs));
}

interface Produced {
  /** How late each request was that could go out as soon as its first record was due. */
  readonly pacerMs: number[];
  /** When each record was acknowledged. */
  readonly acknowledgedMs: Float64Array;
}

async function produce(startMs: number): Promise<Produced> {
  const socket = await FrameSocket.connect(order);
  const frames = Array.from({ length: MOST_RECORDS + 1 }, (_, count) => produceFrame(Math.max(1, count)));
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const pacerMs: number[] = [];
  const acknowledgedMs = new Float64Array(records);
  /** Of requests in flight: how many records each has. */
  const counts: number[] = [];
  let acknowledged = 0;
  let sent = 0;
  let wasFree = false;
  let isWarm = false;
  socket.onFrame = (frame) => {
    const { body } = decodeResponse(messages.produce, PRODUCE_VERSION, frame);
    checkCode("Produce", body.responses[0]?.partitionResponses[0]?.errorCode);
    const count = counts.shift() ?? 0;
    acknowledgedMs.fill(nowMs(), acknowledged, acknowledged + count);
    acknowledged += count;
  };
  return new Promise((done) => {
    const turn = () => {
      const due = Math.min(records, Math.floor((nowMs() - startMs) / intervalMs) + 1);
      while (sent < due && counts.length < IN_FLIGHT) {
        if (wasFree && sent >= warmUpRecords) pacerMs.push(nowMs() - (startMs + sent * intervalMs));
        const count = Math.min(due - sent, MOST_RECORDS);
        socket.write(frames[count] ?? Buffer.alloc(0));
        sent += count;
        counts.push(count);
      }
      if (!isWarm && sent >= warmUpRecords) {
        isWarm = true;
        report("warm");
      }
      if (sent === records && counts.length === 0) {
        socket.close();
        done({ pacerMs, acknowledgedMs });
        return;
      }
      wasFree = counts.length < IN_FLIGHT;
      // Timers are too coarse for this: the thread itself sleeps until the next record is due, and looks for answers in between.
      const untilDueMs = startMs + sent * intervalMs - nowMs();
      Atomics.wait(pause, 0, 0, Math.min(Math.max(untilDueMs, wasFree ? 0 : LEAST_WAIT_MS), MOST_WAIT_MS));
      setImmediate(turn);
    };
    turn();
  });
}

function produceFrame(count: number): Buffer {
  const value = Buffer.alloc(order.recordBytes, "x");
  const batch = buildBatch(Array.from({ length: count }, () => ({ key: null, value }))).bytes;
  const topicData = [{ name: order.topic, partitionData: [{ index: 0, records: batch }] }];
  return encodedRequest(messages.produce, PRODUCE_VERSION, { acks: -1, timeoutMs: 30_000, topicData });
}

async function consume(): Promise<void> {
  const arrivedMs = new Float64Array(records);
  const socket = await FrameSocket.connect(order);
  let offset = 0;
  const fetch = () => {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1024 * 1024 }];
    socket.write(
      encodedRequest(messages.fetch, FETCH_VERSION, { maxWaitMs: 500, minBytes: 1, topics: [{ topic: order.topic, partitions }] }),
    );
  };
  socket.onFrame = (frame) => {
    const ms = nowMs();
    const answer = decodeResponse(messages.fetch, FETCH_VERSION, frame).body.responses[0]?.partitions[0];
    checkCode("Fetch", answer?.errorCode);
    const firstOffset = offset;
    for (const batch of batchesOf(answer?.records ?? Buffer.alloc(0), { toleratePartial: true })) offset = batch.nextOffset;
    arrivedMs.fill(ms, firstOffset, offset);
    if (offset < records) return fetch();
    parentPort?.postMessage(arrivedMs);
  };
  fetch();
  parentPort?.postMessage(new Float64Array());
}

/** Of a clock that all threads share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
