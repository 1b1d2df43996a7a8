// How long a record is under way from the producer to the consumer at a rate that leaves the broker idle time.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { hasKafkaReference, KAFKA_REFERENCE } from "../kafka-reference.ts";
import { ClientProcess } from "./client-process.ts";
import type { Contender } from "./contender.ts";
import type { LatencyOrder, LatencyResult } from "./latency-client.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const RECORD_BYTES = 100;
const RATES = [1000, 10_000];
const WARM_UP_SECONDS = 5;
const SECONDS = 10;
/** The tool sends one and waits for it, again and again. */
const TOOL_RECORDS = 5000;

export const latency: Scenario = {
  name: "latency",
  about: "end-to-end latency at 1,000 and 10,000 records/s, counted from when a record was due",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    for (const recordsPerSecond of RATES) {
      const topic = await broker.createTopic(`latency-${recordsPerSecond}`);
      const { host, port } = broker;
      const seconds = run.scaled(SECONDS);
      const order: LatencyOrder = {
        host,
        port,
        topic,
        recordBytes: RECORD_BYTES,
        recordsPerSecond,
        warmUpSeconds: WARM_UP_SECONDS,
        seconds,
      };
      await measureRate(run, broker, order);
    }
  },
};

export const endToEndTool: Scenario = {
  name: "e2e-latency",
  about: "Kafka's own e2e-latency tool: one record under way at a time",
  contenders: hasKafkaReference() ? BROKERS : [],
  async measure(run) {
    const broker = await run.launch();
    const topic = await broker.createTopic("e2e");
    const args = [broker.bootstrap, topic, String(run.scaled(TOOL_RECORDS, 100)), "all", String(RECORD_BYTES)];
    const { stdout } = await promisify(execFile)(KAFKA_REFERENCE, ["tool", "e2e-latency", ...args]);
    const numberAfter = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
    run.add("e2e-latency, mean", "ms", numberAfter(/Avg latency: ([\d.]+) ms/));
    run.add("e2e-latency, p99", "ms", numberAfter(/99th = (\d+)/));
    run.add("e2e-latency, p99.9", "ms", numberAfter(/99\.9th = (\d+)/));
  },
};

async function measureRate(run: Run, broker: Contender, order: LatencyOrder): Promise<void> {
  const rate = `${order.recordsPerSecond.toLocaleString("en")} records/s`;
  const client = new ClientProcess<unknown>("latency-client.ts", order);
  try {
    await client.next();
    const before = broker.cpuSeconds() ?? Number.NaN;
    const result = (await client.next()) as LatencyResult;
    const cpuSeconds = (broker.cpuSeconds() ?? Number.NaN) - before;
    run.add(`latency at ${rate}, p50`, "ms", result.p50Us / 1000);
    run.add(`latency at ${rate}, p99`, "ms", result.p99Us / 1000);
    run.add(`latency at ${rate}, p99.9`, "ms", result.p999Us / 1000);
    run.add(`lateness of the load generator at ${rate}, p99`, "ms", result.pacerP99Us / 1000);
    run.add(`broker CPU for a million records at ${rate}`, "s", (cpuSeconds / result.records) * 1e6);
  } finally {
    await client.end();
  }
}
