// Every scenario, in the order in which `npm run bench` takes them.

import { kafkajs } from "./kafkajs.ts";
import { perfTools } from "./perf-tools.ts";
import { produce } from "./produce.ts";
import type { Scenario } from "./scenario.ts";
import { start } from "./start.ts";

export const SCENARIOS: readonly Scenario[] = [start, kafkajs, perfTools, produce];
