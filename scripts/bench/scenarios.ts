// Every scenario, in the order in which `npm run bench` takes them.

import { fetch, largeLog } from "./fetch.ts";
import { groups, rebalance } from "./groups.ts";
import { kafkajs } from "./kafkajs.ts";
import { endToEndTool, latency } from "./latency.ts";
import { perfTools } from "./perf-tools.ts";
import { produce } from "./produce.ts";
import { roundTrips } from "./round-trips.ts";
import type { Scenario } from "./scenario.ts";
import { start } from "./start.ts";

export const SCENARIOS: readonly Scenario[] = [
  start,
  kafkajs,
  perfTools,
  produce,
  fetch,
  roundTrips,
  latency,
  endToEndTool,
  groups,
  rebalance,
  largeLog,
];
