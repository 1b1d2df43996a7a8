// A consumer with a fetch session of many partitions (KIP-227), and a producer that sends one record at a time, to one partition after the
// other: the next when the consumer has it and waits again.
//
//   node scripts/bench/sessions-client.ts '{"host":"127.0.0.1","port":9092,"topics":["t"],"perTopic":1000,"warmUpSeconds":5,"seconds":5}'
//
// Prints a line when the warm-up is over and one when the time is.

import { decodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { givenOrder, report } from "./client-process.ts";
import { checkCode, encodedRequest, FrameSocket, percentile } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";

export interface SessionsOrder extends Address {
  readonly topics: readonly string[];
  /** Partitions of each. */
  readonly perTopic: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface SessionsResult {
  readonly records: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** The last that names topics by name. */
const FETCH_VERSION = 12;
const PRODUCE_VERSION = 9;
const RECORD_BYTES = 100;
const PARTITION_BYTES = 1024 * 1024;
/** Far apart, so that no two records in a row are of neighbours. */
const STRIDE = 37;

const order = givenOrder<SessionsOrder>();
const consumer = await FrameSocket.connect(order);
const producer = await FrameSocket.connect(order);
/** Over all topics, as everything that counts partitions here. */
const count = order.topics.length * order.perTopic;
const nextOffsets = new Array<number>(count).fill(0);
const records = buildBatch([{ key: null, value: Buffer.alloc(RECORD_BYTES, "x") }]).bytes;

const sessionId = await open();
let epoch = 1;
let partition = 0;
await exchange(order.warmUpSeconds);
report("warm");
const latencies = await exchange(order.seconds);
report({
  records: latencies.length,
  p50Us: percentile(latencies, 0.5) * 1000,
  p99Us: percentile(latencies, 0.99) * 1000,
} satisfies SessionsResult);

async function open(): Promise<number> {
  const all = Array.from({ length: count }, (_, index) => index);
  const answer = await consumer.call(messages.fetch, FETCH_VERSION, { ...fetchOf(all), sessionId: 0, sessionEpoch: 0, maxWaitMs: 0 });
  checkCode("Fetch", answer.errorCode);
  if (answer.sessionId === 0) throw new Error("the broker gave no fetch session");
  return answer.sessionId;
}

/** Gives how long each record was under way. */
async function exchange(seconds: number): Promise<number[]> {
  const tookMs: number[] = [];
  const untilMs = performance.now() + seconds * 1000;
  let named: number[] = [partition];
  while (performance.now() < untilMs) {
    const received = receive(named, partition);
    const topicData = [{ name: topicOf(partition), partitionData: [{ index: partition % order.perTopic, records }] }];
    const sentMs = performance.now();
    const produced = producer.call(messages.produce, PRODUCE_VERSION, { acks: 1, timeoutMs: 30_000, topicData });
    await received;
    tookMs.push(performance.now() - sentMs);
    checkCode("Produce", (await produced).responses[0]?.partitionResponses[0]?.errorCode);
    nextOffsets[partition] = (nextOffsets[partition] ?? 0) + 1;
    named = [partition];
    partition = (partition + STRIDE) % count;
  }
  // What was read last is named once more, or the next exchange would read it again.
  await receive(named, undefined);
  return tookMs;
}

/** Asks until the record of that partition is there; with none, once. */
function receive(named: readonly number[], awaited: number | undefined): Promise<void> {
  return new Promise((done, fail) => {
    const ask = (topics: readonly number[], maxWaitMs: number) => {
      const session = { sessionId, sessionEpoch: epoch++, maxWaitMs };
      consumer.write(encodedRequest(messages.fetch, FETCH_VERSION, { ...fetchOf(topics), ...session }));
    };
    consumer.onFrame = (frame) => {
      try {
        const { body } = decodeResponse(messages.fetch, FETCH_VERSION, frame);
        checkCode("Fetch", body.errorCode);
        for (const { errorCode } of body.responses.flatMap(({ partitions }) => partitions)) checkCode("Fetch", errorCode);
        const ofTopic = body.responses.filter(({ topic }) => awaited !== undefined && topic === topicOf(awaited));
        const found = ofTopic.flatMap(({ partitions }) => partitions);
        const isThere = found.some(
          ({ partitionIndex, records }) => partitionIndex === (awaited ?? 0) % order.perTopic && (records?.length ?? 0) > 0,
        );
        if (isThere || awaited === undefined) done();
        else ask([], 500);
      } catch (error) {
        fail(error);
      }
    };
    ask(named, awaited === undefined ? 0 : 500);
  });
}

function topicOf(index: number): string {
  return order.topics[Math.floor(index / order.perTopic)] ?? "";
}

function fetchOf(indexes: readonly number[]) {
  const topics = indexes.map((index) => ({
    topic: topicOf(index),
    partitions: [{ partition: index % order.perTopic, fetchOffset: nextOffsets[index] ?? 0, partitionMaxBytes: PARTITION_BYTES }],
  }));
  return { minBytes: 1, maxBytes: 50 * PARTITION_BYTES, topics };
}
