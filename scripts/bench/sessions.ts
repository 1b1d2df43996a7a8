// What a record costs a consumer of many partitions, of which one at a time has something new.

import { ClientProcess } from "./client-process.ts";
import type { Contender } from "./contender.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";
import type { SessionsOrder, SessionsResult } from "./sessions-client.ts";

const PARTITIONS = [100, 1000, 5000];
/** Apache Kafka takes long to make more at once. */
const MOST_PER_TOPIC = 1000;
const WARM_UP_SECONDS = 5;
const SECONDS = 5;

export const sessions: Scenario = {
  name: "sessions",
  about: "a record at a time for a fetch session of 100, 1,000 and 5,000 partitions: CPU and latency",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    for (const partitions of PARTITIONS) await measureSession(run, broker, run.scaled(partitions));
  },
};

async function measureSession(run: Run, broker: Contender, partitions: number): Promise<void> {
  const perTopic = Math.min(partitions, MOST_PER_TOPIC);
  const topics: string[] = [];
  for (let topic = 0; topic * perTopic < partitions; topic++)
    topics.push(await broker.createTopic(`sessions-${partitions}-${topic}`, { partitions: perTopic }));
  const label = `a session of ${partitions.toLocaleString("en")} partitions`;
  const { host, port } = broker;
  const order: SessionsOrder = { host, port, topics, perTopic, warmUpSeconds: WARM_UP_SECONDS, seconds: run.scaled(SECONDS) };
  const client = new ClientProcess<unknown>("sessions-client.ts", order);
  try {
    await client.next();
    const before = broker.cpuSeconds() ?? Number.NaN;
    const result = (await client.next()) as SessionsResult;
    const cpuSeconds = (broker.cpuSeconds() ?? Number.NaN) - before;
    run.add(`${label}: broker CPU for a record, produced and consumed`, "ms", (cpuSeconds / result.records) * 1000);
    run.add(`${label}: from producer to consumer, p50`, "ms", result.p50Us / 1000);
    run.add(`${label}: from producer to consumer, p99`, "ms", result.p99Us / 1000);
  } finally {
    await client.end();
  }
}
