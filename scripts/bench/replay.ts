// Replayed frames: the broker is what is measured, not the client. Four connections, each with its own partition; the windows keep the
// broker busy. The sink beside it shows what raw Node does with the same frames.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { type Contender, launchAndWait } from "./contender.ts";
import type { ContenderName, Figure } from "./figures.ts";
import type { ReplayOrder, ReplayResult } from "./replay-client.ts";

interface Shape {
  readonly label: string;
  readonly recordBytes: number;
  readonly recordsPerBatch: number;
  readonly window: number;
  readonly requests: number;
}

const SHAPES: readonly Shape[] = [
  { label: "1 KB batches", recordBytes: 1000, recordsPerBatch: 1, window: 64, requests: 300_000 },
  { label: "16 KB batches", recordBytes: 1000, recordsPerBatch: 16, window: 16, requests: 60_000 },
  { label: "256 KB batches", recordBytes: 1000, recordsPerBatch: 256, window: 4, requests: 4000 },
  { label: "1 MB batches", recordBytes: 1000, recordsPerBatch: 1000, window: 2, requests: 1000 },
];
const CONNECTIONS = 4;

export async function measureReplay(name: ContenderName): Promise<Figure[]> {
  const contender = await launchAndWait(name);
  const figures: Figure[] = [];
  const add = (what: string, unit: string, value: number) => figures.push({ contender: name, what, unit, value });
  try {
    for (const shape of SHAPES) {
      const topic = `replay-${shape.recordsPerBatch}`;
      if (name !== "sink") await createTopic(contender, topic);
      const order = { mode: "produce", port: contender.port, topic, connections: CONNECTIONS, acks: -1, ...shape } as const;
      if (name !== "sink") await createTopic(contender, `${topic}-warm`);
      await replay({ ...order, topic: name === "sink" ? topic : `${topic}-warm`, requests: shape.requests / 10 });
      const before = contender.cpuSeconds();
      const produced = await replay(order);
      add(`replayed produce, ${shape.label}`, "MB/s", produced.bytes / 1e6 / produced.seconds);
      add(`broker CPU for a GB produced, ${shape.label}, replayed`, "s", (contender.cpuSeconds() - before) / (produced.bytes / 1e9));
      if (name === "sink") continue;
      const beforeReading = contender.cpuSeconds();
      const fetched = await replay({ ...order, mode: "fetch" });
      add(`replayed catch-up, ${shape.label}`, "MB/s", fetched.bytes / 1e6 / fetched.seconds);
      add(`broker CPU for a GB fetched, ${shape.label}, replayed`, "s", (contender.cpuSeconds() - beforeReading) / (fetched.bytes / 1e9));
    }
    const topic = "round-trips";
    if (name !== "sink") await createTopic(contender, topic);
    const trip = {
      mode: "produce",
      port: contender.port,
      topic,
      connections: CONNECTIONS,
      acks: -1,
      window: 1,
      recordBytes: 100,
      recordsPerBatch: 1,
      requests: 60_000,
    } as const;
    const before = contender.cpuSeconds();
    const trips = await replay(trip);
    add("one-record round trips, 4 connections", "1/s", trips.requests / trips.seconds);
    add("broker CPU for a million round trips", "s", ((contender.cpuSeconds() - before) / trips.requests) * 1e6);
    add("round trip, p99", "µs", trips.p99Us);
    add("peak memory under replayed load", "MB", contender.memoryMb().peak);
  } finally {
    await contender.stop();
  }
  return figures;
}

async function replay(order: ReplayOrder): Promise<ReplayResult> {
  // What earlier runs left in the page cache is written first: it would slow this one down.
  await promisify(execFile)("sync");
  const program = join(import.meta.dirname, "replay-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(order)]);
  return JSON.parse(stdout) as ReplayResult;
}

async function createTopic(contender: Contender, name: string): Promise<void> {
  const client = await RawClient.connect(contender.port);
  const topic = { name, numPartitions: CONNECTIONS, replicationFactor: 1, assignments: [], configs: [] };
  const created = await client.call(messages.createTopics, 2, { topics: [topic], timeoutMs: 10_000 });
  if (created?.topics[0]?.errorCode !== Errors.NONE) throw new Error(`${contender.name} did not create ${name}`);
  // Kafka answers before every leader is ready.
  await new Promise((done) => setTimeout(done, 500));
  client.close();
}
