// Fetch, from replayed frames: the end of a log read again and again, a log read from its start, and readers that follow a producer.

import { totalmem } from "node:os";
import type { Contender } from "./contender.ts";
import { perGb } from "./produce.ts";
import { type FetchOrder, type ReplayResult, replay, settle, targetOf } from "./replay-order.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const MB = 1e6;
const RECORD_BYTES = 1024;
const CONNECTIONS = 4;
const BATCHES = [
  { size: "1 record", recordsPerBatch: 1, window: 64 },
  { size: "16 KB", recordsPerBatch: 16, window: 16 },
  { size: "1 MB", recordsPerBatch: 1000, window: 2 },
] as const;
type Batches = (typeof BATCHES)[number];

/** Over all partitions: more than Odradek keeps of them in memory, less than the page cache holds. */
const LOG_BYTES = 800 * MB;
/** What is read again and again: what a consumer that keeps up would be given. */
const TAIL_BYTES = 0.5 * MB;
const TAIL_READ_BYTES = 500 * MB;
const LIVE_BYTES = 600 * MB;
const READERS = [1, 4, 10];
const MOST_SECONDS = 20;

export const fetch: Scenario = {
  name: "fetch",
  about: "replayed Fetch: at the tail, from the start of the log, 1 to 10 readers behind a producer",
  contenders: [...BROKERS, "sink"],
  async measure(run) {
    const contender = await run.launch();
    for (const batches of BATCHES) {
      const label = `batches of ${batches.size}`;
      await run.attempt(`fetch from the start, ${label}`, async () => {
        const log = await fill(run, contender, batches, LOG_BYTES);
        const caughtUp = await replay({ ...log, startOffset: 0 });
        add(run, "fetch from the start", "a GB fetched from the start", label, caughtUp);
        const tail = await readTail(run, log, batches);
        add(run, "fetch at the tail", "a GB fetched at the tail", label, tail);
        if (batches.size === "16 KB") run.add(`the load generator itself, fetch at the tail, ${label}`, "cores", tail.clientShare);
      });
    }
    for (const readers of READERS) {
      const label = `${readers} ${readers === 1 ? "reader" : "readers"} behind a producer`;
      await run.attempt(`fetch, ${label}`, () => follow(run, contender, readers, label));
    }
    run.add("peak memory after all kinds of fetch", "MB", contender.memoryMb()?.peak);
  },
};

/** Most of the memory that the machine has, and half as much again. */
export const largeLog: Scenario = {
  name: "large-log",
  about: "a log larger than the machine's memory, read from its start",
  contenders: BROKERS,
  isHeavy: true,
  mostRounds: 1,
  async measure(run) {
    const contender = await run.launch({ settings: { "log.segment.bytes": String(1024 ** 3) } });
    const log = await fill(run, contender, BATCHES[1], totalmem() * 1.5, 3600);
    add(
      run,
      "fetch from the start",
      "a GB fetched from the start",
      "of a log larger than memory",
      await replay({ ...log, startOffset: 0 }),
    );
  },
};

function add(run: Run, what: string, cost: string, label: string, result: ReplayResult): void {
  run.add(`${what}, ${label}`, "MB/s", result.bytes / MB / result.seconds);
  run.add(`broker CPU for ${cost}, ${label}`, "s", perGb(result));
}

type FilledLog = Omit<FetchOrder, "startOffset">;

/** A topic of one partition for each connection, each with so many bytes. */
export async function fill(
  run: Run,
  contender: Contender,
  batches: Pick<Batches, "recordsPerBatch" | "window">,
  bytes: number,
  mostSeconds = MOST_SECONDS,
): Promise<FilledLog> {
  const topic = await contender.createTopic("fetch", { partitions: CONNECTIONS });
  const common = { ...targetOf(contender), topic, partitions: CONNECTIONS, connections: CONNECTIONS };
  const requests = run.scaled(bytes / (RECORD_BYTES * batches.recordsPerBatch), CONNECTIONS * 8);
  const { recordsPerBatch, window } = batches;
  await replay({ ...common, mode: "produce", acks: -1, recordBytes: RECORD_BYTES, recordsPerBatch, window, requests, mostSeconds });
  await settle();
  return { ...common, mode: "fetch" };
}

/** Begins half a megabyte before the end, or a batch. */
export function readTail(run: Run, log: FilledLog, { recordsPerBatch }: Pick<Batches, "recordsPerBatch">, bytes = TAIL_READ_BYTES) {
  const tailBatches = Math.ceil(TAIL_BYTES / (RECORD_BYTES * recordsPerBatch));
  return replay({ ...log, startOffset: -tailBatches * recordsPerBatch, repeatBytes: run.scaled(bytes / CONNECTIONS) });
}

/** The broker's CPU is that of both directions, with what the start and the end of the clients cost. */
async function follow(run: Run, contender: Contender, readers: number, label: string): Promise<void> {
  const topic = await contender.createTopic("live");
  const { recordsPerBatch } = BATCHES[1];
  const requests = run.scaled(LIVE_BYTES / readers / (RECORD_BYTES * recordsPerBatch), 20);
  const common = { ...targetOf(contender), topic, partitions: 1 };
  await settle();
  const before = contender.cpuSeconds();
  const reading = replay({ ...common, mode: "fetch", connections: readers, startOffset: 0, endOffset: requests * recordsPerBatch });
  const producing = replay({
    ...common,
    mode: "produce",
    connections: 1,
    acks: -1,
    recordBytes: RECORD_BYTES,
    recordsPerBatch,
    window: 16,
    requests,
    mostSeconds: Number.MAX_SAFE_INTEGER,
  });
  const [read, produced] = await Promise.all([reading, producing]);
  run.add(`produce, ${label}`, "MB/s", produced.bytes / MB / produced.seconds);
  run.add(`fetch, ${label}`, "MB/s", read.bytes / MB / read.seconds);
  const cpuSeconds = (contender.cpuSeconds() ?? Number.NaN) - (before ?? Number.NaN);
  const movedGb = (requests * recordsPerBatch * RECORD_BYTES * (1 + readers)) / 1e9;
  run.add(`broker CPU for a GB moved, in and out, ${label}`, "s", cpuSeconds / movedGb);
}
