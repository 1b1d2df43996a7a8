// How fast the cleaner compacts a log in which most keys were written again, and what that costs.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { resultOf } from "./client-process.ts";
import type { CompactionOrder, CompactionResult } from "./compaction-client.ts";
import type { Contender } from "./contender.ts";
import { FrameSocket } from "./frame-socket.ts";
import { pause } from "./pause.ts";
import { settle } from "./replay-order.ts";
import { RESTARTABLE } from "./restart-times.ts";
import type { Run, Scenario } from "./scenario.ts";

const MB = 1e6;
const SEGMENT_BYTES = 16 * 1024 * 1024;
const POLL_MS = 20;
const DEADLINE_MS = 300_000;
/** No change for so long, many times what a segment takes, and nothing is left to do. */
const QUIET_MS = 3000;
/** The cleaner looks for work all the time, so that waiting for it is not measured. */
const SETTINGS = { "log.cleaner.backoff.ms": "10" };

/** Each key is written ten times on average, in random order: what remains lies in batches of which a part is dropped. */
const LOGS = [
  { size: "1 KB", recordBytes: 1000, recordsPerBatch: 16, records: 1_000_000, keys: 100_000 },
  { size: "100 B", recordBytes: 80, recordsPerBatch: 160, records: 4_000_000, keys: 400_000 },
] as const;

export const compaction: Scenario = {
  name: "compaction",
  about: "compaction of a log in which each key was written ten times, records of 1 KB and of 100 B",
  contenders: RESTARTABLE,
  async measure(run) {
    for (const log of LOGS) {
      const broker = await run.launch({ settings: SETTINGS });
      await run.attempt(`compaction, records of ${log.size}`, () => compact(run, broker, log));
      await broker.end("killed");
    }
  },
};

async function compact(run: Run, broker: Contender, log: (typeof LOGS)[number]): Promise<void> {
  const topic = await broker.createTopic("compaction", { configs: { "segment.bytes": String(SEGMENT_BYTES) } });
  const { recordBytes, recordsPerBatch } = log;
  const records = run.scaled(log.records, recordsPerBatch);
  const order: CompactionOrder = {
    host: broker.host,
    port: broker.port,
    topic,
    recordBytes,
    recordsPerBatch,
    records,
    keys: run.scaled(log.keys),
  };
  const { bytes } = await resultOf<CompactionResult>("compaction-client.ts", order);
  await settle();
  const socket = await FrameSocket.connect(broker);
  try {
    const before = await sizeOf(socket, topic);
    // The active segment is left alone, and what remains of the rest has each key once at most.
    const most = SEGMENT_BYTES + (order.keys / records) * bytes * 1.02;
    if (before <= most) throw new Error("the log is too small to see that it was compacted");
    const cpuBefore = broker.cpuSeconds() ?? Number.NaN;
    const beganMs = performance.now();
    await makeEligible(socket, topic);
    const end = await untilCompacted(socket, broker, topic, most);
    const seconds = (end.atMs - beganMs) / 1000;
    const cpuSeconds = (end.cpuSeconds ?? Number.NaN) - cpuBefore;
    const label = `compaction, records of ${log.size}`;
    run.add(`${label}: log cleaned`, "MB/s", before / MB / seconds);
    run.add(`${label}: broker CPU for a GB`, "s", (cpuSeconds / before) * 1e9);
    run.add(`${label}: what remained`, "MB", end.sizeBytes / MB);
    run.add(`${label}: peak memory`, "MB", broker.memoryMb()?.peak);
  } finally {
    socket.close();
  }
}

async function makeEligible(socket: FrameSocket, topic: string): Promise<void> {
  const set = (name: string, value: string) => ({ name, configOperation: 0, value });
  const configs = [set("cleanup.policy", "compact"), set("min.cleanable.dirty.ratio", "0.01")];
  const resources = [{ resourceType: 2, resourceName: topic, configs }];
  const { responses } = await socket.call(messages.incrementalAlterConfigs, 1, { resources, validateOnly: false });
  if (responses[0]?.errorCode !== Errors.NONE) throw new Error(`the policy was not altered: ${errorName(responses[0]?.errorCode ?? -1)}`);
}

/** Cleaned segments take the place of the old ones one after the other: it is over with the last change. */
async function untilCompacted(socket: FrameSocket, broker: Contender, topic: string, most: number): Promise<Seen> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  const look = async (): Promise<Seen> => ({
    sizeBytes: await sizeOf(socket, topic),
    atMs: performance.now(),
    cpuSeconds: broker.cpuSeconds(),
  });
  for (let last = await look(); ; await pause(POLL_MS)) {
    const now = await look();
    if (now.sizeBytes !== last.sizeBytes) last = now;
    else if (now.sizeBytes <= most && now.atMs - last.atMs >= QUIET_MS) return last;
    if (now.atMs > deadlineMs) throw new Error(`${now.sizeBytes} bytes are left after ${DEADLINE_MS / 1000} s, more than ${most}`);
  }
}

interface Seen {
  readonly sizeBytes: number;
  readonly atMs: number;
  readonly cpuSeconds: number | undefined;
}

async function sizeOf(socket: FrameSocket, topic: string): Promise<number> {
  const { results } = await socket.call(messages.describeLogDirs, 3, { topics: [{ topic, partitions: [0] }] });
  return results
    .flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions))
    .reduce((sum, { partitionSize }) => sum + partitionSize, 0);
}
