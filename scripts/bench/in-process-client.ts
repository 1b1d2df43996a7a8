// Brokers inside a process, as tests have them: from startBroker to the first successful produce over the socket, and to the end; many
// at once; many in a row. Runs the built library in a process of its own, whose loading is not counted.
//
//   node --expose-gc scripts/bench/in-process-client.ts '{"runs":200,"atOnce":100,"inARow":1000}'

import { setTimeout as pause } from "node:timers/promises";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type * as library from "../../src/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { median } from "./figures.ts";

export interface InProcessOrder {
  readonly runs: number;
  readonly atOnce: number;
  readonly inARow: number;
}

export interface InProcessResult {
  readonly startMs: number;
  readonly stopMs: number;
  /** Growth of what is kept in memory while `atOnce` brokers run, for each. */
  readonly eachMb: number;
  /** Growth of what is kept in memory over `inARow` starts and stops. */
  readonly grownMb: number;
}

const order = JSON.parse(process.argv[2] ?? "{}") as InProcessOrder;
const { startBroker }: typeof library = await import(new URL("../../.dist/index.mjs", import.meta.url).href);
const result: InProcessResult = { ...(await oneByOne()), eachMb: await manyAtOnce(), grownMb: await manyInARow() };
console.log(JSON.stringify(result));
process.exit(0);

async function oneByOne(): Promise<Pick<InProcessResult, "startMs" | "stopMs">> {
  const started: number[] = [];
  const stopped: number[] = [];
  for (let run = 0; run < order.runs; run++) {
    const beganMs = performance.now();
    const broker = await startBroker({ topics: ["first"] });
    await firstProduce(broker.port);
    started.push(performance.now() - beganMs);
    const stoppingMs = performance.now();
    await broker.stop();
    stopped.push(performance.now() - stoppingMs);
  }
  return { startMs: median(started), stopMs: median(stopped) };
}

async function manyAtOnce(): Promise<number> {
  const before = await settledMb();
  const brokers = await Promise.all(Array.from({ length: order.atOnce }, () => startBroker({ topics: ["first"] })));
  await Promise.all(brokers.map(({ port }) => firstProduce(port)));
  const each = ((await settledMb()) - before) / order.atOnce;
  await Promise.all(brokers.map((broker) => broker.stop()));
  return each;
}

async function manyInARow(): Promise<number> {
  const before = await settledMb();
  for (let run = 0; run < order.inARow; run++) await (await startBroker()).stop();
  return (await settledMb()) - before;
}

async function firstProduce(port: number): Promise<void> {
  const client = await RawClient.connect(port);
  const records = buildBatch([{ key: null, value: Buffer.from("first") }]).bytes;
  const topicData = [{ name: "first", partitionData: [{ index: 0, records }] }];
  const answer = await client.call(messages.produce, 7, { acks: -1, timeoutMs: 5000, topicData });
  if (answer?.responses[0]?.partitionResponses[0]?.errorCode !== Errors.NONE) throw new Error("the first produce failed");
  client.close();
}

/** What is kept, without garbage: objects and the memory outside of the heap. What V8 holds in reserve grows and shrinks as it likes. */
async function settledMb(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.();
    await pause(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
