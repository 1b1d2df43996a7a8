// The paths whose cost is held to a budget: what is measured in one short round on one contender.

import type { Contender } from "./contender.ts";
import { type ProduceOrder, type ReplayResult, replay, targetOf } from "./replay-order.ts";

const CONNECTIONS = 4;
const RECORD_BYTES = 1024;
const MOST_SECONDS = 10;

export interface BudgetPath {
  readonly name: string;
  /** Of the cost. */
  readonly unit: "s/GB" | "s/million";
  /** Makes what the rounds need; gives a round, which gives CPU seconds of the broker for each unit. */
  readonly prepare: (contender: Contender) => Promise<() => Promise<number>>;
}

type Batches = Pick<ProduceOrder, "recordsPerBatch" | "window">;
const BATCHES = {
  "1 KB": { recordsPerBatch: 1, window: 64 },
  "16 KB": { recordsPerBatch: 16, window: 16 },
  "256 KB": { recordsPerBatch: 256, window: 4 },
  "1 MB": { recordsPerBatch: 1000, window: 2 },
} as const;

export const BUDGET_PATHS: readonly BudgetPath[] = [
  producePath("1 KB", 80e6),
  producePath("16 KB", 160e6),
  producePath("256 KB", 250e6),
  producePath("1 MB", 250e6),
  fetchPath("fetch at the tail", 400e6, -32 * 16, 60e6),
  fetchPath("fetch from the start", 400e6, 0, 400e6),
  {
    name: "one-record round trips",
    unit: "s/million",
    prepare: async (contender) => {
      const order = {
        ...(await produceOrder(contender, { recordsPerBatch: 1, window: 1 }, 40_000 * 100)),
        recordBytes: 100,
        connections: 16,
      };
      return async () => {
        const result = await replay(order);
        return (cpuOf(result) / result.requests) * 1e6;
      };
    },
  },
];

function producePath(size: keyof typeof BATCHES, bytes: number): BudgetPath {
  return {
    name: `produce, batches of ${size}`,
    unit: "s/GB",
    prepare: async (contender) => {
      const order = await produceOrder(contender, BATCHES[size], bytes);
      return async () => costOfGb(await replay(order));
    },
  };
}

/** Of a log with so many bytes; what lies after the offset is read again until `readBytes` were. */
function fetchPath(name: string, readBytes: number, startOffset: number, logBytes: number): BudgetPath {
  return {
    name: `${name}, batches of 16 KB`,
    unit: "s/GB",
    prepare: async (contender) => {
      const { topic, ...order } = await produceOrder(contender, BATCHES["16 KB"], logBytes);
      await replay({ ...order, topic });
      const { partitions, connections } = order;
      const repeatBytes = readBytes / connections;
      return async () =>
        costOfGb(await replay({ mode: "fetch", ...targetOf(contender), topic, partitions, connections, startOffset, repeatBytes }));
    },
  };
}

async function produceOrder(contender: Contender, batches: Batches, bytes: number): Promise<ProduceOrder> {
  const topic = await contender.createTopic("budget", { partitions: CONNECTIONS });
  return {
    mode: "produce",
    ...targetOf(contender),
    topic,
    partitions: CONNECTIONS,
    connections: CONNECTIONS,
    requests: Math.round(bytes / (batches.window === 1 ? 100 : RECORD_BYTES * batches.recordsPerBatch)),
    mostSeconds: MOST_SECONDS,
    recordBytes: RECORD_BYTES,
    acks: -1,
    ...batches,
  };
}

function costOfGb(result: ReplayResult): number {
  return cpuOf(result) / (result.bytes / 1e9);
}

function cpuOf({ brokerCpuSeconds }: ReplayResult): number {
  if (brokerCpuSeconds === undefined) throw new Error("this system does not say what a process costs");
  return brokerCpuSeconds;
}
