// From the start of the process to the first successful produce, and the memory of a broker that then stands idle.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import type { Contender } from "./contender.ts";
import type { InProcessOrder, InProcessResult } from "./in-process-client.ts";
import type { Run, Scenario } from "./scenario.ts";

const IDLE_MS = 2000;
const RUNS = 200;
const AT_ONCE = 100;
const IN_A_ROW = 1000;

export const start: Scenario = {
  name: "start",
  about: "start to first produce, of a process and in process; idle memory; 100 brokers at once; 1000 in a row",
  contenders: ["odradek", "kafka", "kfake"],
  async measure(run) {
    const contender = await run.launch({ isAwaited: false });
    await firstProduce(contender);
    run.add("process start to first produce", "ms", performance.timeOrigin + performance.now() - contender.startedMs);
    await new Promise((done) => setTimeout(done, IDLE_MS));
    run.add("idle memory", "MB", contender.memoryMb()?.now);
    await contender.end("killed");
    if (run.contender === "odradek") await run.attempt("in process", () => measureInProcess(run));
  },
};

async function measureInProcess(run: Run): Promise<void> {
  const order: InProcessOrder = { runs: run.scaled(RUNS), atOnce: run.scaled(AT_ONCE), inARow: run.scaled(IN_A_ROW) };
  const program = join(import.meta.dirname, "in-process-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, JSON.stringify(order)]);
  const { startMs, stopMs, eachMb, grownMb } = JSON.parse(stdout) as InProcessResult;
  run.add(`in process: start to first produce, median of ${order.runs}`, "ms", startMs);
  run.add(`in process: stop, median of ${order.runs}`, "ms", stopMs);
  run.add(`in process: memory of each of ${order.atOnce} brokers at once`, "MB", eachMb);
  run.add(`in process: memory kept after ${order.inARow} starts in a row`, "MB", grownMb);
}

/** Tries from the first moment on, as a client would that was started together with the broker. */
async function firstProduce(contender: Contender): Promise<void> {
  const records = buildBatch([{ key: null, value: Buffer.from("first") }]).bytes;
  const deadline = Date.now() + 60_000;
  for (let isCreated = false; Date.now() < deadline; await new Promise((done) => setTimeout(done, 2))) {
    const client = await RawClient.connect(contender.port).catch(() => undefined);
    if (client === undefined) continue;
    try {
      if (!isCreated) {
        const topic = { name: "first", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
        const created = await client.call(messages.createTopics, 2, { topics: [topic], timeoutMs: 5000 });
        isCreated = created?.topics[0]?.errorCode === Errors.NONE;
      }
      const topicData = [{ name: "first", partitionData: [{ index: 0, records }] }];
      const produced = isCreated ? await client.call(messages.produce, 7, { acks: -1, timeoutMs: 5000, topicData }) : undefined;
      if (produced?.responses[0]?.partitionResponses[0]?.errorCode === Errors.NONE) return;
    } finally {
      client.close();
    }
  }
  throw new Error(`${contender.name} took no produce within 60 s`);
}
