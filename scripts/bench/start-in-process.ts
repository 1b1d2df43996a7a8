// A broker inside the process: from startBroker to the first successful produce over the socket, and to its end; many at once; many in a
// row. Runs the built library, whose loading is not counted.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type * as library from "../../src/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { median } from "./figures.ts";
import type { Run } from "./scenario.ts";

const RUNS = 200;
const AT_ONCE = 100;
const IN_A_ROW = 1000;

export async function measureInProcess(run: Run): Promise<void> {
  const { startBroker }: typeof library = await import(new URL("../../.dist/index.mjs", import.meta.url).href);
  const started: number[] = [];
  const stopped: number[] = [];
  for (let count = run.scaled(RUNS); count > 0; count--) {
    const beganMs = performance.now();
    const broker = await startBroker({ topics: ["first"] });
    await firstProduce(broker.port);
    started.push(performance.now() - beganMs);
    const stoppingMs = performance.now();
    await broker.stop();
    stopped.push(performance.now() - stoppingMs);
  }
  run.add("in process: start to first produce", "ms", median(started));
  run.add("in process: stop", "ms", median(stopped));
  const before = memoryMb();
  const brokers = await Promise.all(Array.from({ length: AT_ONCE }, () => startBroker({ topics: ["first"] })));
  await Promise.all(brokers.map(({ port }) => firstProduce(port)));
  run.add(`in process: memory of each of ${AT_ONCE} brokers`, "MB", (memoryMb() - before) / AT_ONCE);
  await Promise.all(brokers.map((broker) => broker.stop()));
  const settledMb = memoryMb();
  for (let count = run.scaled(IN_A_ROW); count > 0; count--) await (await startBroker()).stop();
  run.add(`in process: growth over ${IN_A_ROW} starts in a row`, "MB", memoryMb() - settledMb);
}

async function firstProduce(port: number): Promise<void> {
  const client = await RawClient.connect(port);
  const records = buildBatch([{ key: null, value: Buffer.from("first") }]).bytes;
  const topicData = [{ name: "first", partitionData: [{ index: 0, records }] }];
  const answer = await client.call(messages.produce, 7, { acks: -1, timeoutMs: 5000, topicData });
  if (answer?.responses[0]?.partitionResponses[0]?.errorCode !== Errors.NONE) throw new Error("the first produce failed");
  client.close();
}

function memoryMb(): number {
  return process.memoryUsage.rss() / 1024 / 1024;
}
