// Every scenario, in the order in which `npm run bench` takes them.

import { accessRules } from "./access-rules.ts";
import { assignors } from "./assignors.ts";
import { compaction } from "./compaction.ts";
import { connections, storm } from "./connections.ts";
import { consumerGroups, largeConsumerGroup } from "./consumer-groups.ts";
import { fetch, largeLog } from "./fetch.ts";
import { groups, rebalance } from "./groups.ts";
import { kafkajs } from "./kafkajs.ts";
import { endToEndTool, latency } from "./latency.ts";
import { logins } from "./logins.ts";
import { machines } from "./machines.ts";
import { machinesChanges } from "./machines-changes.ts";
import { machinesLatency } from "./machines-latency.ts";
import { partitions } from "./partitions.ts";
import { perfTools } from "./perf-tools.ts";
import { produce } from "./produce.ts";
import { restart, restartLarge } from "./restart.ts";
import { roundTrips } from "./round-trips.ts";
import type { Scenario } from "./scenario.ts";
import { sessions } from "./sessions.ts";
import { share } from "./share.ts";
import { start } from "./start.ts";
import { tls } from "./tls.ts";
import { workers } from "./workers.ts";

export const SCENARIOS: readonly Scenario[] = [
  start,
  kafkajs,
  perfTools,
  produce,
  fetch,
  roundTrips,
  latency,
  endToEndTool,
  sessions,
  groups,
  rebalance,
  consumerGroups,
  largeConsumerGroup,
  share,
  connections,
  storm,
  tls,
  logins,
  accessRules,
  partitions,
  restart,
  compaction,
  assignors,
  workers,
  machines,
  machinesLatency,
  machinesChanges,
  largeLog,
  restartLarge,
];
