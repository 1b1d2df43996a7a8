// Kafka's own producer-perf-test and consumer-perf-test, 1 KB records with acks=all in batches of 16 KB (the client's default) and of
// 256 KB. What the broker costs is its CPU seconds for each GB; the rates also depend on the Java clients, which share the cores.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { hasKafkaReference, KAFKA_REFERENCE } from "../kafka-reference.ts";
import { launchAndWait } from "./contender.ts";
import type { ContenderName, Figure } from "./figures.ts";

const RECORD_BYTES = 1024;
const RECORDS = 1_500_000;
const WARM_UP_RECORDS = 200_000;
const GB = (RECORDS * RECORD_BYTES) / 1e9;

const run = promisify(execFile);

export async function measurePerfTools(name: ContenderName): Promise<Figure[]> {
  if (!hasKafkaReference()) return [];
  const contender = await launchAndWait(name);
  const figures: Figure[] = [];
  const add = (what: string, unit: string, value: number) => figures.push({ contender: name, what, unit, value });
  try {
    await produce(contender.bootstrap, "warm-up", WARM_UP_RECORDS, 16_384);
    for (const batchBytes of [16_384, 262_144]) {
      const label = `${batchBytes / 1024} KB batches`;
      const topic = `perf-${batchBytes}`;
      const before = contender.cpuSeconds();
      const produced = await produce(contender.bootstrap, topic, RECORDS, batchBytes);
      add(`producer-perf-test, ${label}`, "MB/s", produced);
      add(`broker CPU for a GB produced, ${label}`, "s", (contender.cpuSeconds() - before) / GB);
      const beforeReading = contender.cpuSeconds();
      add(`consumer-perf-test, ${label}`, "MB/s", await consume(contender.bootstrap, topic));
      add(`broker CPU for a GB consumed, ${label}`, "s", (contender.cpuSeconds() - beforeReading) / GB);
    }
    add("peak memory under this load", "MB", contender.memoryMb().peak);
  } finally {
    await contender.stop();
  }
  return figures;
}

async function produce(bootstrap: string, topic: string, records: number, batchBytes: number): Promise<number> {
  const properties = ["acks=all", `batch.size=${batchBytes}`, "linger.ms=5", "buffer.memory=67108864"].flatMap((property) => [
    "--command-property",
    property,
  ]);
  const sizes = ["--num-records", String(records), "--record-size", String(RECORD_BYTES), "--throughput", "-1"];
  const { stdout } = await run(
    KAFKA_REFERENCE,
    ["tool", "producer-perf-test", "--bootstrap-server", bootstrap, "--topic", topic, ...sizes, ...properties],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const match = /\(([\d.]+) MB\/sec\)/.exec(stdout.trim().split("\n").at(-1) ?? "");
  return Number(match?.[1] ?? Number.NaN);
}

async function consume(bootstrap: string, topic: string): Promise<number> {
  const { stdout } = await run(KAFKA_REFERENCE, [
    "tool",
    "consumer-perf-test",
    "--bootstrap-server",
    bootstrap,
    "--topic",
    topic,
    "--num-records",
    String(RECORDS),
    "--hide-header",
  ]);
  // start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, …
  return Number(stdout.trim().split("\n").at(-1)?.split(",")[8]);
}
