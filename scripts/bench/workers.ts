// All cores: two load generators, each with a topic of its own, against one thread and against two. On as many cores as there are
// processes in it, what a second thread adds shows in the CPU of the broker rather than in the rate.

import type { Contender } from "./contender.ts";
import { FrameSocket } from "./frame-socket.ts";
import { brokersOf, createLedTopic } from "./led-topic.ts";
import { type ReplayResult, replay, settle } from "./replay-order.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const MB = 1e6;
const CLIENTS = 2;
const PARTITIONS = 4;
const REQUESTS = 60_000;
const MOST_SECONDS = 4;
const SHAPE = { recordBytes: 1024, recordsPerBatch: 16, window: 16, connections: 2, partitions: PARTITIONS, acks: -1 } as const;

export const workers: Scenario = {
  name: "workers",
  about: "produce of 16 KB batches from two processes, each to a topic of its own, with --workers 1 and 2",
  contenders: BROKERS,
  async measure(run) {
    // Apache Kafka uses all cores as it is: its figures stand beside both.
    for (const count of [1, 2]) {
      const broker = await run.launch({ odradekArguments: ["--workers", String(count)] });
      await run.attempt(`two producers, ${count} workers`, () => produce(run, broker, count));
      await broker.end("killed");
    }
  },
};

async function produce(run: Run, broker: Contender, count: number): Promise<void> {
  const topics = await topicsOnEveryThread(broker, count);
  const all = (requests: number) => Promise.all(topics.map((topic) => replayTo(topic, requests)));
  await all(run.scaled(REQUESTS / 4));
  await settle();
  const before = broker.cpuSeconds() ?? Number.NaN;
  const results = await all(run.scaled(REQUESTS));
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const label = `two producers, ${count} ${count === 1 ? "worker" : "workers"}`;
  run.add(label, "MB/s", bytes / MB / Math.max(...results.map(({ seconds }) => seconds)));
  run.add(`${label}: broker CPU for a GB`, "s", (((broker.cpuSeconds() ?? Number.NaN) - before) / bytes) * 1e9);
}

interface TopicPlace {
  readonly topic: string;
  readonly host: string;
  readonly port: number;
}

/** A topic for each load generator, led by one broker of the cluster each. */
async function topicsOnEveryThread({ name: contender, host, port }: Contender, count: number): Promise<TopicPlace[]> {
  const socket = await FrameSocket.connect({ host, port });
  try {
    const brokers = await brokersOf(socket, contender === "odradek" ? count : 1);
    const places: TopicPlace[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      const broker = brokers[index % brokers.length];
      if (broker === undefined) throw new Error("the cluster has no brokers");
      const name = `workers-${index}`;
      await createLedTopic(socket, name, PARTITIONS, [broker.nodeId]);
      places.push({ topic: name, host, port: broker.port });
    }
    await new Promise((done) => setTimeout(done, 1000));
    return places;
  } finally {
    socket.close();
  }
}

function replayTo(place: TopicPlace, requests: number): Promise<ReplayResult> {
  return replay({ mode: "produce", ...place, ...SHAPE, requests, mostSeconds: MOST_SECONDS });
}
