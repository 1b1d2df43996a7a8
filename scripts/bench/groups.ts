// What the group coordinator takes: many small groups that heartbeat and commit, and a rebalance of a large one.

import { ClientProcess, resultOf } from "./client-process.ts";
import type { FormedResult, GroupsOrder, RebalanceResult, SteadyResult } from "./groups-client.ts";
import { BROKERS, type Scenario } from "./scenario.ts";

const GROUPS = 1000;
const MEMBERS_PER_GROUP = 3;
const WARM_UP_SECONDS = 5;
const SECONDS = 10;
const LARGE_GROUP = 500;

export const groups: Scenario = {
  name: "groups",
  about: "1,000 groups of 3 members: forming them, then heartbeats and commits at full speed",
  contenders: BROKERS,
  async measure(run) {
    const broker = await run.launch();
    const { host, port } = broker;
    const topic = await broker.createTopic("groups");
    const order: GroupsOrder = {
      mode: "steady",
      host,
      port,
      topic,
      groups: run.scaled(GROUPS),
      membersPerGroup: MEMBERS_PER_GROUP,
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: run.scaled(SECONDS),
    };
    const label = `${order.groups.toLocaleString("en")} groups of ${MEMBERS_PER_GROUP}`;
    const client = new ClientProcess<unknown>("groups-client.ts", order);
    try {
      run.add(`${label}: all formed`, "s", ((await client.next()) as FormedResult).formedSeconds);
      await client.next();
      const before = broker.cpuSeconds() ?? Number.NaN;
      const result = (await client.next()) as SteadyResult;
      const cpuSeconds = (broker.cpuSeconds() ?? Number.NaN) - before;
      run.add(`${label}: heartbeats and commits`, "requests/s", result.requests / result.seconds);
      run.add("broker CPU for a million heartbeats and commits", "s", (cpuSeconds / result.requests) * 1e6);
      run.add(`${label}: answer, p50`, "ms", result.p50Us / 1000);
      run.add(`${label}: answer, p99`, "ms", result.p99Us / 1000);
      run.add(`${label}: peak memory`, "MB", broker.memoryMb()?.peak);
    } finally {
      await client.end();
    }
  },
};

export const rebalance: Scenario = {
  name: "rebalance",
  about: "a group of 500 members forms, and one leaves",
  contenders: BROKERS,
  async measure(run) {
    const { host, port, ...broker } = await run.launch();
    const membersPerGroup = run.scaled(LARGE_GROUP, 2);
    const order: GroupsOrder = { mode: "rebalance", host, port, topic: "", groups: 1, membersPerGroup, warmUpSeconds: 0, seconds: 0 };
    const before = broker.cpuSeconds() ?? Number.NaN;
    const result = await resultOf<RebalanceResult>("groups-client.ts", order);
    const label = `a group of ${membersPerGroup}`;
    run.add(`${label}: first join to all synced`, "s", result.formedSeconds);
    run.add(`${label}: one leaves, until the others synced again`, "s", result.leftSeconds);
    run.add(`broker CPU for both, ${label}`, "s", (broker.cpuSeconds() ?? Number.NaN) - before);
  },
};
