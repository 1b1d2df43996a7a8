// A load of pre-encoded frames, in a process of its own: what it costs to make records is paid before the clock starts.
//
//   node scripts/bench/replay-client.ts '{"mode":"produce","port":9092,…}'
//
// produce: every connection keeps `window` requests in flight until `requests` of them were answered. fetch: every connection reads its
// partition from offset 0 to the end. Prints one JSON line: seconds, requests, bytes, and the latency of requests in microseconds.

import net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";

export interface ReplayOrder {
  readonly mode: "produce" | "fetch";
  readonly port: number;
  readonly topic: string;
  /** Connection i uses partition i. */
  readonly connections: number;
  readonly window: number;
  /** In all, over the connections. */
  readonly requests: number;
  readonly recordBytes: number;
  readonly recordsPerBatch: number;
  readonly acks: number;
}

export interface ReplayResult {
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const FETCH_BYTES = 1024 * 1024;
/** Version 9 and 11: flexible enough, and known to every broker since 2.4. */
const PRODUCE_VERSION = 9;
const FETCH_VERSION = 11;

const order = JSON.parse(process.argv[2] ?? "{}") as ReplayOrder;
const latencies: number[] = [];
let bytes = 0;
let requests = 0;
const started = performance.now();
await Promise.all(
  Array.from({ length: order.connections }, (_, partition) => (order.mode === "produce" ? produce(partition) : fetchAll(partition))),
);
const seconds = (performance.now() - started) / 1000;
latencies.sort((a, b) => a - b);
const at = (share: number) => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 1000);
const result: ReplayResult = { seconds, requests, bytes, p50Us: at(0.5), p99Us: at(0.99) };
console.log(JSON.stringify(result));
process.exit(0);

async function produce(partition: number): Promise<void> {
  const value = Buffer.alloc(order.recordBytes, "x");
  const records = buildBatch(Array.from({ length: order.recordsPerBatch }, () => ({ key: null, value }))).bytes;
  const topicData = [{ name: order.topic, partitionData: [{ index: partition, records }] }];
  const frame = Buffer.concat(
    encodeRequest(
      messages.produce,
      PRODUCE_VERSION,
      { correlationId: 1, clientId: "replay" },
      { acks: order.acks, timeoutMs: 30_000, topicData },
    ),
  );
  const count = Math.ceil(order.requests / order.connections);
  const sentAt: number[] = [];
  let sent = 0;
  let answered = 0;
  const { socket, ended } = await connect((response) => {
    if (answered === 0)
      check(decodeResponse(messages.produce, PRODUCE_VERSION, response).body.responses[0]?.partitionResponses[0]?.errorCode);
    latencies.push(performance.now() - (sentAt[answered++] ?? 0));
    bytes += frame.length;
    requests++;
    if (sent < count) send();
    else if (answered === count) socket.destroy();
  });
  const send = () => {
    sentAt.push(performance.now());
    sent++;
    socket.write(frame);
  };
  socket.cork();
  while (sent < Math.min(order.window, count)) send();
  socket.uncork();
  await ended;
}

async function fetchAll(partition: number): Promise<void> {
  let offset = 0;
  let sentAtMs = 0;
  const { socket, ended } = await connect((response) => {
    const answer = decodeResponse(messages.fetch, FETCH_VERSION, response).body.responses[0]?.partitions[0];
    check(answer?.errorCode);
    latencies.push(performance.now() - sentAtMs);
    requests++;
    const records = answer?.records ?? Buffer.alloc(0);
    bytes += records.length;
    for (const batch of batchesOf(records, { toleratePartial: true })) offset = batch.nextOffset;
    if (offset >= (answer?.highWatermark ?? 0)) socket.destroy();
    else send();
  });
  const send = () => {
    sentAtMs = performance.now();
    const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES }];
    const request = { maxWaitMs: 500, minBytes: 1, topics: [{ topic: order.topic, partitions }] };
    for (const part of encodeRequest(messages.fetch, FETCH_VERSION, { correlationId: 1, clientId: "replay" }, request)) socket.write(part);
  };
  send();
  await ended;
}

function check(errorCode: number | undefined): void {
  if (errorCode !== Errors.NONE) throw new Error(`the broker answered ${errorName(errorCode ?? -1)}`);
}

interface Connected {
  readonly socket: net.Socket;
  readonly ended: Promise<void>;
}

/** Calls `received` with each frame, without its size. */
function connect(received: (frame: Buffer) => void): Promise<Connected> {
  let kept: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: order.port, host: "127.0.0.1", noDelay: true });
    const ended = new Promise<void>((done) => socket.once("close", () => done()));
    socket.once("error", reject);
    socket.once("connect", () => resolve({ socket, ended }));
    let chunks: Buffer[] = [];
    let have = 0;
    let need = 4;
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      have += chunk.length;
      if (have < need) return;
      kept = chunks.length === 1 ? chunk : Buffer.concat(chunks, have);
      let start = 0;
      while (kept.length - start >= 4) {
        const size = kept.readInt32BE(start);
        if (kept.length - start - 4 < size) break;
        received(kept.subarray(start + 4, start + 4 + size));
        start += 4 + size;
      }
      kept = kept.subarray(start);
      chunks = kept.length === 0 ? [] : [kept];
      have = kept.length;
      need = have >= 4 ? 4 + kept.readInt32BE(0) : 4;
    });
  });
}
