// Many connections: what idle ones cost and whether they slow a busy one down, and how fast clients come back all at once.

import { ClientProcess, resultOf } from "./client-process.ts";
import type { BusyResult, ConnectedResult, ConnectionsOrder } from "./connections-client.ts";
import type { Contender } from "./contender.ts";
import { median } from "./figures.ts";
import { pause } from "./pause.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const IDLE = 10_000;
const BUSY = 1000;
const STORM = 300;
const STORMS = 5;
/** No further storm is begun after this time. */
const MOST_STORMING_MS = 20_000;
const WARM_UP_SECONDS = 5;
const SECONDS = 5;
const PARTITIONS = 16;
/** For what connecting left behind to be cleared away. */
const SETTLE_MS = 2000;
const PAUSE_BETWEEN_STORMS_MS = 500;

export const connections: Scenario = {
  name: "connections",
  about: "10,000 idle connections: memory for each, time to connect, and a busy connection beside them",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    const probe = orderOf(run, broker, { mode: "busy", count: 1, topic: await broker.createTopic("connections") });
    const alone = await busy(probe);
    run.add("round trip of one connection alone, p50", "ms", alone.p50Us / 1000);
    run.add("round trip of one connection alone, p99", "ms", alone.p99Us / 1000);
    const before = broker.memoryMb()?.now ?? Number.NaN;
    const count = run.scaled(IDLE);
    const label = `${count.toLocaleString("en")} idle connections`;
    const client = new ClientProcess<ConnectedResult>("connections-client.ts", orderOf(run, broker, { mode: "idle", count }));
    try {
      run.add(`${label}: connect and ask on each once`, "s", (await client.next()).seconds);
      await pause(SETTLE_MS);
      run.add(`${label}: memory for each`, "KB", (((broker.memoryMb()?.now ?? Number.NaN) - before) / count) * 1024);
      const beside = await busy(probe);
      run.add(`round trip beside ${label}, p50`, "ms", beside.p50Us / 1000);
      run.add(`round trip beside ${label}, p99`, "ms", beside.p99Us / 1000);
    } finally {
      await client.end();
    }
  },
};

export const storm: Scenario = {
  name: "reconnect-storm",
  about: "300 clients connect at one moment, while nobody is busy and while 1,000 connections are",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    const topic = await broker.createTopic("storm", { partitions: PARTITIONS });
    const order = orderOf(run, broker, { mode: "storm", count: run.scaled(STORM) });
    await resultOf<ConnectedResult>("connections-client.ts", order);
    const label = `${order.count} connections at once`;
    run.add(`${label}, nobody busy: last answer`, "ms", await stormMs(order));
    const count = run.scaled(BUSY);
    const client = new ClientProcess<unknown>(
      "connections-client.ts",
      orderOf(run, broker, { mode: "busy", count, topic, partitions: PARTITIONS }),
    );
    try {
      await client.next();
      const result = (await client.next()) as BusyResult;
      run.add(`${count.toLocaleString("en")} busy connections, a record in flight on each`, "requests/s", result.requests / result.seconds);
      run.add(`${label}, ${count.toLocaleString("en")} busy: last answer`, "ms", await stormMs(order));
    } finally {
      await client.end();
    }
  },
};

async function busy(order: ConnectionsOrder): Promise<BusyResult> {
  const client = new ClientProcess<unknown>("connections-client.ts", order);
  try {
    await client.next();
    return (await client.next()) as BusyResult;
  } finally {
    await client.end();
  }
}

async function stormMs(order: ConnectionsOrder): Promise<number> {
  const times: number[] = [];
  const beganMs = performance.now();
  while (times.length < STORMS && performance.now() - beganMs < MOST_STORMING_MS) {
    times.push((await resultOf<ConnectedResult>("connections-client.ts", order)).seconds * 1000);
    await pause(PAUSE_BETWEEN_STORMS_MS);
  }
  return median(times);
}

function orderOf(
  run: Run,
  { host, port }: Contender,
  own: Pick<ConnectionsOrder, "mode" | "count"> & Partial<ConnectionsOrder>,
): ConnectionsOrder {
  return { host, port, topic: "", partitions: 1, warmUpSeconds: WARM_UP_SECONDS, seconds: run.scaled(SECONDS), ...own };
}
