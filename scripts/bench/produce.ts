// Produce, from replayed frames: the broker is what is measured, not the client. A base case and variations of one thing at a time; the
// sinks show what raw Node does with the same frames.

import { rmSync } from "node:fs";
import { Compression } from "../../protocol/records/batch-header.ts";
import type { Contender } from "./contender.ts";
import { type ProduceOrder, replay, settle, targetOf } from "./replay-order.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

type Shape = Omit<ProduceOrder, "mode" | "host" | "port" | "pid" | "topic" | "requests" | "mostSeconds">;

interface Case {
  readonly label: string;
  readonly shape: Shape;
  /** The sink knows no other requests than Produce and Fetch, and batches of one size. */
  readonly isForSink?: boolean;
}

const MB = 1e6;
/** What is produced for a case, unless the time or the requests are over first. */
const CASE_BYTES = 600 * MB;
const MOST_SECONDS = 2.5;
const MOST_REQUESTS = 400_000;
const WARM_UP_BYTES = 150 * MB;
/** A new broker on an empty folder after so many. */
const CASES_A_BROKER = 2;

/** In flight on a connection: about a megabyte, as clients with their defaults have it, and more than one where batches are large. */
const SIZES = {
  "1 record": { recordBytes: 1024, recordsPerBatch: 1, window: 64 },
  "16 KB": { recordBytes: 1024, recordsPerBatch: 16, window: 16 },
  "256 KB": { recordBytes: 1024, recordsPerBatch: 256, window: 4 },
  // Kafka's limit for a batch, 1 MB and 12 bytes, holds for the batch with what surrounds its records.
  "1 MB": { recordBytes: 1024, recordsPerBatch: 1000, window: 2 },
} as const;

const SPREAD = { connections: 4, partitions: 4, acks: -1 } as const;
const BASE: Shape = { ...SIZES["16 KB"], ...SPREAD };

const CASES: readonly Case[] = [
  ...Object.entries(SIZES).map(([size, shape]) => ({ label: `batches of ${size}`, shape: { ...SPREAD, ...shape }, isForSink: true })),
  { label: "16 KB batches, acks=0", shape: { ...BASE, acks: 0 }, isForSink: true },
  ...(["16 KB", "256 KB", "1 MB"] as const).map((size) => ({
    label: `${size} batches, acks=1`,
    shape: { ...SPREAD, ...SIZES[size], acks: 1 as const },
    isForSink: true,
  })),
  { label: "100 B records, 16 KB batches", shape: { ...BASE, recordBytes: 100, recordsPerBatch: 150 }, isForSink: true },
  { label: "10 KB records, 256 KB batches", shape: { ...BASE, recordBytes: 10_240, recordsPerBatch: 25, window: 4 }, isForSink: true },
  ...[1, 16, 256].map((partitions) => ({
    label: `16 KB batches, ${partitions} partitions`,
    shape: { ...BASE, partitions },
    isForSink: true,
  })),
  ...[1, 10, 100].map((connections) => ({
    label: `16 KB batches, ${connections} connections`,
    shape: { ...BASE, connections },
    isForSink: true,
  })),
  ...(["GZIP", "SNAPPY", "LZ4", "ZSTD"] as const).map((codec) => ({
    label: `16 KB batches, ${codec.toLowerCase()}`,
    shape: { ...BASE, compression: Compression[codec] },
  })),
  { label: "16 KB batches, idempotent", shape: { ...BASE, isIdempotent: true } },
  { label: "16 KB batches, transactions of 100 batches", shape: { ...BASE, batchesPerTransaction: 100 } },
];

export const produce: Scenario = {
  name: "produce",
  about: "replayed Produce: sizes, acks, partitions, connections, compression, idempotent, transactional",
  contenders: [...BROKERS, "sink", "sink+crc"],
  async measure(run) {
    const cases = CASES.filter(({ isForSink }) => isForSink === true || !run.contender.startsWith("sink"));
    for (let first = 0; first < cases.length; first += CASES_A_BROKER) {
      const contender = await run.launch();
      await produceCase(run, contender, BASE, WARM_UP_BYTES);
      for (const each of cases.slice(first, first + CASES_A_BROKER)) await measureCase(run, contender, each);
      if (first === 0) run.add("peak memory under produce, batches of 1 record and 16 KB", "MB", contender.memoryMb()?.peak);
      await contender.end("killed");
      // What fills the page cache holds up whoever writes next.
      if (contender.folder !== undefined) rmSync(contender.folder, { recursive: true, force: true });
    }
  },
};

function measureCase(run: Run, contender: Contender, { label, shape }: Case): Promise<void> {
  return run.attempt(`produce, ${label}`, async () => {
    const result = await produceCase(run, contender, shape, CASE_BYTES);
    run.add(`produce, ${label}`, "MB/s", result.bytes / MB / result.seconds);
    run.add(`broker CPU for a GB produced, ${label}`, "s", perGb(result));
    if (label.startsWith("batches of")) run.add(`the load generator itself, ${label}`, "cores", result.clientShare);
  });
}

/** Produces into a topic of its own. */
async function produceCase(run: Run, contender: Contender, shape: Shape, wantedBytes: number) {
  const topic = await contender.createTopic("produce", { partitions: shape.partitions });
  const requests = Math.min(MOST_REQUESTS, wantedBytes / (shape.recordBytes * shape.recordsPerBatch));
  await settle();
  const least = shape.connections * 2;
  return replay({
    mode: "produce",
    ...targetOf(contender),
    topic,
    ...shape,
    requests: run.scaled(requests, least),
    mostSeconds: MOST_SECONDS,
  });
}

export function perGb({ brokerCpuSeconds, bytes }: { readonly brokerCpuSeconds?: number; readonly bytes: number }): number | undefined {
  return brokerCpuSeconds === undefined ? undefined : brokerCpuSeconds / (bytes / 1e9);
}
