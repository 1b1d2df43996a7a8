// A broker with many partitions: made, started with, started with after a crash.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Contender } from "./contender.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { RESTARTABLE, secondsSinceStart, until, untilPortAnswers } from "./restart-times.ts";
import type { Run, Scenario } from "./scenario.ts";

const TOPICS = 10;
const PARTITIONS_PER_TOPIC = 1000;
const PER_REQUEST = 250;
const LATEST = -1;

export const partitions: Scenario = {
  name: "partitions",
  about: "10,000 partitions: make them, start with them after a clean stop and after a kill",
  contenders: RESTARTABLE,
  mostRounds: 1,
  async measure(run) {
    const perTopic = run.scaled(PARTITIONS_PER_TOPIC);
    const label = `${(TOPICS * perTopic).toLocaleString("en")} partitions`;
    const broker = await run.launch();
    const topics = await create(run, broker, perTopic, label);
    const beganMs = performance.now();
    await produceToAll(broker, topics, perTopic);
    run.add(`${label}: a record to each`, "s", (performance.now() - beganMs) / 1000);
    run.add(`${label}: memory with a record in each`, "MB", broker.memoryMb()?.now);
    const stoppingMs = performance.now();
    await broker.end("clean");
    run.add(`${label}: clean stop`, "s", (performance.now() - stoppingMs) / 1000);

    const restarted = await startAgain(run, broker, topics, perTopic, `${label}: after a clean stop`);
    // Not checkpointed, so that there is something to recover.
    await produceToAll(restarted, topics, perTopic);
    await restarted.end("killed");
    const recovered = await startAgain(run, restarted, topics, perTopic, `${label}: after a kill`);
    run.add(`${label}: memory after that start`, "MB", recovered.memoryMb()?.now);
  },
};

async function create(run: Run, broker: Contender, perTopic: number, label: string): Promise<string[]> {
  const before = broker.cpuSeconds() ?? Number.NaN;
  const beganMs = performance.now();
  const topics: string[] = [];
  for (let topic = 0; topic < TOPICS; topic++) topics.push(await broker.createTopic(`partitions-${topic}`, { partitions: perTopic }));
  run.add(`${label}: create, until all answer`, "s", (performance.now() - beganMs) / 1000);
  run.add(`${label}: broker CPU for that`, "s", (broker.cpuSeconds() ?? Number.NaN) - before);
  return topics;
}

async function startAgain(run: Run, ended: Contender, topics: readonly string[], perTopic: number, label: string): Promise<Contender> {
  const broker = await run.launch({ ...(ended.folder === undefined ? {} : { folder: ended.folder }), isAwaited: false });
  await untilPortAnswers(broker);
  run.add(`${label}, process start to open port`, "s", secondsSinceStart(broker));
  await until(broker, (socket) => metadataFault(socket, topics, perTopic));
  run.add(`${label}, to metadata with all leaders`, "s", secondsSinceStart(broker));
  for (const topic of topics) await until(broker, (socket) => endFault(socket, topic, perTopic));
  run.add(`${label}, until all answer`, "s", secondsSinceStart(broker));
  run.add(`${label}, broker CPU until then`, "s", broker.cpuSeconds());
  return broker;
}

async function produceToAll(broker: Contender, topics: readonly string[], perTopic: number): Promise<void> {
  const records = buildBatch([{ key: null, value: Buffer.alloc(100, "x") }]).bytes;
  for (const name of topics) {
    for (let from = 0; from < perTopic; from += PER_REQUEST) {
      const indexes = Array.from({ length: Math.min(PER_REQUEST, perTopic - from) }, (_, index) => from + index);
      await until(broker, async (socket) => {
        const topicData = [{ name, partitionData: indexes.map((index) => ({ index, records })) }];
        const { responses } = await socket.call(messages.produce, 9, { acks: -1, timeoutMs: 30_000, topicData });
        return firstError(responses.flatMap(({ partitionResponses }) => partitionResponses));
      });
    }
  }
}

async function metadataFault(socket: FrameSocket, topics: readonly string[], perTopic: number): Promise<string | undefined> {
  const described = await socket.call(messages.metadata, 8, { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false });
  const found = described.topics.flatMap((topic) => topic.partitions);
  if (found.length !== topics.length * perTopic) return `${found.length} partitions are known`;
  return firstError(found);
}

/** Where the partition ends only its leader can say. */
async function endFault(socket: FrameSocket, name: string, perTopic: number): Promise<string | undefined> {
  const asked = Array.from({ length: perTopic }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  const listed = await socket.call(messages.listOffsets, 4, { replicaId: -1, topics: [{ name, partitions: asked }] });
  return firstError(listed.topics.flatMap((topic) => topic.partitions));
}

function firstError(answers: readonly { readonly errorCode: number }[]): string | undefined {
  const wrong = answers.find(({ errorCode }) => errorCode !== Errors.NONE);
  return wrong === undefined ? undefined : errorName(wrong.errorCode);
}
