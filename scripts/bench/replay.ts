// Replayed frames: the broker is what is measured, not the client. Four connections, each with its own partition; the windows keep the
// broker busy. The sink beside it shows what raw Node does with the same frames.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ReplayOrder, ReplayResult } from "./replay-client.ts";
import { BROKERS, type Scenario } from "./scenario.ts";

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

export const replayed: Scenario = {
  name: "replay",
  about: "replayed frames: produce, catch-up, round trips",
  contenders: [...BROKERS, "kfake", "sink"],
  async measure(run) {
    const contender = await run.launch();
    for (const shape of SHAPES) {
      const topic = await contender.createTopic(`replay-${shape.recordsPerBatch}`, { partitions: CONNECTIONS });
      const requests = run.scaled(shape.requests, CONNECTIONS);
      const order = { mode: "produce", port: contender.port, topic, connections: CONNECTIONS, acks: -1, ...shape, requests } as const;
      const produced = await replay(order);
      run.add(`replayed produce, ${shape.label}`, "MB/s", produced.bytes / 1e6 / produced.seconds);
    }
  },
};

export async function replay(order: ReplayOrder): Promise<ReplayResult> {
  // What earlier runs left in the page cache is written first: it would slow this one down.
  await promisify(execFile)("sync");
  const program = join(import.meta.dirname, "replay-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(order)]);
  return JSON.parse(stdout) as ReplayResult;
}
