// Starting again on a large log: after a clean stop, and after a kill, when what was not yet known to be whole is read again.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Contender } from "./contender.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { replay, settle, targetOf } from "./replay-order.ts";
import { RESTARTABLE, secondsSinceStart, until, untilPortAnswers } from "./restart-times.ts";
import type { Run, Scenario } from "./scenario.ts";

const PARTITIONS = 4;
const RECORD_BYTES = 1000;
const RECORDS_PER_BATCH = 16;
const WINDOW = 16;
const GB = 1e9;
const LATEST = -1;

export const restart = restartWith(2);
export const restartLarge: Scenario = { ...restartWith(10), isHeavy: true, mostRounds: 1 };

/** The log is spread over four partitions, in batches of 16 KB. */
function restartWith(gigabytes: number): Scenario {
  return {
    name: `restart-${gigabytes}gb`,
    about: `start with a log of ${gigabytes} GB after a clean stop and after a kill, until the last record is read and one appended`,
    contenders: RESTARTABLE,
    async measure(run) {
      const label = `log of ${gigabytes} GB`;
      const broker = await run.launch();
      const topic = await fill(run, broker, gigabytes * GB);
      await broker.end("killed");
      const recovered = await startAgain(run, broker, topic, `${label}, after a kill`);
      const stoppingMs = performance.now();
      await recovered.end("clean");
      run.add(`${label}: clean stop`, "s", (performance.now() - stoppingMs) / 1000);
      await startAgain(run, recovered, topic, `${label}, after a clean stop`);
    },
  };
}

/** Gives the topic right after its last batch was appended. */
async function fill(run: Run, broker: Contender, bytes: number): Promise<string> {
  await settle();
  const topic = await broker.createTopic("restart", { partitions: PARTITIONS });
  await replay({
    ...targetOf(broker),
    mode: "produce",
    topic,
    partitions: PARTITIONS,
    connections: PARTITIONS,
    acks: -1,
    recordBytes: RECORD_BYTES,
    recordsPerBatch: RECORDS_PER_BATCH,
    window: WINDOW,
    requests: run.scaled(bytes / (RECORD_BYTES * RECORDS_PER_BATCH), PARTITIONS * WINDOW),
    mostSeconds: Number.MAX_SAFE_INTEGER,
  });
  return topic;
}

async function startAgain(run: Run, ended: Contender, topic: string, label: string): Promise<Contender> {
  const broker = await run.launch({ ...(ended.folder === undefined ? {} : { folder: ended.folder }), isAwaited: false });
  await untilPortAnswers(broker);
  run.add(`${label}: process start to open port`, "s", secondsSinceStart(broker));
  await until(broker, (socket) => lastRecordFault(socket, topic));
  run.add(`${label}: to the last record of each partition read`, "s", secondsSinceStart(broker));
  await until(broker, (socket) => appendFault(socket, topic));
  run.add(`${label}: to a record appended to each`, "s", secondsSinceStart(broker));
  run.add(`${label}: broker CPU until then`, "s", broker.cpuSeconds());
  run.add(`${label}: peak memory until then`, "MB", broker.memoryMb()?.peak);
  return broker;
}

/** Fetches the batch that ends each partition, and looks whether its checksum holds. */
async function lastRecordFault(socket: FrameSocket, name: string): Promise<string | undefined> {
  const asked = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  const listed = await socket.call(messages.listOffsets, 4, { replicaId: -1, topics: [{ name, partitions: asked }] });
  for (const { partitionIndex, errorCode, offset } of listed.topics[0]?.partitions ?? []) {
    if (errorCode !== Errors.NONE) return errorName(errorCode);
    const partitions = [{ partition: partitionIndex, fetchOffset: offset - 1, partitionMaxBytes: 1024 * 1024 }];
    const { responses } = await socket.call(messages.fetch, 11, { maxWaitMs: 0, minBytes: 0, topics: [{ topic: name, partitions }] });
    const answer = responses[0]?.partitions[0];
    if (answer?.errorCode !== Errors.NONE) return errorName(answer?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR);
    const last = [...batchesOf(answer.records ?? Buffer.alloc(0))].at(-1);
    if (last?.nextOffset !== offset || !last.isCrcValid()) throw new Error(`partition ${partitionIndex} does not end with a whole batch`);
  }
  return undefined;
}

async function appendFault(socket: FrameSocket, name: string): Promise<string | undefined> {
  const records = buildBatch([{ key: null, value: Buffer.alloc(100, "x") }]).bytes;
  const partitionData = Array.from({ length: PARTITIONS }, (_, index) => ({ index, records }));
  const { responses } = await socket.call(messages.produce, 9, { acks: -1, timeoutMs: 30_000, topicData: [{ name, partitionData }] });
  const wrong = responses[0]?.partitionResponses.find(({ errorCode }) => errorCode !== Errors.NONE);
  return wrong === undefined ? undefined : errorName(wrong.errorCode);
}
