// Connections in numbers.
//
//   node scripts/bench/connections-client.ts '{"mode":"idle","host":"127.0.0.1","port":9092,"count":10000,…}'
//
// idle: opens so many, asks on each once which APIs there are, prints a line, and keeps them. busy: as many produce, each one record
// after the other; prints a line when the warm-up is over and one when the time is. storm: opens so many at one moment, which ask the
// same question; prints a line when all are answered.

import { decodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { givenOrder, report } from "./client-process.ts";
import { checkCode, connectAndAsk, encodedRequest, type FrameSocket, percentile } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";
import { pause } from "./pause.ts";

export interface ConnectionsOrder extends Address {
  readonly mode: "idle" | "busy" | "storm";
  readonly count: number;
  /** Of busy ones: where they produce, connection i to partition i modulo `partitions`. */
  readonly topic: string;
  readonly partitions: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** From the first connection until the last answer. */
export interface ConnectedResult {
  readonly seconds: number;
}

export interface BusyResult extends ConnectedResult {
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** As many as a client opens at once that is not a storm. */
const IDLE_AT_ONCE = 100;
const RECORD_BYTES = 100;
const PRODUCE_VERSION = 9;

const order = givenOrder<ConnectionsOrder>();
if (order.mode === "busy") await stayBusy();
else await open(order.mode === "idle" ? IDLE_AT_ONCE : order.count);

async function open(atOnce: number): Promise<void> {
  const startedMs = performance.now();
  const sockets: FrameSocket[] = [];
  for (let from = 0; from < order.count; from += atOnce) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, order.count - from) }, () => connectAndAsk(order)))));
  }
  report({ seconds: (performance.now() - startedMs) / 1000 } satisfies ConnectedResult);
}

async function stayBusy(): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: order.count }, () => connectAndAsk(order)));
  let latencies: number[] = [];
  for (const [index, socket] of sockets.entries()) produceOn(socket, index % order.partitions, (tookMs) => latencies.push(tookMs));
  await pause(order.warmUpSeconds * 1000);
  latencies = [];
  const startedMs = performance.now();
  report("warm");
  await pause(order.seconds * 1000);
  const counted = latencies;
  latencies = [];
  report({
    seconds: (performance.now() - startedMs) / 1000,
    requests: counted.length,
    p50Us: percentile(counted, 0.5) * 1000,
    p99Us: percentile(counted, 0.99) * 1000,
  } satisfies BusyResult);
}

/** One record, one request in flight, until the process ends. */
function produceOn(socket: FrameSocket, partition: number, answered: (tookMs: number) => void): void {
  const records = buildBatch([{ key: null, value: Buffer.alloc(RECORD_BYTES, "x") }]).bytes;
  const topicData = [{ name: order.topic, partitionData: [{ index: partition, records }] }];
  const request = encodedRequest(messages.produce, PRODUCE_VERSION, { acks: -1, timeoutMs: 30_000, topicData });
  let sentMs = 0;
  const send = () => {
    sentMs = performance.now();
    socket.write(request);
  };
  socket.onFrame = (frame) => {
    answered(performance.now() - sentMs);
    const { body } = decodeResponse(messages.produce, PRODUCE_VERSION, frame);
    checkCode("Produce", body.responses[0]?.partitionResponses[0]?.errorCode);
    send();
  };
  send();
}
