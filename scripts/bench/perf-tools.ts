// Kafka's own producer-perf-test and consumer-perf-test, 1 KB records in batches of 16 KB (the client's default), 256 KB and 1 MB. What the broker costs is its CPU seconds for each GB; the rates also depend on the Java clients, which share the cores.

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import { hasKafkaReference, KAFKA_REFERENCE } from "../kafka-reference.ts";
import type { Contender } from "./contender.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const RECORD_BYTES = 1024;
const RECORDS = 1_200_000;
const WARM_UP_RECORDS = 200_000;

interface Case {
  readonly label: string;
  readonly batchBytes: number;
  readonly acks: "all" | "1";
  readonly isTransactional?: boolean;
}

const CASES: readonly Case[] = [
  { label: "16 KB batches", batchBytes: 16_384, acks: "all" },
  { label: "16 KB batches, acks=1", batchBytes: 16_384, acks: "1" },
  { label: "256 KB batches", batchBytes: 262_144, acks: "all" },
  { label: "1 MB batches", batchBytes: 1_000_000, acks: "all" },
  { label: "16 KB batches, transactions of 100 ms", batchBytes: 16_384, acks: "all", isTransactional: true },
];

const run = promisify(execFile);

export const perfTools: Scenario = {
  name: "perf-tools",
  about: "Kafka's producer-perf-test and consumer-perf-test",
  contenders: hasKafkaReference() ? BROKERS : [],
  async measure(run) {
    for (const each of CASES) {
      const contender = await run.launch();
      await run.attempt(`producer-perf-test, ${each.label}`, () => measureCase(run, contender, each));
      await contender.end("killed");
      // What fills the page cache holds up whoever writes next.
      if (contender.folder !== undefined) rmSync(contender.folder, { recursive: true, force: true });
    }
  },
};

async function measureCase(run: Run, contender: Contender, { label, batchBytes, acks, isTransactional }: Case): Promise<void> {
  const records = run.scaled(RECORDS, 1000);
  const gb = (records * RECORD_BYTES) / 1e9;
  const cpuForGb = (since: number | undefined) => perGb(contender.cpuSeconds(), since, gb);
  await produce(contender.bootstrap, await contender.createTopic("warm-up"), run.scaled(WARM_UP_RECORDS, 1000), 16_384, "all");
  const topic = await contender.createTopic("perf");
  const before = contender.cpuSeconds();
  const more = isTransactional === true ? ["--transactional-id", topic, "--transaction-duration-ms", "100"] : [];
  run.add(`producer-perf-test, ${label}`, "MB/s", await produce(contender.bootstrap, topic, records, batchBytes, acks, more));
  run.add(`broker CPU for a GB of producer-perf-test, ${label}`, "s", cpuForGb(before));
  if (acks === "all" && isTransactional !== true) {
    const beforeReading = contender.cpuSeconds();
    run.add(`consumer-perf-test, ${label}`, "MB/s", await consume(contender.bootstrap, topic, records));
    run.add(`broker CPU for a GB of consumer-perf-test, ${label}`, "s", cpuForGb(beforeReading));
  }
  run.add(`peak memory under perf tools, ${label}`, "MB", contender.memoryMb()?.peak);
}

function perGb(now: number | undefined, before: number | undefined, gb: number): number | undefined {
  return now === undefined || before === undefined ? undefined : (now - before) / gb;
}

async function produce(
  bootstrap: string,
  topic: string,
  records: number,
  batchBytes: number,
  acks: string,
  more: readonly string[] = [],
): Promise<number> {
  const properties = [`acks=${acks}`, `batch.size=${batchBytes}`, "linger.ms=5", "buffer.memory=67108864"].flatMap((property) => [
    "--command-property",
    property,
  ]);
  const sizes = ["--num-records", String(records), "--record-size", String(RECORD_BYTES), "--throughput", "-1"];
  const { stdout } = await run(
    KAFKA_REFERENCE,
    ["tool", "producer-perf-test", "--bootstrap-server", bootstrap, "--topic", topic, ...sizes, ...more, ...properties],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const match = /\(([\d.]+) MB\/sec\)/.exec(stdout.trim().split("\n").at(-1) ?? "");
  return Number(match?.[1] ?? Number.NaN);
}

async function consume(bootstrap: string, topic: string, records: number): Promise<number> {
  const { stdout } = await run(KAFKA_REFERENCE, [
    "tool",
    "consumer-perf-test",
    "--bootstrap-server",
    bootstrap,
    "--topic",
    topic,
    "--num-records",
    String(records),
    "--hide-header",
  ]);
  // start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, …
  return Number(stdout.trim().split("\n").at(-1)?.split(",")[8]);
}
