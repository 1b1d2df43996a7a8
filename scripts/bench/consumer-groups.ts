// What the coordinator of consumer groups (KIP-848) takes: many small groups, and a large one on many partitions. Settings are the
// defaults, intervals of heartbeats and of assignments among them, so that what is seen is what clients see.

import { ClientProcess, resultOf } from "./client-process.ts";
import type { ConsumerGroupsOrder, FullSpeedResult, HeartbeatsResult, StableResult } from "./consumer-groups-client.ts";
import type { Contender } from "./contender.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const GROUPS = 1000;
const MEMBERS_PER_GROUP = 3;
const PARTITIONS = 6;
const WARM_UP_SECONDS = 6;
const SECONDS = 6;
/** As a few hundred processes would have them. */
const CONNECTIONS = 100;

const LARGE_GROUP = 1000;
const TOPICS = 100;
const PARTITIONS_PER_TOPIC = 100;
const TOPICS_AT_ONCE = 25;

/** `group.consumer.heartbeat.interval.ms` */
const HEARTBEAT_INTERVAL_MS = 5000;

export const consumerGroups: Scenario = {
  name: "consumer-groups",
  about: "1,000 consumer groups of 3 members: until all are stable, heartbeats at full speed and by the interval",
  contenders: [...BROKERS, "sink"],
  async measure(run) {
    const broker = await run.launch();
    const topic = await broker.createTopic("consumer-groups", { partitions: PARTITIONS });
    const shape = { groups: run.scaled(GROUPS), membersPerGroup: MEMBERS_PER_GROUP, topics: [topic], partitionsPerTopic: PARTITIONS };
    if (run.contender === "sink") {
      addFullSpeed(
        run,
        await resultOf<FullSpeedResult>("consumer-groups-client.ts", orderOf(run, broker, { mode: "full-speed", ...shape })),
      );
      return;
    }
    const client = new ClientProcess<unknown>("consumer-groups-client.ts", orderOf(run, broker, { mode: "many", ...shape }));
    try {
      await measureMany(run, broker, client);
    } finally {
      await client.end();
    }
  },
};

async function measureMany(run: Run, broker: Contender, client: ClientProcess<unknown>): Promise<void> {
  const label = `${run.scaled(GROUPS).toLocaleString("en")} consumer groups of ${MEMBERS_PER_GROUP}`;
  await client.next();
  const cpu = cpuWatch(broker);
  const { seconds, heartbeats } = (await client.next()) as StableResult;
  run.add(`${label}: first join to all stable`, "s", seconds);
  run.add(`${label}: broker CPU until all were stable`, "s", cpu.seconds());
  run.add(`${label}: heartbeats until all were stable`, "", heartbeats);
  await client.next();
  cpu.begin();
  const result = (await client.next()) as FullSpeedResult;
  const cpuSeconds = cpu.seconds();
  addFullSpeed(run, result);
  run.add("broker CPU for 100,000 heartbeats", "s", (cpuSeconds / result.heartbeats) * 1e5);
  await client.next();
  cpu.begin();
  const rhythm = (await client.next()) as HeartbeatsResult;
  const interval = `every ${HEARTBEAT_INTERVAL_MS / 1000} s`;
  run.add(`${label}: broker CPU while members heartbeat ${interval}`, "% of a core", (cpu.seconds() / rhythm.seconds) * 100);
  run.add(`${label}: peak memory`, "MB", broker.memoryMb()?.peak);
}

function addFullSpeed(run: Run, { heartbeats, seconds, p50Us, p99Us, clientShare }: FullSpeedResult): void {
  run.add("heartbeats of consumer groups", "1/s", heartbeats / seconds);
  run.add("heartbeats of consumer groups: answer, p50", "ms", p50Us / 1000);
  run.add("heartbeats of consumer groups: answer, p99", "ms", p99Us / 1000);
  run.add("heartbeats of consumer groups: CPU of the load generator for 100,000", "s", ((clientShare * seconds) / heartbeats) * 1e5);
}

export const largeConsumerGroup: Scenario = {
  name: "large-consumer-group",
  about: "a consumer group of 1,000 members on 10,000 partitions: until it is stable, after one has left, after one has joined",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    const topics = await createTopics(run, broker);
    const membersPerGroup = run.scaled(LARGE_GROUP, 3);
    const shape = { groups: 1, membersPerGroup, topics, partitionsPerTopic: PARTITIONS_PER_TOPIC };
    const client = new ClientProcess<StableResult>("consumer-groups-client.ts", orderOf(run, broker, { mode: "large", ...shape }));
    const label = `a consumer group of ${membersPerGroup.toLocaleString("en")}`;
    const cpu = cpuWatch(broker);
    try {
      for (const part of ["first join to stable", "one leaves, until stable", "one joins, until stable"]) {
        const { seconds, heartbeats } = await client.next();
        run.add(`${label}: ${part}`, "s", seconds);
        run.add(`${label}: ${part}: heartbeats`, "", heartbeats);
      }
    } finally {
      await client.end();
    }
    run.add(`${label}: broker CPU for all of that`, "s", cpu.seconds());
    run.add(`${label}: peak memory`, "MB", broker.memoryMb()?.peak);
  },
};

/** Apache Kafka takes long to make more at once. */
async function createTopics(run: Run, broker: Contender): Promise<string[]> {
  const names = Array.from({ length: run.scaled(TOPICS) }, (_, index) => `large-${index}`);
  const topics: string[] = [];
  for (let from = 0; from < names.length; from += TOPICS_AT_ONCE) {
    const some = names.slice(from, from + TOPICS_AT_ONCE);
    topics.push(...(await Promise.all(some.map((name) => broker.createTopic(name, { partitions: PARTITIONS_PER_TOPIC })))));
  }
  return topics;
}

function orderOf(
  run: Run,
  { host, port }: Contender,
  shape: Pick<ConsumerGroupsOrder, "mode" | "groups" | "membersPerGroup" | "topics" | "partitionsPerTopic">,
): ConsumerGroupsOrder {
  return {
    host,
    port,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    connections: CONNECTIONS,
    warmUpSeconds: run.scaled(WARM_UP_SECONDS),
    seconds: run.scaled(SECONDS),
    ...shape,
  };
}

/** CPU seconds of the broker since it was made, or began anew; NaN where that cannot be known. */
function cpuWatch(broker: Contender) {
  const now = () => broker.cpuSeconds() ?? Number.NaN;
  let before = now();
  return {
    begin: () => {
      before = now();
    },
    seconds: () => now() - before,
  };
}
